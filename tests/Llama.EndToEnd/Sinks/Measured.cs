using System.Text;
using Llama.Engine.Summaries;
using Llama.Server.Sinks.Records;

namespace Llama.EndToEnd.Sinks;

/// <summary>Intervals of a small mesh with numbers that tell which pair and interval they are of.</summary>
internal static class Measured
{
    public const int Pairs = 20, IntervalSeconds = 10;

    /// <summary>The end of an interval: recent, so that no database has dropped it, and whole.</summary>
    public static DateTimeOffset End(int interval) => Beginning.AddSeconds(IntervalSeconds * (interval + 1));

    /// <summary>How many datagrams a pair sent.</summary>
    public static long Sent(int interval, int pair) => 1_000 + 100 * interval + pair;

    public static long Lost(int interval, int pair) => (interval + pair) % 7;

    public static long RttNanos(int interval, int pair) => 200_000 + 1_001 * pair + 17 * interval;

    /// <summary>The tag of a pair: of all that line protocol has to escape.</summary>
    public static string Name(int pair) => $"b {pair},=\\x\"Zürich";

    /// <summary>A report of all pairs, with so many flows for each.</summary>
    public static ReadOnlyMemory<byte> Record(int interval, int flows = 0, long? late = null)
    {
        var writer = new ReportWriter();
        writer.Begin(End(interval).AddSeconds(-IntervalSeconds), End(interval), RecordFlags.None, "default/a"u8);
        writer.AddTag("region", "west");
        writer.EndOriginTags();
        for (int pair = 0; pair < Pairs; pair++)
        {
            Measures measures = default;
            measures[Measure.Sent] = Sent(interval, pair);
            measures[Measure.Lost] = Lost(interval, pair);
            measures[Measure.Received] = Sent(interval, pair) - Lost(interval, pair);
            measures[Measure.RttMean] = RttNanos(interval, pair);
            Measures withLate = measures;
            withLate[Measure.Late] = late;
            writer.BeginPair("10.0.0.1"u8, "b.example"u8, Encoding.UTF8.GetBytes($"10.0.1.{pair}"), 8100, 184);
            writer.AddTag("dst_name", Name(pair));
            writer.EndPair(withLate, [new LatencyBucket(LogLinear.IndexOf(RttNanos(interval, pair)), 1)]);
            for (int flow = 0; flow < flows; flow++) writer.AddFlow(50_000 + flow, measures);
        }

        return writer.Record.ToArray();
    }

    private static DateTimeOffset Beginning { get; } =
        DateTimeOffset.FromUnixTimeSeconds(DateTimeOffset.UtcNow.AddHours(-1).ToUnixTimeSeconds() / 3600 * 3600);
}
