using System.Globalization;
using System.Net;
using Llama.Engine;
using Llama.Engine.Summaries;
using Llama.Server.Metrics;

namespace Llama.Server.Collecting;

/// <summary>
/// All that the collector's API shows, as it was at one moment. Immutable, so answers need no lock and never mix two reports.
/// Moments are told as the age of the <see cref="CollectorState"/>.
/// </summary>
internal sealed class CollectorSnapshot
{
    private static readonly string Process = Guid.NewGuid().ToString("N", CultureInfo.InvariantCulture)[..8];

    private readonly long _reports;
    private readonly TargetTags _tags;
    private readonly Lazy<byte[]> _influxData;

    private CollectorSnapshot(ProbingPlan? plan, TargetTags tags, IntervalReport? report, TimeSpan? acceptedAt, long reports, CollectorTotals totals)
    {
        _reports = reports;
        _tags = tags;
        _influxData = new Lazy<byte[]>(() => InfluxPoints.Write(report, tags));
        Plan = plan;
        Report = report;
        AcceptedAt = acceptedAt;
        Totals = totals;
    }

    /// <summary>The beginning, with nothing to show.</summary>
    public static CollectorSnapshot Empty { get; } = new(null, TargetTags.None, null, null, 0, CollectorTotals.Zero);

    /// <summary>The plan in force, once there is one.</summary>
    public ProbingPlan? Plan { get; }

    /// <summary>The newest report, once there is one.</summary>
    public IntervalReport? Report { get; }

    /// <summary>When the newest report came.</summary>
    public TimeSpan? AcceptedAt { get; }

    /// <summary>Everything since the start.</summary>
    public CollectorTotals Totals { get; }

    /// <summary>The body of /influxdata.</summary>
    public ReadOnlyMemory<byte> InfluxData => _influxData.Value;

    /// <summary>Tells this report from every other, those before a restart included.</summary>
    public string ReportId => string.Create(CultureInfo.InvariantCulture, $"{Process}-{_reports}");

    /// <summary>Length of an interval.</summary>
    public TimeSpan Interval => Plan?.Interval ?? (Report is { } report ? report.End - report.Start : TimeSpan.Zero);

    /// <summary>The targets of the plan in force; one that is in several tests comes as often.</summary>
    public IEnumerable<Target> Targets => Plan is null ? [] : Plan.Tests.SelectMany(test => test.Targets);

    /// <summary>How long a target is remembered that has left the plan: its last results are out by then.</summary>
    private TimeSpan Retention => TimeSpan.FromTicks(Math.Max(TimeSpan.TicksPerHour, 2 * Interval.Ticks));

    /// <summary>The same with another plan in force.</summary>
    public CollectorSnapshot With(ProbingPlan plan, TimeSpan now) =>
        new(plan, _tags.With(plan, now, forgetBefore: now - Retention), Report, AcceptedAt, _reports, Totals);

    /// <summary>The same with a newer report.</summary>
    public CollectorSnapshot With(IntervalReport report, TimeSpan now)
    {
        HashSet<IPEndPoint> planned = [.. Targets.Select(target => target.EndPoint).OfType<IPEndPoint>().Select(AddressText.Canonical)];
        CollectorTotals totals = Totals.With(report, planned, now, forgetBefore: now - Retention);
        return new CollectorSnapshot(Plan, _tags, report, now, _reports + 1, totals);
    }
}
