using System.Text;
using Llama.Engine.Summaries;
using Llama.Server.Sinks.Records;

namespace Llama.Tests.Sinks;

/// <summary>Records for tests, and what stands in records.</summary>
internal static class Rows
{
    public static readonly DateTimeOffset Start = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);

    /// <summary>A record of 30 s.</summary>
    public static ReadOnlyMemory<byte> Record(
        Action<ReportWriter> rows, string origin = "default/a", (string, string)[]? tags = null, RecordFlags flags = default, DateTimeOffset? start = null, double seconds = 30)
    {
        var writer = new ReportWriter();
        DateTimeOffset from = start ?? Start;
        writer.Begin(from, from.AddSeconds(seconds), flags, Encoding.UTF8.GetBytes(origin));
        foreach ((string key, string value) in tags ?? []) writer.AddTag(key, value);
        writer.EndOriginTags();
        rows(writer);
        return writer.Record.ToArray();
    }

    public static Measures Of(params (Measure Measure, long Value)[] values)
    {
        Measures measures = default;
        foreach ((Measure measure, long value) in values) measures[measure] = value;
        return measures;
    }

    public static Measures Counts(long sent, long lost) => Of((Measure.Sent, sent), (Measure.Received, sent - lost), (Measure.Lost, lost));

    /// <summary>The same with round-trip times for all that was received.</summary>
    public static Measures Timed(long lost, params long[] rttNanos)
    {
        Measures measures = Counts(rttNanos.Length + lost, lost);
        measures[Measure.RttCount] = rttNanos.Length;
        measures[Measure.RttSum] = rttNanos.Sum();
        measures[Measure.RttMin] = rttNanos.Min();
        measures[Measure.RttMax] = rttNanos.Max();
        return measures;
    }

    public static LatencyBucket[] Buckets(params long[] rttNanos) =>
        [.. rttNanos.GroupBy(LogLinear.IndexOf).OrderBy(g => g.Key).Select(g => new LatencyBucket(g.Key, g.Count()))];

    public static void Pair(
        this ReportWriter writer, string address, Measures measures, LatencyBucket[]? buckets = null, byte trafficClass = 0, params (string, string)[] tags)
    {
        writer.BeginPair("10.0.0.1"u8, Encoding.UTF8.GetBytes(address), Encoding.UTF8.GetBytes(address), 8100, trafficClass);
        foreach ((string key, string value) in tags) writer.AddTag(key, value);
        writer.EndPair(measures, buckets);
    }

    public static void Point(this ReportWriter writer, Measures measures, params (string, string)[] tags)
    {
        writer.BeginPoint("raw_stats"u8, null);
        foreach ((string key, string value) in tags) writer.AddTag(key, value);
        writer.EndPointTags(measures);
        writer.EndPoint();
    }

    /// <summary>The rows of a record, as copies.</summary>
    public static List<ReadRow> Read(ReadOnlyMemory<byte> record)
    {
        var rows = new List<ReadRow>();
        var reader = new ReportReader(record.Span);
        while (reader.NextRow())
        {
            var tags = new SortedDictionary<string, string>(StringComparer.Ordinal);
            foreach (TextPair tag in reader.Tags) tags.Add(Encoding.UTF8.GetString(tag.Key), Encoding.UTF8.GetString(tag.Value));
            long buckets = 0;
            foreach (LatencyBucket bucket in reader.Buckets) buckets += bucket.Count;
            rows.Add(new ReadRow(
                reader.Kind, Encoding.UTF8.GetString(reader.Address), reader.Class, string.Join(',', tags.Select(tag => $"{tag.Key}={tag.Value}")), reader.Measures, buckets));
        }

        return rows;
    }

    /// <summary>A row that was read.</summary>
    internal sealed record ReadRow(RowKind Kind, string Address, byte Class, string Tags, Measures Measures, long Buckets)
    {
        public long? this[Measure measure] => Measures[measure];
    }
}
