using System.Globalization;
using Llama.Engine.Summaries;
using Llama.Storage.History;

namespace Llama.Tests.Storage.History.Reading;

/// <summary>Answers written out line by line, to be compared.</summary>
internal static class Answers
{
    /// <summary>One line a point, in the order they came; what is exact is written exactly, and what is rounded in storage is left out.</summary>
    public static async Task<(List<string> Lines, HistoryAnswer Answer)> WriteAsync(
        Func<HistoryQuery, Action<HistorySeries>, CancellationToken, Task<HistoryAnswer>> ask, HistoryQuery query)
    {
        var lines = new List<string>();
        HistoryAnswer answer = await ask(query, series => lines.AddRange(series.Points.Select(point => Line(series, point))), CancellationToken.None);
        return (lines, answer);
    }

    /// <summary>What is rounded in storage, by point.</summary>
    public static async Task<Dictionary<string, double?[]>> RoundedAsync(
        Func<HistoryQuery, Action<HistorySeries>, CancellationToken, Task<HistoryAnswer>> ask, HistoryQuery query)
    {
        var values = new Dictionary<string, double?[]>();
        await ask(query, series =>
        {
            foreach (HistoryPoint point in series.Points)
                values.Add($"{series.Source} {series.Destination} {point.At:O}", [
                    point.Totals.JitterNanos,
                    point.Totals.ForwardDelayVariationNanos,
                    point.Totals.ReverseDelayVariationNanos,
                    .. point.Totals.Flows.ToArray().SelectMany(flow => new double?[] { flow.RttMinNanos, flow.RttMeanNanos }),
                ]);
        }, CancellationToken.None);
        return values;
    }

    /// <summary>The sources in the order they came, each as often as it began anew.</summary>
    public static async Task<List<string>> SourcesAsync(
        Func<HistoryQuery, Action<HistorySeries>, CancellationToken, Task<HistoryAnswer>> ask, HistoryQuery query)
    {
        var sources = new List<string>();
        await ask(query, series =>
        {
            if (sources.Count == 0 || sources[^1] != series.Source) sources.Add(series.Source);
        }, CancellationToken.None);
        return sources;
    }

    private static string Line(HistorySeries series, HistoryPoint point)
    {
        PairTotals totals = point.Totals;
        DatagramCounts counts = totals.Counts;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"""
            {series.Source}>{series.Destination} {point.At:O} {totals.Start:O}..{totals.End:O} {totals.Intervals}({totals.SuspectIntervals}) sent {counts.Sent} received {counts.Received} lost {counts.Lost} {counts.LostForward}+{counts.LostReverse} {counts.Late} {counts.Duplicates} {counts.Reordered} {counts.SendErrors} rtt {totals.RttCount} {totals.RttSumNanos} {totals.RttMinNanos}..{totals.RttMaxNanos} [{string.Join(' ', totals.Buckets.ToArray().Select(bucket => $"{bucket.Index}:{bucket.Count}"))}] {totals.JitterWeight} path {totals.Path.ForwardTtl} {totals.Path.ForwardRemarked} flows {string.Join(' ', totals.Flows.ToArray().Select(flow => $"{flow.SourcePort}:{flow.Sent}-{flow.Lost}({flow.LostForward}+{flow.LostReverse})"))}
            """);
    }
}
