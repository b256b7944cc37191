using Llama.Engine;
using Llama.Engine.Summaries;

namespace Llama.Cli.Matrix;

/// <summary>
/// Makes a matrix of reports: those of the last intervals, from any number of collectors, merged pair by pair. A pair goes by
/// its tags (src_shortname, src_name; dst_shortname, dst_name) and by address and host where it has none. Belongs to one caller.
/// </summary>
/// <param name="intervals">How many intervals the matrix spans.</param>
internal sealed class MatrixWindow(int intervals)
{
    private static readonly string[] SourceTags = ["src_shortname", "src_name"];
    private static readonly string[] DestinationTags = ["dst_shortname", "dst_name"];

    private readonly SortedList<DateTimeOffset, List<IntervalReport>> _reports = [];

    /// <summary>End of the newest interval; null before the first report.</summary>
    public DateTimeOffset? Newest => _reports.Count == 0 ? null : _reports.GetKeyAtIndex(_reports.Count - 1);

    /// <summary>How many reports of the newest interval there are.</summary>
    public int NewestCount => _reports.Count == 0 ? 0 : _reports.GetValueAtIndex(_reports.Count - 1).Count;

    /// <summary>Takes a report; the oldest interval falls out when there are too many.</summary>
    public void Add(IntervalReport report)
    {
        if (!_reports.TryGetValue(report.End, out List<IntervalReport>? sameInterval)) _reports.Add(report.End, sameInterval = []);
        sameInterval.Add(report);
        while (_reports.Count > intervals) _reports.RemoveAt(0);
    }

    /// <summary>The matrix now; null before the first report.</summary>
    public MatrixSnapshot? Snapshot()
    {
        if (Newest is not { } newest) return null;
        var pairs = new Dictionary<(string Source, string Destination), List<Sample>>();
        foreach ((DateTimeOffset end, List<IntervalReport> reports) in _reports)
        {
            foreach (IntervalReport report in reports)
            {
                bool suspect = report.Health.Suspect.Count > 0;
                foreach (Summary summary in report.Summaries)
                {
                    (string, string) key = (SourceOf(summary), DestinationOf(summary.Target));
                    if (!pairs.TryGetValue(key, out List<Sample>? samples)) pairs.Add(key, samples = []);
                    samples.Add(new Sample(end, summary, suspect));
                }
            }
        }

        List<IntervalReport> last = _reports[newest];
        string[] sources = [.. pairs.Keys.Select(pair => pair.Source).Distinct().Order(StringComparer.Ordinal)];
        string[] destinations = [.. pairs.Keys.Select(pair => pair.Destination).Distinct().Order(StringComparer.Ordinal)];
        return new MatrixSnapshot
        {
            Start = _reports.GetValueAtIndex(0).Min(report => report.Start),
            End = newest,
            Sources = sources,
            Destinations = destinations,
            Rows = [.. sources.Select(source => destinations.Select(destination => Merge(pairs.GetValueOrDefault((source, destination)), newest)).ToArray())],
            Suspects = last
                .SelectMany(report => report.Summaries.Select(SourceOf).Distinct().Select(source => (Source: source, report.Health.Suspect)))
                .GroupBy(each => each.Source)
                .Select(group => (Source: group.Key, Reasons: group.SelectMany(each => each.Suspect).Distinct().Order().ToList()))
                .Where(each => each.Reasons.Count > 0)
                .ToDictionary(each => each.Source, IReadOnlyList<SuspectReason> (each) => each.Reasons),
            DatagramsPerSecond = last.Sum(report => report.Summaries.Sum(summary => summary.Counts.Sent) / Seconds(report)),
        };
    }

    private PairCell? Merge(List<Sample>? samples, DateTimeOffset newest) => samples is null ? null : new PairCell
    {
        Sent = samples.Sum(sample => sample.Summary.Counts.Sent),
        Lost = samples.Sum(sample => sample.Summary.Counts.Lost),
        LostForward = samples.Sum(sample => Known(sample.Summary, counts => counts.LostForward)),
        LostReverse = samples.Sum(sample => Known(sample.Summary, counts => counts.LostReverse)),
        MedianNanos = samples.Aggregate(LatencyHistogram.Empty, (merged, sample) => merged.Merge(sample.Summary.Rtt)).Percentile(0.5),
        Flows = [.. samples
            .SelectMany(sample => sample.Summary.Flows)
            .GroupBy(flow => flow.SourcePort)
            .Select(flows => new FlowLoss(flows.Key, flows.Sum(flow => flow.Counts.Sent), flows.Sum(flow => flow.Counts.Lost)))
            .OrderBy(flow => flow.SourcePort)],
        Trend = [.. _reports.Keys.Select(end => LossRatio(samples.Where(sample => sample.End == end)))],
        IsSuspect = samples.Any(sample => sample.End == newest && sample.IsSuspect),
    };

    // A pair tells no direction when one of its flows can't; the other flows still do.
    private static long Known(Summary summary, Func<DatagramCounts, long?> direction) =>
        direction(summary.Counts) ?? summary.Flows.Sum(flow => direction(flow.Counts) ?? 0);

    private static double? LossRatio(IEnumerable<Sample> samples)
    {
        long sent = 0, lost = 0;
        foreach (Sample sample in samples)
        {
            sent += sample.Summary.Counts.Sent;
            lost += sample.Summary.Counts.Lost;
        }

        return sent == 0 ? null : (double)lost / sent;
    }

    private static double Seconds(IntervalReport report) => Math.Max(0.001, (report.End - report.Start).TotalSeconds);

    private static string SourceOf(Summary summary) => Tag(summary.Target, SourceTags) ?? summary.Source.ToString();

    private static string DestinationOf(Target target) => Tag(target, DestinationTags) ?? target.Host;

    private static string? Tag(Target target, string[] keys)
    {
        foreach (string key in keys)
        {
            if (target.Tags.TryGetValue(key, out string? value) && value.Length > 0) return value;
        }

        return null;
    }

    private readonly record struct Sample(DateTimeOffset End, Summary Summary, bool IsSuspect);
}
