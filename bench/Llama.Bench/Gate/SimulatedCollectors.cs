using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using Llama.Engine;
using Llama.Engine.Summaries;
using Llama.Server.Collecting;
using Llama.Server.Hosting;
using Microsoft.AspNetCore.Http;

namespace Llama.Benchmarks.Gate;

/// <summary>
/// Very many collectors in this process, each at a loopback address of its own, that answer /api/v2/summaries with pairs to all others
/// and a new report for each interval. The figures differ from pair to pair and stay the same from report to report; names and times do not.
/// </summary>
internal sealed class SimulatedCollectors : IAsyncDisposable
{
    // How long after an interval its report is there.
    private static readonly TimeSpan Lag = TimeSpan.FromSeconds(2);

    private static readonly byte[] Name = "n0000"u8.ToArray(), Start = "2001-01-01T00:00:00Z"u8.ToArray(), End = "2001-01-01T00:00:59Z"u8.ToArray();

    private readonly int _count;
    private readonly TimeSpan _interval;
    private readonly byte[] _template;
    private readonly List<int> _names;
    private readonly int _start, _end;
    private HttpServer? _server;
    private long _reports;

    private SimulatedCollectors(int count, int pairs, TimeSpan interval)
    {
        (_count, _interval) = (count, interval);
        _template = Template(pairs);
        _names = Occurrences(_template, Name);
        (_start, _end) = (Occurrences(_template, Start)[0], Occurrences(_template, End)[0]);
    }

    /// <summary>As --collector-hosts takes them.</summary>
    public string Hosts => string.Join(',', Enumerable.Range(0, _count).Select(i => $"127.77.{i / 250}.{i % 250 + 1}"));

    /// <summary>As --collector-port takes it.</summary>
    public int Port => new Uri(_server!.Addresses[0]).Port;

    /// <summary>Reports handed out, once for each time.</summary>
    public long Reports => Interlocked.Read(ref _reports);

    /// <summary>Octets of a report.</summary>
    public int ReportOctets => _template.Length;

    /// <summary>Starts them.</summary>
    public static async Task<SimulatedCollectors> StartAsync(int count, int pairs, TimeSpan interval)
    {
        var collectors = new SimulatedCollectors(count, pairs, interval);
        collectors._server = await HttpServer.StartAsync(
            "0.0.0.0", 0, collectors.AnswerAsync, new HttpLimits { MaxConnections = 2 * count }).ConfigureAwait(false);
        return collectors;
    }

    public ValueTask DisposeAsync() => _server?.DisposeAsync() ?? default;

    private Task AnswerAsync(HttpContext context, string path)
    {
        if (path != "/api/v2/summaries") return context.ReplyNotFoundAsync();
        byte[] address = context.Connection.LocalIpAddress!.MapToIPv4().GetAddressBytes();
        int collector = 250 * address[2] + address[3] - 1;
        DateTimeOffset now = DateTimeOffset.UtcNow - Lag;
        var end = new DateTimeOffset(now.UtcTicks - now.UtcTicks % _interval.Ticks, TimeSpan.Zero);
        string tag = $"\"{end.ToUnixTimeSeconds()}\"";
        context.Response.Headers.ETag = tag;
        if (context.Request.Headers.IfNoneMatch == tag)
        {
            context.Response.StatusCode = StatusCodes.Status304NotModified;
            return Task.CompletedTask;
        }

        Interlocked.Increment(ref _reports);
        return context.ReplyAsync(StatusCodes.Status200OK, "application/json", Report(collector, end));
    }

    private byte[] Report(int collector, DateTimeOffset end)
    {
        byte[] report = [.. _template];
        byte[] name = Encoding.ASCII.GetBytes(NameOf(collector));
        foreach (int at in _names) name.CopyTo(report, at);
        Encoding.ASCII.GetBytes(Text(end - _interval)).CopyTo(report, _start);
        Encoding.ASCII.GetBytes(Text(end)).CopyTo(report, _end);
        return report;
    }

    private static string Text(DateTimeOffset time) => time.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static string NameOf(int collector) => $"n{collector:0000}";

    /// <summary>A report as a collector of ours writes it, with placeholders.</summary>
    private static byte[] Template(int pairs)
    {
        using var body = new MemoryStream();
        using (var json = new Utf8JsonWriter(body))
        {
            var report = new IntervalReport
            {
                Start = DateTimeOffset.Parse(Encoding.ASCII.GetString(Start), CultureInfo.InvariantCulture),
                End = DateTimeOffset.Parse(Encoding.ASCII.GetString(End), CultureInfo.InvariantCulture),
                Summaries = [],
                Health = new CollectorHealth(),
            };
            json.WriteStartObject();
            SummaryJson.WriteReport(json, report);
            json.WriteStartArray("summaries");
            for (int other = 0; other < pairs; other++) SummaryJson.WriteSummary(json, Pair(other), flows: false, buckets: false);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        return body.ToArray();
    }

    private static Summary Pair(int other)
    {
        long rtt = 200_000 + other * 104_729L % 50_000_000;
        int lost = other % 50 == 0 ? 1 : 0;
        var destination = new IPEndPoint(new IPAddress([10, 7, (byte)(other / 250), (byte)(other % 250 + 1)]), 8100);
        string name = $"d{other:0000}", source = Encoding.ASCII.GetString(Name);
        return new Summary
        {
            Source = IPAddress.Any,
            Target = new Target
            {
                Host = destination.Address.ToString(),
                EndPoint = destination,
                Tags = new Dictionary<string, string>
                {
                    ["region"] = $"r{other % 5}",
                    ["site"] = $"s{other % 40:00}",
                    ["dst_name"] = name,
                    ["dst_shortname"] = name,
                    ["src_name"] = source,
                    ["src_shortname"] = source,
                    ["group"] = "mesh",
                },
            },
            Destination = destination,
            Class = 0,
            Counts = new DatagramCounts { Sent = 80, Received = 80 - lost, Lost = lost, LostForward = lost, LostReverse = 0 },
            Rtt = new LatencyHistogram([new LatencyBucket(LogLinear.IndexOf(rtt), 80 - lost)], rtt * (80 - lost), rtt, rtt),
            JitterNanos = rtt / 100.0,
            DelayVariationNanos = rtt / 50,
            ForwardDelayVariationNanos = rtt / 90,
            ReverseDelayVariationNanos = rtt / 80,
            Path = new PathMarks { ForwardTtl = 60, ReverseTtl = 61, ForwardTos = 0, ReverseTos = 0, ForwardRemarked = 0, ReverseRemarked = 0, ForwardTtlChanges = 0 },
            Flows = [],
        };
    }

    private static List<int> Occurrences(ReadOnlySpan<byte> text, ReadOnlySpan<byte> word)
    {
        var found = new List<int>();
        for (int from = 0; text[from..].IndexOf(word) is >= 0 and var at; from += at + word.Length) found.Add(from + at);
        return found;
    }
}
