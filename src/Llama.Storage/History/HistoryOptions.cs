namespace Llama.Storage.History;

/// <summary>How a history is kept. Immutable.</summary>
public sealed record HistoryOptions
{
    /// <summary>How long each level is kept.</summary>
    public HistoryRetention Retention { get; init; } = new();

    /// <summary>Its clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Tells the operator what is well again; any thread.</summary>
    public Action<string> Inform { get; init; } = _ => { };

    /// <summary>Tells the operator what is wrong; any thread.</summary>
    public Action<string> Warn { get; init; } = _ => { };
}

/// <summary>How much a history keeps.</summary>
/// <param name="Path">Its file.</param>
/// <param name="FileBytes">Octets of the file and of those that belong to it.</param>
/// <param name="FreeBytes">Of these, octets of the file that wait to be used again.</param>
/// <param name="Reports">How many reports are known by their start.</param>
/// <param name="JournalReports">How many reports are in no level yet.</param>
/// <param name="JournalBytes">Their octets.</param>
/// <param name="Groups">How many groups there are.</param>
/// <param name="Sources">How many sources.</param>
/// <param name="Destinations">How many destinations.</param>
/// <param name="Levels">What each level holds, finest first.</param>
public sealed record HistoryStatistics(
    string Path,
    long FileBytes,
    long FreeBytes,
    long Reports,
    long JournalReports,
    long JournalBytes,
    int Groups,
    int Sources,
    int Destinations,
    IReadOnlyList<HistoryLevelStatistics> Levels);

/// <summary>What a level holds.</summary>
/// <param name="Level">The level.</param>
/// <param name="Points">How many summaries: points of pairs and classes.</param>
/// <param name="Bytes">Octets of the rows, with their keys.</param>
/// <param name="Oldest">Start of the oldest row; null when there is none.</param>
/// <param name="Newest">End of the newest row.</param>
public sealed record HistoryLevelStatistics(HistoryLevel Level, long Points, long Bytes, DateTimeOffset? Oldest, DateTimeOffset? Newest);
