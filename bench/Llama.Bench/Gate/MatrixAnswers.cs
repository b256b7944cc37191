using System.Diagnostics;
using System.Net;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Llama.Engine;
using Llama.Engine.Summaries;
using Llama.Mesh.Membership;
using Llama.Server.Collecting;
using Llama.Server.Hosting;
using Llama.Server.Intake;

namespace Llama.Benchmarks.Gate;

/// <summary>What pushing a mesh's summaries costs the server, and how long its whole matrix takes: over HTTP, in this process.</summary>
internal sealed class MatrixAnswers(Workbench bench) : IMeasurement
{
    private const string Group = "mesh";
    private const int Answers = 20;

    private readonly int _probes = bench.IsQuick ? 200 : 1_000;
    private readonly Samples _afterAll = new(), _afterTenth = new(), _unchanged = new(), _pushes = new(), _mebibytes = new();
    private readonly Samples _countedAll = new(), _countedAgain = new();

    public string Name => "matrix";

    public int Rounds => bench.IsQuick ? 1 : 3;

    private string What => $"matrix of {_probes:#,0} x {_probes:#,0}";

    public async Task RunRoundAsync(CancellationToken cancellation)
    {
        var members = new GroupSnapshot(Group, 1, [.. Enumerable.Range(0, _probes).Select(Member)]);
        var options = new IntakeOptions { Groups = () => [members], FindGroup = _ => members, FindMember = (_, name) => members.Members[int.Parse(name[1..], null)] };
        var time = new TimeOfReports();
        using var intake = new SummaryIntake(options, time);
        HttpServer server = await HttpServer.StartAsync(
            "127.0.0.1", 0, (context, path) => intake.Answer(context, path) ?? context.ReplyNotFoundAsync(), new HttpLimits { MaxRequestBodyBytes = 1L << 24 }).ConfigureAwait(false);
        await using ConfiguredAsyncDisposable ending = server.ConfigureAwait(false);
        using var client = new HttpClient { BaseAddress = new Uri(server.Addresses[0]) };

        DateTimeOffset start = time.Now.AddSeconds(-10);
        await PushAllAsync(client, start, cancellation).ConfigureAwait(false);
        await AskAsync(client, cancellation).ConfigureAwait(false);
        time.Now = start.AddSeconds(20);
        TimeSpan pushing = await PushAllAsync(client, start.AddSeconds(10), cancellation).ConfigureAwait(false);
        _pushes.Add((double)_probes * _probes / pushing.TotalSeconds);
        _countedAll.Add(Count(intake, members).TotalMilliseconds);
        _countedAgain.Add(Count(intake, members).TotalMilliseconds);
        _afterAll.Add((await AskAsync(client, cancellation).ConfigureAwait(false)).TotalMilliseconds);
        for (int i = 0; i < Answers; i++)
        {
            _unchanged.Add((await AskAsync(client, cancellation).ConfigureAwait(false)).TotalMilliseconds);
            for (int probe = i % 10; probe < _probes; probe += 10)
                await PushAsync(client, Body(probe, start.AddSeconds(10 * i + 20)), cancellation).ConfigureAwait(false);
            time.Now = start.AddSeconds(10 * i + 30);
            _afterTenth.Add((await AskAsync(client, cancellation).ConfigureAwait(false)).TotalMilliseconds);
        }
    }

    public IEnumerable<ResultRow> Rows()
    {
        yield return ResultRow.Of($"{What}, every row new: answered", "<= 200 ms", _afterAll, "0.0", "ms", millis => millis <= 200);
        yield return ResultRow.Of($"{What}, a tenth of the rows new: answered", "<= 200 ms", _afterTenth, "0.0", "ms", millis => millis <= 200);
        yield return ResultRow.Of($"{What}, nothing new: answered", "<= 200 ms", _unchanged, "0.0", "ms", millis => millis <= 200);
        yield return ResultRow.Of($"overview of {_probes:#,0} x {_probes:#,0}, every row new: counted", "<= 100 ms", _countedAll, "0.0", "ms", millis => millis <= 100);
        yield return ResultRow.Of($"overview of {_probes:#,0} x {_probes:#,0}, nothing new: counted", "<= 10 ms", _countedAgain, "0.00", "ms", millis => millis <= 10);
        yield return ResultRow.Of($"{What}: answer", "", _mebibytes, "0.0", "MiB");
        yield return ResultRow.Of($"pushed summaries of {_probes:#,0} pairs each, client included: pairs taken", "", _pushes, "#,0", "/s");
    }

