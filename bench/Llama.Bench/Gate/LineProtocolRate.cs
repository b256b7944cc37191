using System.Diagnostics;
using System.Globalization;
using System.Text;
using Llama.Engine.Summaries;
using Llama.Server.Sinks.Influx;
using Llama.Server.Sinks.Records;

namespace Llama.Benchmarks.Gate;

/// <summary>How many points a core writes as line protocol, and what it allocates for that: records of a thousand pairs, in this process.</summary>
internal sealed class LineProtocolRate(Workbench bench) : IMeasurement
{
    private const int Pairs = 1_000, MaxBytes = 1 << 20, MaxLines = 5_000, Bar = 1_000_000;

    private readonly Samples _points = new(), _allocated = new(), _octets = new();

    public string Name => "sinks: line protocol";

    public int Rounds => bench.IsQuick ? 1 : 5;

    public Task RunRoundAsync(CancellationToken cancellation)
    {
        byte[] record = Record();
        var lines = new LineProtocol();
        Write(lines, record, bench.Seconds(1, 0.5), cancellation);
        long before = GC.GetAllocatedBytesForCurrentThread(), begin = Stopwatch.GetTimestamp();
        (long points, long octets) = Write(lines, record, bench.Seconds(2, 1), cancellation);
        double seconds = Stopwatch.GetElapsedTime(begin).TotalSeconds;
        _allocated.Add((GC.GetAllocatedBytesForCurrentThread() - before) / (double)points);
        _points.Add(points / seconds);
        _octets.Add(octets / (double)points);
        return Task.CompletedTask;
    }

    public IEnumerable<ResultRow> Rows()
    {
        yield return ResultRow.Of(
            "line protocol of pairs with 8 tags and 20 fields, one core: points", $">= {Bar:#,0}/s", _points, "#,0", "/s", points => points >= Bar);
        yield return ResultRow.Of("line protocol: allocation per point", "0 bytes", _allocated, "0.##", "bytes", bytes => bytes == 0);
        yield return ResultRow.Of("line protocol: a point", "", _octets, "0", "bytes");
    }

    private static (long Points, long Octets) Write(LineProtocol lines, byte[] record, double seconds, CancellationToken cancellation)
    {
        long points = 0, octets = 0, begin = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(begin).TotalSeconds < seconds)
        {
            cancellation.ThrowIfCancellationRequested();
            for (int? row = 0; row is { } from;)
            {
                lines.Clear();
                row = lines.Write(record, from, MaxBytes, MaxLines);
                points += lines.Lines;
                octets += lines.Text.Length;
            }
        }

        return (points, octets);
    }

    /// <summary>What a probe of a big mesh reports: no two pairs alike, a few of them with loss.</summary>
    private static byte[] Record()
    {
        var writer = new ReportWriter();
        DateTimeOffset start = DateTimeOffset.UnixEpoch.AddDays(20_000);
        writer.Begin(start, start.AddSeconds(30), RecordFlags.None, "mesh/probe-0000"u8);
        writer.EndOriginTags();
        var buckets = new LatencyBucket[10];
        for (int pair = 0; pair < Pairs; pair++)
        {
            string name = pair.ToString("0000", CultureInfo.InvariantCulture);
            writer.BeginPair("10.0.0.1"u8, Utf8($"probe-{name}.example.net"), Utf8($"10.0.{pair / 250}.{pair % 250}"), 8100, 184);
            writer.AddTag("dst_name", $"probe-{name}.example.net");
            writer.AddTag("dst_shortname", $"probe-{name}");
            writer.AddTag("src_name", "probe-0000.example.net");
            writer.AddTag("src_shortname", "probe-0000");
            long rtt = 200_000 + pair * 104_729L % 50_000_000;
            int first = LogLinear.IndexOf(rtt);
            for (int i = 0; i < buckets.Length; i++) buckets[i] = new LatencyBucket(first + i, 1 + i);
            writer.EndPair(Numbers(rtt, lost: pair % 50 == 0 ? 3 : 0), buckets);
        }

        return writer.Record.ToArray();
    }

    private static Measures Numbers(long rtt, int lost)
    {
        Measures numbers = default;
        numbers[Measure.Sent] = 120;
        numbers[Measure.Received] = 120 - lost;
        numbers[Measure.Lost] = lost;
        numbers[Measure.LostForward] = lost;
        numbers[Measure.LostReverse] = 0;
        numbers[Measure.Late] = 0;
        numbers[Measure.Duplicates] = 0;
        numbers[Measure.Reordered] = 0;
        numbers[Measure.SendErrors] = 0;
        numbers[Measure.RttCount] = 120 - lost;
        numbers[Measure.RttSum] = rtt * 120;
        for (Measure measure = Measure.RttMin; measure <= Measure.RttMax; measure++) numbers[measure] = rtt + 1_001 * (int)measure;
        numbers[Measure.Jitter] = rtt / 97;
        numbers[Measure.DelayVariation] = rtt / 7;
        numbers[Measure.ForwardTtl] = 57;
        numbers[Measure.ReverseTtl] = 58;
        return numbers;
    }

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);
}
