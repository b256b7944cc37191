using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Runtime.CompilerServices;
using System.Text;
using System.Threading.Channels;
using Llama.Mesh.Membership;
using Llama.Server.Intake;
using Llama.Server.Metrics;
using Llama.Server.Scraping;
using Llama.Server.Sinks.Records;

namespace Llama.Server.Discovery;

/// <summary>
/// Asks collectors that do not push for their reports, the originals' included, and hands these to the intake as if they had. Those of
/// members count as pushed by the member; those that are listed, as of a source of the default group with the name that their tags tell.
/// </summary>
internal sealed class CollectorScrape : IAsyncDisposable
{
    private const int MostRoomKept = 1 << 17;
    private const int MostNames = 100_000;

    private static readonly TimeSpan BetweenLists = TimeSpan.FromSeconds(2);

    private readonly Registry _registry;
    private readonly SummaryIntake _intake;
    private readonly DiscoveryOptions _options;
    private readonly CollectorScrapeOptions _scrape;
    private readonly TimeProvider _time;
    private readonly Scraper _scraper;
    private readonly NamePool _names = new(MostNames);
    private readonly ConcurrentBag<PushedReport> _reports = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _running;

    // The members among those that are scraped, by what their records call their origin.
    private volatile FrozenDictionary<string, Registration> _members = FrozenDictionary<string, Registration>.Empty;

    /// <summary>Begins.</summary>
    /// <param name="registry">The members; started already.</param>
    /// <param name="intake">Takes the reports.</param>
    /// <param name="options">What the server is told.</param>
    /// <param name="scrape">Which collectors, how often.</param>
    /// <param name="time">Its clocks.</param>
    public CollectorScrape(Registry registry, SummaryIntake intake, DiscoveryOptions options, CollectorScrapeOptions scrape, TimeProvider time)
    {
        (_registry, _intake, _options, _scrape, _time) = (registry, intake, options, scrape, time);
        _scraper = new Scraper(new ScraperOptions
        {
            Collectors = ListsAsync(_stop.Token),
            Take = TakeAsync,
            Interval = scrape.Interval,
            WantsFlows = true,
            WantsBuckets = true,
            Time = time,
            Handler = scrape.Handler,
            Inform = options.Inform,
            Warn = options.Warn,
        });
        _running = RunAsync();
    }

