namespace Llama.Storage.Spooling;

/// <summary>How far behind a reader is.</summary>
/// <param name="WaitingRecords">Records it has not acknowledged.</param>
/// <param name="WaitingBytes">The octets they take on disk.</param>
/// <param name="OldestAge">How long the oldest of them has waited, by the wall clock; zero when none waits.</param>
/// <param name="DroppedRecords">Since the spool was opened: records that it can never have, dropped by the limits or damaged.</param>
public readonly record struct SpoolState(long WaitingRecords, long WaitingBytes, TimeSpan OldestAge, long DroppedRecords);
