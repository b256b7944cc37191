using System.Net;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Llama.Server.Joining;

namespace Llama.Server.Scraping;

/// <summary>
/// The collectors that a discovery server knows, followed as they come and go. From a server of ours with their names, ports and tags, as
/// soon as it has news; from one that speaks /api/v1 alone (scline/llama-sd) their addresses, every few seconds. A server that is away
/// changes nothing. Belongs to one caller.
/// </summary>
public sealed class ServerList : IDisposable
{
    private const int MostPages = 10_000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan AtMostEvery = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan StaysOriginal = TimeSpan.FromMinutes(10);

    private readonly ServerConnection _server;
    private readonly ServerListOptions _options;
    private readonly TimeProvider _time;
    private long? _originalSince;
    private bool _isAway;

    /// <summary>A list that has not been asked for yet.</summary>
    public ServerList(DiscoveryClientOptions server, ServerListOptions options)
    {
        _server = new ServerConnection(server);
        _options = options;
        _time = server.Time;
    }

    /// <summary>The list, and again whenever it has changed. Does not end, and does not fail.</summary>
    public async IAsyncEnumerable<IReadOnlyList<CollectorEntry>> FollowAsync([EnumeratorCancellation] CancellationToken cancellation = default)
    {
        IReadOnlyList<CollectorEntry> before = [];
        bool isFirst = true;
        string? seen = null;
        while (true)
        {
            IReadOnlyList<CollectorEntry>? now = null;
            try
            {
                seen = IsOriginal ? null : await NewestEventAsync(seen, cancellation);
                now = IsOriginal ? await ListOriginalAsync(cancellation) : await ListAsync(cancellation);
                if (_isAway) _options.Inform($"{_server.Name}: the server answers again");
                _isAway = false;
            }
            catch (ServerRefusalException refusal)
            {
                if (!_isAway) _options.Warn($"{_server.Name}: {refusal.Message}; goes on with the collectors it had");
                _isAway = true;
            }

            if (now is not null && (isFirst || !Same(before, now)))
            {
                (before, isFirst) = (now, false);
                yield return now;
            }

            if (_isAway || seen is null) await Task.Delay(Look, _time, cancellation);
            else await NewsAsync(seen, cancellation);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _server.Dispose();

    private bool IsOriginal => _originalSince is { } since && _time.GetElapsedTime(since) < StaysOriginal;

    private static bool Same(IReadOnlyList<CollectorEntry> one, IReadOnlyList<CollectorEntry> other) =>
        one.Count == other.Count
        && one.Zip(other).All(pair => pair.First with { Tags = [] } == pair.Second with { Tags = [] } && pair.First.Tags.SequenceEqual(pair.Second.Tags));

    /// <summary>Waits until the server has news, or half a minute; never returns sooner than a list may be asked for again.</summary>
    private async Task NewsAsync(string seen, CancellationToken cancellation)
    {
        Task least = Task.Delay(AtMostEvery, _time, cancellation);
        try
        {
            await _server.SendAsync(
                HttpMethod.Get, $"api/v2/events?limit=1&after={Uri.EscapeDataString(seen)}&wait={(int)Wait.TotalSeconds}s", null, Patience + Wait, cancellation);
        }
        catch (ServerRefusalException)
        {
            // The list that is asked for next tells what is wrong.
        }

        await least;
    }

    /// <summary>Where the server's events end; null where it speaks /api/v1 alone. Asked for before the list, so that nothing falls between the two.</summary>
    private async Task<string?> NewestEventAsync(string? seen, CancellationToken cancellation)
    {
        try
        {
            for (int page = 0; page < MostPages; page++)
            {
                string after = seen is null ? "" : $"&after={Uri.EscapeDataString(seen)}";
                ServerReply reply = await _server.SendAsync(HttpMethod.Get, $"api/v2/events?limit=1000{after}", null, Patience, cancellation);
                (int count, seen) = Read(reply, json => (json.GetProperty("events").GetArrayLength(), json.GetProperty("next").GetString()));
                if (count == 0) break;
            }

            _originalSince = null;
            return seen;
        }
        catch (ServerRefusalException refusal) when (refusal.Kind == RefusalKind.Unknown)
        {
            _originalSince = _time.GetTimestamp();
            return null;
        }
    }

    private async Task<IReadOnlyList<CollectorEntry>> ListAsync(CancellationToken cancellation)
    {
        var entries = new List<CollectorEntry>();
        string path = _options.Group is { } group ? $"api/v2/groups/{Uri.EscapeDataString(group)}/probes" : "api/v2/probes";
        string? cursor = null;
        try
        {
            do
            {
                string from = cursor is null ? "" : $"&cursor={Uri.EscapeDataString(cursor)}";
                ServerReply reply = await _server.SendAsync(HttpMethod.Get, $"{path}?limit=1000{from}", null, Patience, cancellation);
                cursor = Read(reply, json =>
                {
                    foreach (JsonElement probe in json.GetProperty("probes").EnumerateArray()) entries.Add(Entry(probe));
                    return json.GetProperty("next").GetString();
                });
            }
            while (cursor is not null);
        }
        catch (ServerRefusalException refusal) when (refusal.Kind == RefusalKind.Unknown && _options.Group is not null)
        {
            // A group is there as long as it has probes.
            return [];
        }

        return entries;
    }

    private static CollectorEntry Entry(JsonElement probe) => new()
    {
        Host = IPAddress.TryParse(probe.GetProperty("address").GetString(), out IPAddress? address) ? address.ToString() : throw new FormatException(),
        Port = probe.GetProperty("port").GetInt32() is var port and > 0 and < 65536 ? port : throw new FormatException(),
        Name = $"{probe.GetProperty("group").GetString()}/{probe.GetProperty("name").GetString()}",
        Tags = [.. probe.GetProperty("tags").EnumerateObject().Where(tag => tag.Value.ValueKind == JsonValueKind.String).Select(tag => KeyValuePair.Create(tag.Name, tag.Value.GetString()!))],
    };

    private async Task<IReadOnlyList<CollectorEntry>> ListOriginalAsync(CancellationToken cancellation)
    {
        if (_options.Group is { } group)
        {
            ServerReply members = await _server.SendAsync(HttpMethod.Get, $"api/v1/list/{Uri.EscapeDataString(group)}", null, Patience, cancellation);
            return Read(members, json => json.EnumerateObject().Select(member => Entry(member.Value.GetProperty("ip").GetString())).ToList());
        }

        ServerReply reply = await _server.SendAsync(HttpMethod.Get, "api/v1/scraper", null, Patience, cancellation);
        return Understood(() => CollectorEntry.ParseList(Encoding.UTF8.GetString(reply.Body), _options.Port));
    }

    private CollectorEntry Entry(string? address) =>
        CollectorEntry.Parse(address ?? "", _options.Port) ?? throw new FormatException();

    private static T Read<T>(ServerReply reply, Func<JsonElement, T> read) => Understood(() =>
    {
        using var json = JsonDocument.Parse(reply.Body);
        return read(json.RootElement);
    });

    /// <summary>Whatever a server sends that makes no sense must not end the scraper.</summary>
    private static T Understood<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception error) when (error is JsonException or FormatException or InvalidOperationException or KeyNotFoundException)
        {
            throw new ServerRefusalException(RefusalKind.Refused, "its list of collectors makes no sense", inner: error);
        }
    }
}

/// <summary>Which of a server's probes are scraped, and who hears how that goes. Immutable.</summary>
public sealed record ServerListOptions
{
    /// <summary>The only group that is scraped; null for all.</summary>
    public string? Group { get; init; }

    /// <summary>The port of collectors that the server has only an address of.</summary>
    public int Port { get; init; } = 8100;

    /// <summary>Hears what is well again.</summary>
    public Action<string> Inform { get; init; } = _ => { };

    /// <summary>Hears what is wrong.</summary>
    public Action<string> Warn { get; init; } = _ => { };
}