    /// <summary>Ends, without waiting for answers.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _stop.Dispose();
    }

    /// <summary>Writes what it has counted.</summary>
    public void WriteMetrics(PrometheusText text) => _scraper.WriteMetrics(text);

    private async Task RunAsync()
    {
        try
        {
            await _scraper.RunAsync(_stop.Token);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The server stops.
        }
        catch (Exception e)
        {
            _options.Warn($"collectors are scraped no more, until the server is started again: {e.Message}");
        }
    }

    /// <summary>Members and listed ones together, each time one of them has changed.</summary>
    private async IAsyncEnumerable<IReadOnlyList<CollectorEntry>> ListsAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        var news = Channel.CreateUnbounded<(int Of, IReadOnlyList<CollectorEntry> List)>();
        IReadOnlyList<CollectorEntry>[] newest = [[], []];
        _ = PumpAsync(MembersAsync(cancellation), 0);
        if (_scrape.Listed is { } listed) _ = PumpAsync(listed, 1);
        await foreach ((int of, IReadOnlyList<CollectorEntry> list) in news.Reader.ReadAllAsync(cancellation))
        {
            newest[of] = list;
            HashSet<string> taken = [.. _registry.Groups.SelectMany(group => group.Members).Select(member => EntryOf(member.Registration).Address)];
            yield return [.. newest[0], .. newest[1].Where(entry => !taken.Contains(entry.Address))];
        }

        async Task PumpAsync(IAsyncEnumerable<IReadOnlyList<CollectorEntry>> lists, int of)
        {
            try
            {
                await foreach (IReadOnlyList<CollectorEntry> list in lists.WithCancellation(cancellation)) news.Writer.TryWrite((of, list));
            }
            catch (Exception e)
            {
                news.Writer.TryComplete(e);
            }
        }
    }

    private async IAsyncEnumerable<IReadOnlyList<CollectorEntry>> MembersAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        while (true)
        {
            long seen = _registry.Events.Newest;
            Registration[] members = _scrape.IsOfMembers
                ? [.. _registry.Groups.SelectMany(group => group.Members).Select(member => member.Registration).Where(member => !member.Pushes)]
                : [];
            _members = members.ToFrozenDictionary(member => EntryOf(member).Origin, StringComparer.Ordinal);
            yield return [.. members.Select(EntryOf)];
            await Task.Delay(BetweenLists, _time, cancellation);
            await _registry.Events.WaitAsync(seen, cancellation);
        }
    }

    private static CollectorEntry EntryOf(Registration member) => new()
    {
        Host = member.Address.ToString(),
        Port = member.Port,
        Name = $"{member.Group}/{member.Name}",
    };

    private async ValueTask TakeAsync(ReadOnlyMemory<byte> record, CancellationToken cancellation)
    {
        PushedReport report = _reports.TryTake(out PushedReport? used) ? used : new PushedReport();
        try
        {
            if (Read(record.Span, report) is { } source) await _intake.TakeAsync(source, report, cancellation);
        }
        finally
        {
            report.Clear();
            if (report.Room <= MostRoomKept) _reports.Add(report);
        }
    }

    /// <summary>Whose report it is; null where that is a member no more.</summary>
    private PushedProbe? Read(ReadOnlySpan<byte> record, PushedReport report)
    {
        string origin = Encoding.UTF8.GetString(new ReportReader(record).Origin);
        if (_members.TryGetValue(origin, out Registration? member))
        {
            RecordedReport.Read(record, _names, member.Group, report);
            return _registry.Find(member.Group, member.Name) is { Member.Registration: { Pushes: false } still }
                ? new PushedProbe(still.Group, still.Name, still.Instance)
                : null;
        }

        // A member's origin has its group before the name; it left while it was asked.
        if (origin.Contains('/')) return null;
        RecordedReport.Read(record, _names, _options.DefaultGroup, report);
        return new PushedProbe(_options.DefaultGroup, NameIn(report) ?? origin, null);
    }

    /// <summary>
    /// What pairs call who sends, as those do that a server of the original's kind has configured; the first of several in their order, as
    /// the pairs come in any.
    /// </summary>
    private static string? NameIn(PushedReport report)
    {
        string? shortName = null, fullName = null;
        foreach (ref readonly PushedPair pair in report.Pairs)
        {
            foreach (PlacedTag tag in report.Tags[pair.Tags])
            {
                ReadOnlySpan<byte> key = report.Tags.Key(tag);
                if (key.SequenceEqual("src_shortname"u8)) shortName = First(shortName, report.Tags.Value(tag));
                else if (key.SequenceEqual("src_name"u8)) fullName = First(fullName, report.Tags.Value(tag));
            }
        }

        return shortName ?? fullName;
    }

    private static string? First(string? known, ReadOnlySpan<byte> octets)
    {
        string name = Encoding.UTF8.GetString(octets);
        bool isName = name.Length is > 0 and <= PushReader.MaxNameLength;
        return isName && (known is null || string.CompareOrdinal(name, known) < 0) ? name : known;
    }
}

/// <summary>Which collectors a server asks for their reports. Immutable.</summary>
public sealed record CollectorScrapeOptions
{
    /// <summary>How often each is asked; one of ours as often as it reports, where that is more often. Default: 30 s.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>True asks the members that do not push. Default.</summary>
    public bool IsOfMembers { get; init; } = true;

    /// <summary>Collectors that did not register; each list takes the place of the one before. Null for none.</summary>
    public IAsyncEnumerable<IReadOnlyList<CollectorEntry>>? Listed { get; init; }

    /// <summary>What sends requests; null for the network.</summary>
    internal HttpMessageHandler? Handler { get; init; }
}
