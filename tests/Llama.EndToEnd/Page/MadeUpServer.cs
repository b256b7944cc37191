using System.Globalization;
using System.Net.Http.Json;
using Llama.EndToEnd.Harness;
using Llama.EndToEnd.Joining;

namespace Llama.EndToEnd.Page;

/// <summary>What a probe is made to have measured towards another one in an interval; all that is lost, is lost on the way there.</summary>
internal sealed record MadeUpPair(string Destination, int Sent, int Lost);

/// <summary>A server whose probes push what they are told to, so that what the page shows of it is known beforehand.</summary>
public sealed class MadeUpServer : IAsyncLifetime
{
    /// <summary>How long the intervals of the groups are that need longer ones than a second.</summary>
    internal static readonly TimeSpan MinuteInterval = TimeSpan.FromMinutes(1), LongInterval = TimeSpan.FromMinutes(10);

    private const long Millisecond = 1_000_000, MillisecondBucket = 829;

    private readonly TemporaryDirectory _directory = new();
    private readonly HttpClient _http = new();
    private RunningServer? _server;
    private Task<LargeMesh>? _large;

    /// <summary>The server's address.</summary>
    internal string Url => $"{_server!.Url}/";

    public async Task InitializeAsync()
    {
        string groups = $"groups:\n  minutes: {{interval: {MinuteInterval.TotalSeconds}}}\n  tagged: {{interval: {LongInterval.TotalSeconds}}}\n"
            + $"  large: {{interval: {LongInterval.TotalSeconds}}}\n";
        _server = await RunningServer.Start(_directory, null, "--config", _directory.Write("server.yaml", groups), "--max-registrations", "unlimited");
        _http.BaseAddress = new Uri(Url);
    }

    public async Task DisposeAsync()
    {
        _http.Dispose();
        if (_server is not null) await _server.DisposeAsync();
        _directory.Dispose();
    }

    /// <summary>Makes probes members of a group, with tags.</summary>
    internal async Task JoinAsync(string group, IEnumerable<string> names, Func<string, Dictionary<string, string>>? tags = null)
    {
        foreach ((int place, string name) in names.Index())
        {
            using HttpResponseMessage reply = await _http.PutAsJsonAsync($"api/v2/groups/{group}/probes/{name}", new
            {
                address = $"127.80.{place >> 8}.{place & 255}",
                port = 8100,
                instance = name,
                pushes = true,
                tags = tags?.Invoke(name) ?? [],
            });
            reply.EnsureSuccessStatusCode();
        }
    }

    /// <summary>Pushes an interval of a source. When it returns, the server has it.</summary>
    internal async Task PushAsync(
        string group, string source, DateTimeOffset start, TimeSpan length, IEnumerable<MadeUpPair> pairs, bool isSuspect = false)
    {
        using HttpResponseMessage reply = await _http.PostAsJsonAsync("api/v2/summaries", new
        {
            probe = new { group, name = source, instance = source },
            reports = new[]
            {
                new
                {
                    start = Text(start),
                    end = Text(start + length),
                    suspect = isSuspect ? ["cpu_pressure"] : Array.Empty<string>(),
                    summaries = pairs.Select(pair => Summary(group, pair)),
                },
            },
        });
        Assert.True(reply.IsSuccessStatusCode, await reply.Content.ReadAsStringAsync());
    }

    /// <summary>A large mesh as the group `large`: pushed when the first test asks for it.</summary>
    internal Task<LargeMesh> LargeMeshAsync() => _large ??= LargeMesh.PushAsync(this);

    /// <summary>The last whole multiple of an interval, at which one may have ended.</summary>
    internal static DateTimeOffset LastEnd(TimeSpan interval) =>
        DateTimeOffset.FromUnixTimeSeconds(DateTimeOffset.UtcNow.ToUnixTimeSeconds() / (long)interval.TotalSeconds * (long)interval.TotalSeconds);

    private static object Summary(string group, MadeUpPair pair)
    {
        (string destination, int sent, int lost) = pair;
        int received = sent - lost;
        return new
        {
            source = "::",
            destination = new { host = destination, address = "127.80.0.1", port = 8100 },
            @class = 0,
            tags = new Dictionary<string, string> { ["dst_shortname"] = destination, ["group"] = group },
            datagrams = new { sent, received, lost, lost_forward = lost, lost_reverse = 0, late = 0, duplicates = 0, reordered = 0, send_errors = 0 },
            rtt = new
            {
                count = received,
                sum_ns = received * Millisecond,
                min_ns = Millisecond,
                p50_ns = Millisecond,
                p99_ns = Millisecond,
                max_ns = Millisecond,
                buckets = new[] { new[] { MillisecondBucket, received } },
            },
            path = new { },
            flows = Array.Empty<object>(),
        };
    }

    private static string Text(DateTimeOffset time) => time.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
