using Llama.Engine;
using Llama.Engine.Summaries;

namespace Llama.Server.Collecting;

/// <summary>What the collector's HTTP API shows: the newest report and totals since the start. Any thread may call it.</summary>
public sealed class CollectorState
{
    /// <summary>Takes the plan in force. The Go-compatible answer shows its tags at once, by destination address, as Go does.</summary>
    public void Configure(ProbingPlan plan)
    {
    }

    /// <summary>Takes a report: it becomes the newest, and its counts are added to the totals.</summary>
    public void Accept(IntervalReport report)
    {
    }
}
