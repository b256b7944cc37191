using System.Buffers;
using System.Net;
using Llama.Engine.Summaries;

namespace Llama.Server.Collecting;

/// <summary>
/// The body of /influxdata as the Go collector gives it: one point for each source and destination address, ports and classes
/// merged, means instead of distributions, and 0 for what was not measured.
/// </summary>
internal static class InfluxPoints
{
    private const double NanosPerMilli = 1e6;

    /// <summary>The body for a report; an empty list before the first one.</summary>
    public static byte[] Write(IntervalReport? report, TargetTags tags)
    {
        var output = new ArrayBufferWriter<byte>(256);
        output.Write("["u8);
        bool first = true;
        foreach (Point point in Points(report?.Summaries ?? []))
        {
            if (!first) output.Write(","u8);
            first = false;
            Write(output, point, tags[point.Destination] ?? point.Tags);
        }

        output.Write("]"u8);
        return output.WrittenSpan.ToArray();
    }

    private static List<Point> Points(IReadOnlyList<Summary> summaries)
    {
        var points = new Dictionary<(IPAddress, IPAddress), Point>();
        var order = new List<Point>();
        foreach (Summary summary in summaries)
        {
            if (summary.Counts.Sent == 0) continue;
            (IPAddress source, IPAddress destination) = (summary.Source.Canonical(), summary.Destination.Address.Canonical());
            if (!points.TryGetValue((source, destination), out Point? point))
            {
                point = new Point(source, destination);
                points.Add((source, destination), point);
                order.Add(point);
            }

            point.Tags = summary.Target.Tags;
            point.Sent += summary.Counts.Sent;
            point.Lost += summary.Counts.Lost;
            point.Timed += summary.Rtt.Count;
            point.RttSumNanos += summary.Rtt.SumNanos;
        }

        return order;
    }

    private static void Write(ArrayBufferWriter<byte> output, Point point, IReadOnlyDictionary<string, string> tags)
    {
        output.Write("{\"fields\":{\"loss\":"u8);
        GoJson.WriteNumber(output, (double)point.Lost / point.Sent * 100);
        output.Write(",\"lost\":"u8);
        GoJson.WriteNumber(output, point.Lost);
        output.Write(",\"rtt\":"u8);
        GoJson.WriteNumber(output, point.Timed == 0 ? 0 : (double)point.RttSumNanos / point.Timed / NanosPerMilli);
        output.Write(",\"sent\":"u8);
        GoJson.WriteNumber(output, point.Sent);
        output.Write("},\"tags\":{"u8);
        WriteTags(output, point, tags);
        output.Write("},\"time\":\"0001-01-01T00:00:00Z\",\"measurement\":\"raw_stats\"}"u8);
    }

    private static void WriteTags(ArrayBufferWriter<byte> output, Point point, IReadOnlyDictionary<string, string> tags)
    {
        var all = new SortedDictionary<string, string>(Comparer<string>.Create(GoJson.CompareOctets))
        {
            ["dst_ip"] = point.Destination.WithoutZone(),
            ["src_ip"] = point.Source.WithoutZone(),
        };
        foreach ((string key, string value) in tags) all[key] = value;
        bool first = true;
        foreach ((string key, string value) in all)
        {
            if (!first) output.Write(","u8);
            first = false;
            GoJson.WriteString(output, key);
            output.Write(":"u8);
            GoJson.WriteString(output, value);
        }
    }

    private sealed class Point(IPAddress source, IPAddress destination)
    {
        public IPAddress Source { get; } = source;

        public IPAddress Destination { get; } = destination;

        public IReadOnlyDictionary<string, string> Tags { get; set; } = new Dictionary<string, string>();

        public long Sent { get; set; }

        public long Lost { get; set; }

        public long Timed { get; set; }

        public long RttSumNanos { get; set; }
    }
}