    private static TimeSpan Count(SummaryIntake intake, GroupSnapshot members)
    {
        long begin = Stopwatch.GetTimestamp();
        GroupTally tally = intake.Tally(Group, members, DateTimeOffset.MinValue, mostWorst: 10);
        TimeSpan taken = Stopwatch.GetElapsedTime(begin);
        long all = (long)members.Members.Count * (members.Members.Count - 1);
        return tally.Measured == all ? taken : throw new InvalidOperationException($"of {all} pairs {tally.Measured} were counted");
    }

    private async Task<TimeSpan> PushAllAsync(HttpClient client, DateTimeOffset start, CancellationToken cancellation)
    {
        TimeSpan pushing = TimeSpan.Zero;
        for (int probe = 0; probe < _probes; probe++) pushing += await PushAsync(client, Body(probe, start), cancellation).ConfigureAwait(false);
        return pushing;
    }

    private static async Task<TimeSpan> PushAsync(HttpClient client, byte[] body, CancellationToken cancellation)
    {
        using var content = new ByteArrayContent(body);
        long begin = Stopwatch.GetTimestamp();
        using HttpResponseMessage reply = await client.PostAsync(new Uri(SummaryIntake.SummariesPath, UriKind.Relative), content, cancellation).ConfigureAwait(false);
        reply.EnsureSuccessStatusCode();
        return Stopwatch.GetElapsedTime(begin);
    }

    private async Task<TimeSpan> AskAsync(HttpClient client, CancellationToken cancellation)
    {
        byte[] buffer = new byte[1 << 16];
        long bytes = 0;
        long begin = Stopwatch.GetTimestamp();
        using HttpResponseMessage reply = await client.GetAsync(
            new Uri(SummaryIntake.MatrixPath, UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, cancellation).ConfigureAwait(false);
        reply.EnsureSuccessStatusCode();
        using Stream body = await reply.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
        while (await body.ReadAsync(buffer, cancellation).ConfigureAwait(false) is > 0 and var read) bytes += read;
        TimeSpan taken = Stopwatch.GetElapsedTime(begin);
        _mebibytes.Add(bytes / 1048576.0);
        return taken;
    }

    /// <summary>The report of a probe, as its collector writes it without flows and buckets.</summary>
    private byte[] Body(int probe, DateTimeOffset start)
    {
        using var body = new MemoryStream();
        using (var json = new Utf8JsonWriter(body))
        {
            var report = new IntervalReport { Start = start, End = start.AddSeconds(10), Summaries = [], Health = new CollectorHealth() };
            json.WriteStartObject();
            json.WriteStartObject("probe");
            json.WriteString("group", Group);
            json.WriteString("name", NameOf(probe));
            json.WriteEndObject();
            json.WriteStartArray("reports");
            json.WriteStartObject();
            SummaryJson.WriteReport(json, report);
            json.WriteStartArray("summaries");
            for (int other = 0; other < _probes; other++)
                if (other != probe) SummaryJson.WriteSummary(json, Summary(probe, other), flows: false, buckets: false);
            json.WriteEndArray();
            json.WriteEndObject();
            json.WriteEndArray();
            json.WriteEndObject();
        }

        return body.ToArray();
    }

    private static Summary Summary(int probe, int other)
    {
        long rtt = 200_000 + (probe * 7919L + other * 104_729L) % 50_000_000;
        int lost = (probe + other) % 50 == 0 ? 1 : 0;
        var endPoint = new IPEndPoint(IPAddress.Loopback, 8100);
        return new Summary
        {
            Source = IPAddress.Any,
            Target = new Target { Host = "127.0.0.1", EndPoint = endPoint, Tags = new Dictionary<string, string> { ["dst_shortname"] = NameOf(other), ["group"] = Group } },
            Destination = endPoint,
            Class = 0,
            Counts = new DatagramCounts { Sent = 80, Received = 80 - lost, Lost = lost, LostForward = lost, LostReverse = 0 },
            Rtt = new LatencyHistogram([new LatencyBucket(LogLinear.IndexOf(rtt), 80 - lost)], rtt * (80 - lost), rtt, rtt),
            JitterNanos = rtt / 100.0,
            Path = default,
            Flows = [],
        };
    }

    private static string NameOf(int probe) => $"n{probe:0000}";

    private static Member Member(int probe) => new(
        new Registration
        {
            Group = Group,
            Name = NameOf(probe),
            FullName = NameOf(probe),
            Address = IPAddress.Loopback,
            Port = 8100,
            Keepalive = TimeSpan.FromHours(1),
        },
        EchoState.Unknown);

    /// <summary>A wall clock that goes on with the reports, so that none is stale, and none of the future by much.</summary>
    private sealed class TimeOfReports : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = DateTimeOffset.UtcNow;

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
