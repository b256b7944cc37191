using System.Globalization;
using System.Text;
using Llama.Engine.Summaries;
using Llama.Server.Sinks.Records;

namespace Llama.EndToEnd.Sinks;

/// <summary>Records as a probe's reports make them, with numbers that tell one from another.</summary>
internal static class SampleRecord
{
    public static readonly DateTimeOffset Start = new(2026, 11, 22, 3, 0, 0, TimeSpan.Zero);
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);

    /// <summary>The n-th interval of a probe that tests some others, with two flows for each.</summary>
    public static ReadOnlyMemory<byte> Of(int interval, int pairs = 3, string origin = "default/a", RecordFlags flags = RecordFlags.None)
    {
        var writer = new ReportWriter();
        DateTimeOffset start = Start + interval * Interval;
        writer.Begin(start, start + Interval, flags, Encoding.UTF8.GetBytes(origin));
        writer.AddTag("region", "west");
        writer.EndOriginTags();
        for (int pair = 0; pair < pairs; pair++)
        {
            int lost = pair % 10;
            string address = string.Create(CultureInfo.InvariantCulture, $"10.0.0.{2 + pair}");
            writer.BeginPair("10.0.0.1"u8, "b.example"u8, Encoding.UTF8.GetBytes(address), 8100, 184);
            writer.AddTag("dst_name", $"b{pair}");
            writer.AddTag("group", "default");
            writer.AddTag("src_name", "a");
            writer.EndPair(
                Numbers(30, lost, 1_000_000 + interval),
                [new LatencyBucket(LogLinear.IndexOf(1_000_000), 20), new LatencyBucket(LogLinear.IndexOf(2_000_000), 10 - lost)]);
            writer.AddFlow(50_000, Numbers(15, lost, 1_000_000));
            writer.AddFlow(50_001, Numbers(15, 0, 1_000_000));
        }

        return writer.Record.ToArray();
    }

    private static Measures Numbers(long sent, long lost, long rtt)
    {
        Measures measures = default;
        measures[Measure.Sent] = sent;
        measures[Measure.Received] = sent - lost;
        measures[Measure.Lost] = lost;
        measures[Measure.RttCount] = sent - lost;
        measures[Measure.RttMean] = rtt;
        return measures;
    }
}
