using System.IO.Compression;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Llama.Engine;
using Llama.Engine.Summaries;
using Llama.Server.Collecting;

namespace Llama.Benchmarks.Gate.History;

/// <summary>
/// Very many probes of one group that push as probes do, packed and with flows and buckets: pairs to all others, every interval. What a
/// pair measured is one of some patterns made before, so that pushing costs little next to what it costs to take.
/// </summary>
internal sealed class PushingMesh(int probes, TimeSpan interval)
{
    public const string Group = "mesh";

    private const int Patterns = 16, Flows = 4, DatagramsOfFlow = 8, Seed = 5;

    private readonly byte[][] _summaries = [.. Enumerable.Range(0, Patterns).Select(pattern => Packed(Summaries(pattern, probes)))];

    /// <summary>Octets of a push.</summary>
    public int PushOctets => _summaries[0].Length;

    public static string NameOf(int probe) => $"n{probe:0000}";

    /// <summary>Registers all of them.</summary>
    public async Task JoinAsync(HttpClient http, CancellationToken cancellation)
    {
        for (int probe = 0; probe < probes; probe++)
        {
            using HttpResponseMessage reply = await http.PutAsJsonAsync(
                $"api/v2/groups/{Group}/probes/{NameOf(probe)}",
                new { address = AddressOf(probe).ToString(), port = 8100, instance = NameOf(probe), pushes = true, tags = new { site = SiteOf(probe) } },
                cancellation).ConfigureAwait(false);
            reply.EnsureSuccessStatusCode();
        }
    }

    /// <summary>Pushes one interval of a probe.</summary>
    public async Task PushAsync(HttpClient http, int probe, DateTimeOffset start, CancellationToken cancellation)
    {
        byte[] begin = Packed(Begin(probe, start)), rest = _summaries[(probe * 7 + start.ToUnixTimeSeconds() / 30) % Patterns];
        using var content = new ByteArrayContent([.. begin, .. rest]);
        content.Headers.ContentEncoding.Add("gzip");
        using HttpResponseMessage reply = await http.PostAsync(new Uri("api/v2/summaries", UriKind.Relative), content, cancellation).ConfigureAwait(false);
        reply.EnsureSuccessStatusCode();
    }

    private static string SiteOf(int probe) => $"s{probe % 40:00}";

    private static IPAddress AddressOf(int probe) => new([10, 7, (byte)(probe / 250), (byte)(probe % 250 + 1)]);

    private byte[] Begin(int probe, DateTimeOffset start)
    {
        using var text = new MemoryStream();
        using (var json = new Utf8JsonWriter(text, new JsonWriterOptions { SkipValidation = true }))
        {
            json.WriteStartObject();
            json.WriteStartObject("probe");
            json.WriteString("group", Group);
            json.WriteString("name", NameOf(probe));
            json.WriteString("instance", NameOf(probe));
            json.WriteEndObject();
            json.WriteStartArray("reports");
            json.WriteStartObject();
            SummaryJson.WriteReport(json, new IntervalReport { Start = start, End = start + interval, Summaries = [], Health = new CollectorHealth() });
            json.WriteStartArray("summaries");
        }

        return text.ToArray();
    }

    /// <summary>The pairs to all probes, and the end of the body.</summary>
    private static byte[] Summaries(int pattern, int probes)
    {
        var random = new Random(Seed + pattern);
        using var text = new MemoryStream();
        using (var json = new Utf8JsonWriter(text, new JsonWriterOptions { SkipValidation = true }))
        {
            json.WriteStartArray();
            for (int other = 0; other < probes; other++) SummaryJson.WriteSummary(json, Summary(random, other), flows: true, buckets: true);
            json.WriteEndArray();
        }

        // The array was begun in front of it.
        return [.. text.ToArray().AsSpan(1), .. "}]}"u8];
    }

    private static Summary Summary(Random random, int other)
    {
        long least = 200_000 + other * 104_729L % 80_000_000;
        long[] times = [.. Enumerable.Range(0, Flows * DatagramsOfFlow).Select(_ => least + (long)(-Math.Log(1 - random.NextDouble()) * least / 100)).Order()];
        int lost = random.Next(50) == 0 ? 1 : 0;
        times = times[lost..];
        LatencyBucket[] buckets = [.. times.CountBy(LogLinear.IndexOf).OrderBy(bucket => bucket.Key).Select(bucket => new LatencyBucket(bucket.Key, bucket.Value))];
        var endPoint = new IPEndPoint(AddressOf(other), 8100);
        var path = new PathMarks { ForwardTtl = 60, ReverseTtl = 61, ForwardTos = 0, ReverseTos = 0, ForwardRemarked = 0, ReverseRemarked = 0, ForwardTtlChanges = 0 };
        return new Summary
        {
            Source = IPAddress.Any,
            Target = new Target
            {
                Host = endPoint.Address.ToString(),
                EndPoint = endPoint,
                Tags = new Dictionary<string, string>
                {
                    ["site"] = SiteOf(other),
                    ["dst_name"] = NameOf(other),
                    ["dst_shortname"] = NameOf(other),
                    ["group"] = Group,
                },
            },
            Destination = endPoint,
            Class = 0,
            Counts = new DatagramCounts { Sent = times.Length + lost, Received = times.Length, Lost = lost, LostForward = lost, LostReverse = 0 },
            Rtt = new LatencyHistogram(buckets, times.Sum(), times[0], times[^1]),
            JitterNanos = least / 90.0,
            DelayVariationNanos = times[^1] - times[0],
            ForwardDelayVariationNanos = (times[^1] - times[0]) / 2,
            ReverseDelayVariationNanos = (times[^1] - times[0]) / 3,
            Path = path,
            Flows = [.. Enumerable.Range(0, Flows).Select(flow => new FlowSummary
            {
                SourcePort = 40_000 + flow,
                Counts = new DatagramCounts { Sent = DatagramsOfFlow, Received = DatagramsOfFlow, LostForward = 0, LostReverse = 0 },
                RttMinNanos = times[flow],
                RttMeanNanos = times.Average(),
                RttMaxNanos = times[^(flow + 1)],
                Path = path,
            })],
        };
    }

    private static byte[] Packed(byte[] text)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true)) gzip.Write(text);
        return packed.ToArray();
    }
}
