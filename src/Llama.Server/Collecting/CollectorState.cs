using System.Globalization;
using Llama.Engine;
using Llama.Engine.Summaries;

namespace Llama.Server.Collecting;

/// <summary>What the collector's HTTP API shows: the newest report and totals since the start. Any thread may call it.</summary>
public sealed class CollectorState
{
    private readonly TimeProvider _time;
    private readonly long _started;
    private readonly Lock _writing = new();
    private volatile CollectorSnapshot _current = CollectorSnapshot.Empty;

    /// <summary>Nothing to show yet.</summary>
    /// <param name="time">What tells how old a report is; the machine's clock by default.</param>
    public CollectorState(TimeProvider? time = null)
    {
        _time = time ?? TimeProvider.System;
        _started = _time.GetTimestamp();
    }

    /// <summary>What there is to show now.</summary>
    internal CollectorSnapshot Current => _current;

    /// <summary>
    /// Why nobody should rely on what is shown: there is no report, or the newest is more than three intervals old. Null when
    /// all is well.
    /// </summary>
    internal string? Unreadiness
    {
        get
        {
            CollectorSnapshot current = _current;
            if (current.AcceptedAt is not { } accepted) return "no interval has been reported yet";
            TimeSpan age = Age - accepted;
            return age <= 3 * current.Interval
                ? null
                : string.Create(
                    CultureInfo.InvariantCulture,
                    $"the last interval was reported {age.TotalSeconds:F0} s ago, and one is due every {current.Interval.TotalSeconds:F0} s");
        }
    }

    /// <summary>Time since the construction, on a clock that nobody steps.</summary>
    private TimeSpan Age => _time.GetElapsedTime(_started);

    /// <summary>Takes the plan in force. The Go-compatible answer shows its tags at once, by destination address, as Go does.</summary>
    public void Configure(ProbingPlan plan)
    {
        lock (_writing) _current = _current.With(plan, Age);
    }

    /// <summary>Takes a report: it becomes the newest, and its counts are added to the totals.</summary>
    public void Accept(IntervalReport report)
    {
        lock (_writing) _current = _current.With(report, Age);
    }
}
