using System.Text;
using Llama.Engine.Summaries;
using Llama.Server.Sinks.Records;

namespace Llama.Server.Intake;

/// <summary>Makes the record that sinks read of a report that came as JSON. Pure, save for the writer; any thread may call it.</summary>
internal static class PushedRecord
{
    private const double MostNanos = 1e18;

    /// <summary>Writes a record.</summary>
    /// <param name="writer">Has the record afterwards.</param>
    /// <param name="report">What was measured.</param>
    /// <param name="origin">Who measured it.</param>
    /// <param name="tags">The tags of who measured it.</param>
    public static void Write(ReportWriter writer, PushedReport report, string origin, IEnumerable<KeyValuePair<string, string>> tags)
    {
        writer.Begin(report.Start, report.End, report.IsSuspect ? RecordFlags.Suspect : RecordFlags.None, Encoding.UTF8.GetBytes(origin));
        foreach ((string key, string value) in tags) writer.AddTag(key, value);
        writer.EndOriginTags();
        foreach (ref readonly PushedPair pair in report.Pairs) Write(writer, report, pair);
    }

    private static void Write(ReportWriter writer, PushedReport report, in PushedPair pair)
    {
        Span<byte> source = stackalloc byte[MostOctets(pair.Source)], host = stackalloc byte[MostOctets(pair.Host)], address = stackalloc byte[MostOctets(pair.Address)];
        writer.BeginPair(Utf8(pair.Source, source), Utf8(pair.Host, host), Utf8(pair.Address, address), pair.Port, pair.Class);
        foreach (PlacedTag tag in report.Tags[pair.Tags]) writer.AddTag(report.Tags.Key(tag), report.Tags.Value(tag));
        writer.EndPair(MeasuresOf(pair), report.BucketsOf(pair));
        foreach (ref readonly PushedFlow flow in report.FlowsOf(pair)) writer.AddFlow(flow.SourcePort, MeasuresOf(flow));
    }

    // Names are bounded where they are read.
    private static int MostOctets(string? text) => 3 * (text?.Length ?? 0);

    private static ReadOnlySpan<byte> Utf8(string? text, Span<byte> room) => room[..Encoding.UTF8.GetBytes(text ?? "", room)];

    private static Measures MeasuresOf(in PushedPair pair)
    {
        Measures measures = default;
        Set(ref measures, pair.Counts, pair.Path);
        measures[Measure.RttCount] = pair.Rtt.Count;
        measures[Measure.RttSum] = pair.Rtt.Count > 0 ? pair.Rtt.SumNanos : null;
        Set(ref measures, pair.Rtt);
        measures[Measure.RttP50] = pair.Rtt.P50Nanos;
        measures[Measure.RttP90] = pair.Rtt.P90Nanos;
        measures[Measure.RttP99] = pair.Rtt.P99Nanos;
        measures[Measure.Jitter] = Whole(pair.JitterNanos);
        measures[Measure.DelayVariation] = pair.DelayVariationNanos;
        measures[Measure.ForwardDelayVariation] = pair.ForwardDelayVariationNanos;
        measures[Measure.ReverseDelayVariation] = pair.ReverseDelayVariationNanos;
        return measures;
    }

    private static Measures MeasuresOf(in PushedFlow flow)
    {
        Measures measures = default;
        Set(ref measures, flow.Counts, flow.Path);
        Set(ref measures, flow.Rtt);
        return measures;
    }

    private static void Set(ref Measures measures, in PushedRtt rtt)
    {
        measures[Measure.RttMin] = rtt.MinNanos;
        measures[Measure.RttMean] = Whole(rtt.MeanNanos);
        measures[Measure.RttMax] = rtt.MaxNanos;
    }

    private static void Set(ref Measures measures, in DatagramCounts counts, in PathMarks path)
    {
        measures[Measure.Sent] = counts.Sent;
        measures[Measure.Received] = counts.Received;
        measures[Measure.Lost] = counts.Lost;
        measures[Measure.LostForward] = counts.LostForward;
        measures[Measure.LostReverse] = counts.LostReverse;
        measures[Measure.Late] = counts.Late;
        measures[Measure.Duplicates] = counts.Duplicates;
        measures[Measure.Reordered] = counts.Reordered;
        measures[Measure.SendErrors] = counts.SendErrors;
        measures[Measure.ForwardTtl] = path.ForwardTtl;
        measures[Measure.ReverseTtl] = path.ReverseTtl;
        measures[Measure.ForwardTos] = path.ForwardTos;
        measures[Measure.ReverseTos] = path.ReverseTos;
        measures[Measure.ForwardRemarked] = path.ForwardRemarked;
        measures[Measure.ReverseRemarked] = path.ReverseRemarked;
        measures[Measure.ForwardTtlChanges] = path.ForwardTtlChanges;
    }

    private static long? Whole(double? value) => value is { } number ? (long)Math.Round(Math.Min(number, MostNanos)) : null;
}
