using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using Llama.EndToEnd.Harness;
using Llama.EndToEnd.Joining;

namespace Llama.EndToEnd.Sinks;

/// <summary>Reports on their way from the real server and the real probe into a file.</summary>
public sealed class DeliveryTests : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private readonly TemporaryDirectory _state = new();

    public void Dispose() => _state.Dispose();

    [Fact]
    public async Task Probe_and_server_write_what_the_probe_shows_each_interval_once()
    {
        string ofServer = Path.Combine(_state.FullName, "server.jsonl"), ofProbe = Path.Combine(_state.FullName, "probe.jsonl");
        await using RunningServer server = await RunningServer.Start(_state, null, "--sink", $"jsonl:{ofServer}");
        await using RunningProbe a = await RunningProbe.Start(server.Url, "a", _state, null, "--sink", $"jsonl:{ofProbe}");
        await using RunningProbe b = await RunningProbe.Start(server.Url, "b", _state);
        JsonElement report = await a.Measures([b.Port], Deadline);
        string end = report.GetProperty("end").GetString()!;
        JsonElement shown = Assert.Single(report.GetProperty("summaries").EnumerateArray());

        foreach (string file in (string[])[ofProbe, ofServer])
        {
            JsonElement line = await LineAsync(file, "default/a", end, server, a);
            foreach (string same in (string[])["source", "destination", "class", "class_name", "tags"])
                Assert.True(JsonElement.DeepEquals(shown.GetProperty(same), line.GetProperty(same)), $"{same}: {shown}\n{line}");
            foreach (string member in (string[])["sent", "received", "lost", "lost_forward", "late", "duplicates"])
                Assert.Equal(shown.GetProperty("datagrams").GetProperty(member).GetInt64(), line.GetProperty("datagrams").GetProperty(member).GetInt64());
            foreach (string member in (string[])["count", "sum_ns", "min_ns", "p50_ns", "p99_ns", "max_ns"])
                Assert.Equal(shown.GetProperty("rtt").GetProperty(member).GetInt64(), line.GetProperty("rtt").GetProperty(member).GetInt64());
            Assert.Equal("a town", line.GetProperty("origin_tags").GetProperty("site").GetString());
        }

        await a.Process.Signal("TERM");
        Assert.Equal(0, await a.Process.Exit());
        await server.Process.Signal("TERM");
        Assert.Equal(0, await server.Process.Exit());
        foreach (string file in (string[])[ofProbe, ofServer])
        {
            string[] keys = [.. Lines(file).Select(Key)];
            Assert.Equal(keys.Distinct(), keys);
        }
    }

    [Fact]
    public async Task A_server_that_is_killed_while_probes_push_has_lost_nothing_that_it_acknowledged()
    {
        const int kills = 3, probes = 4;
        string file = Path.Combine(_state.FullName, "server.jsonl");
        string[] sink = ["--sink", $"jsonl:{file}"];
        int port = Ports.Free();
        var acknowledged = new ConcurrentDictionary<string, bool>();
        using var stop = new CancellationTokenSource();
        using var client = new HttpClient(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.Zero }) { Timeout = TimeSpan.FromSeconds(10) };
        RunningServer server = await RunningServer.Start(_state, port, sink);
        for (int probe = 0; probe < probes; probe++) await RegisterAsync(client, server, probe);
        Task[] pushing = [.. Enumerable.Range(0, probes).Select(probe => PushAsync(client, port, probe, acknowledged, stop.Token))];
        try
        {
            for (int kill = 0; kill < kills; kill++)
            {
                int before = acknowledged.Count;
                await Eventually.Holds(() => acknowledged.Count > before + 60 + 37 * kill, Deadline, "pushes that are acknowledged", () => server.Process.Transcript);
                await server.DisposeAsync();
                server = await RunningServer.Start(_state, port, sink);
            }

            int last = acknowledged.Count;
            await Eventually.Holds(() => acknowledged.Count > last + 20, Deadline, "pushes after the last start", () => server.Process.Transcript);
            await stop.CancelAsync();
            await Task.WhenAll(pushing);
            await Eventually.Get(async () => await Web.Metric(port, "llama_sink_waiting_records") == 0 ? "" : null, Deadline, "an empty queue", () => server.Process.Transcript);
        }
        finally
        {
            await stop.CancelAsync();
            await server.DisposeAsync();
        }

        var written = Lines(file).CountBy(Key).ToDictionary();
        Assert.Empty(acknowledged.Keys.Except(written.Keys));

        // Each kill may bring again what was not yet acknowledged: to the probe, or by the file.
        Assert.All(written.Values, times => Assert.InRange(times, 1, 1 + 2 * kills));
        Assert.InRange(written.Values.Sum() - written.Count, 0, acknowledged.Count / 2);
    }

    [Fact]
    public async Task Mistakes_in_sinks_are_all_told_at_once_and_without_passwords()
    {
        (int exitCode, _, string error) = await LlamaProcess.Run(
            "server", "--sink", "influx:http://u:hunter2@db:8086/llama?nosuch=1", "--sink", "file:x", "--sink", "jsonl:", "--check");
        Assert.Equal(2, exitCode);
        Assert.Equal(3, error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.DoesNotContain("hunter2", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_processes_do_not_share_a_queue()
    {
        string[] sink = ["--sink", $"jsonl:{Path.Combine(_state.FullName, "lines")}", "--spool", Path.Combine(_state.FullName, "spool")];
        await using RunningServer server = await RunningServer.Start(_state, null, sink);
        (int exitCode, _, string error) = await LlamaProcess.Run(
            ["server", "--port", $"{Ports.Free()}", "--data", Path.Combine(_state.FullName, "other"), .. sink]);
        Assert.Equal(1, exitCode);
        Assert.Contains("--spool", error, StringComparison.Ordinal);
    }

    private static Task RegisterAsync(HttpClient client, RunningServer server, int probe) => Eventually.Get(
        async () =>
        {
            var body = new { full_name = $"p{probe}.example", address = $"127.0.0.{probe + 1}", port = 8100, instance = "i", keepalive_s = 600 };
            using HttpResponseMessage response = await client.PutAsJsonAsync(new Uri($"{server.Url}/api/v2/groups/g/probes/p{probe}"), body);
            return response.IsSuccessStatusCode ? "" : throw new IOException(await response.Content.ReadAsStringAsync());
        },
        Deadline,
        $"the registration of p{probe}",
        () => server.Process.Transcript);

    /// <summary>Pushes one interval after the other, each until it is acknowledged.</summary>
    private static async Task PushAsync(HttpClient client, int port, int probe, ConcurrentDictionary<string, bool> acknowledged, CancellationToken stop)
    {
        var start = new DateTimeOffset(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);
        var url = new Uri($"http://127.0.0.1:{port}/api/v2/summaries");
        while (!stop.IsCancellationRequested)
        {
            string end = Text(start.AddSeconds(1));
            object[] summaries =
            [
                .. Enumerable.Range(0, 3).Select(other => new
                {
                    source = "::",
                    destination = new { host = $"127.0.0.{other + 1}", address = $"127.0.0.{other + 1}", port = 8100 },
                    @class = 0,
                    tags = new { dst_shortname = $"p{other}" },
                    datagrams = new { sent = 10, received = 9, lost = 1, late = 0, duplicates = 0, reordered = 0, send_errors = 0 },
                    rtt = new { count = 0, sum_ns = 0 },
                }),
            ];
            var body = new
            {
                probe = new { group = "g", name = $"p{probe}", instance = "i" },
                reports = new[] { new { start = Text(start), end, suspect = Array.Empty<string>(), summaries } },
            };
            try
            {
                using HttpResponseMessage response = await client.PostAsJsonAsync(url, body, CancellationToken.None);
                if (!response.IsSuccessStatusCode) throw new InvalidOperationException(await response.Content.ReadAsStringAsync(CancellationToken.None));
                for (int other = 0; other < 3; other++) acknowledged.TryAdd($"g/p{probe} p{other} {end}", true);
                start = start.AddSeconds(1);
            }
            catch (Exception error) when (error is HttpRequestException or IOException or TaskCanceledException)
            {
                await Task.Delay(20, CancellationToken.None);
            }
        }
    }

    private static string Text(DateTimeOffset time) => time.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static string Key(JsonElement line) =>
        $"{line.GetProperty("origin").GetString()} {line.GetProperty("tags").GetProperty("dst_shortname").GetString()} {line.GetProperty("end").GetString()}";

    private static List<JsonElement> Lines(string file)
    {
        var lines = new List<JsonElement>();
        if (!File.Exists(file)) return lines;
        string[] texts = File.ReadAllText(file).Split('\n');

        // A kill may cut off a line, which comes again whole.
        foreach (string text in texts[..^1])
        {
            try
            {
                lines.Add(JsonDocument.Parse(text).RootElement);
            }
            catch (JsonException)
            {
                Assert.Contains(texts, other => other.Length > text.Length && other.StartsWith(text, StringComparison.Ordinal));
            }
        }

        return lines;
    }

    private static async Task<JsonElement> LineAsync(string file, string origin, string end, RunningServer server, RunningProbe probe)
    {
        JsonDocument line = await Eventually.Get(
            () => Task.FromResult(Lines(file).FirstOrDefault(line => line.GetProperty("origin").GetString() == origin && line.GetProperty("end").GetString() == end)
                is { ValueKind: JsonValueKind.Object } found ? JsonDocument.Parse(found.GetRawText()) : null),
            Deadline,
            $"the interval to {end} in {file}",
            () => $"{server.Process.Transcript}\n{probe.Process.Transcript}\n{(File.Exists(file) ? File.ReadAllText(file) : "no file")}");
        return line.RootElement;
    }
}
