using Llama.Engine.Summaries;

namespace Llama.Server.Intake;

/// <summary>What a source told of itself in a report. Immutable.</summary>
/// <param name="Report">The report.</param>
/// <param name="Pairs">How many pairs and classes it had.</param>
/// <param name="Suspect">Why its collector does not trust it, as far as the reasons are known here.</param>
/// <param name="Collector">How well its collector did; null where it did not tell.</param>
internal sealed record SourceHealth(ReportMark Report, int Pairs, IReadOnlyList<SuspectReason> Suspect, CollectorHealth? Collector);
