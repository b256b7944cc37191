using System.CommandLine;
using System.Runtime.CompilerServices;
using Llama.Cli.Joining;
using Llama.Cli.Settings;
using Llama.Server.Joining;
using Llama.Server.Scraping;

namespace Llama.Cli.Scraping;

/// <summary>Where a scraper's collectors come from: a list, a file, or a discovery server.</summary>
internal sealed class CollectorFlags
{
    // Where scline/llama-sd's probes have their API.
    private const int ProbePort = 8100;

    private readonly Setting<string> _hosts;
    private readonly Setting<int?> _port;
    private readonly Setting<IReadOnlyList<Uri>> _server;
    private readonly Setting<string> _group;
    private readonly Secret _token;
    private readonly Setting<string> _authorities;

    public CollectorFlags(Func<string, string?> environment)
    {
        _hosts = new Setting<string>(
            "collector-hosts", "LIST", "Collectors, as in 192.0.2.1,host,host:8100,[2001:db8::1]:8100; @FILE follows the list in a file.", ValueParser.Text, environment, goName: "llama.collector-hosts");
        _port = new Setting<int?>(
            "collector-port", "PORT", "TCP port of collectors that come without; 5000, and 8100 with --server.", ValueParser.TcpPort, environment, goName: "llama.collector-port");
        _server = new Setting<IReadOnlyList<Uri>>(
            "server", "URL", "The discovery server whose probes are scraped, as in http://server:5000; several have commas between them.", ServerAddress.Parse, environment, letter: 's');
        _group = new Setting<string>("group", "NAME", "Scrape the probes of this group alone.", ValueParser.Text, environment, letter: 'g');
        _token = new Secret("token", "What the server wants of those who read", environment);
        _authorities = new Setting<string>("ca-file", "FILE", "PEM of the authorities that the server's certificate may come from, instead of the system's.", ValueParser.Text, environment);
    }

    /// <summary>All of them, in the order of help.</summary>
    public IReadOnlyList<Option> Options => [_hosts, _port, _server, _group, .. _token.Options, _authorities];

    /// <summary>True where a server tells the collectors.</summary>
    public bool HasServer(ParseResult parsed) => string.IsNullOrWhiteSpace(parsed.GetValue(_hosts)) && parsed.GetValue(_server) is not null;

    /// <summary>The collectors.</summary>
    /// <exception cref="Failure">The list makes no sense, or what the server is reached with does not.</exception>
    public IAsyncEnumerable<IReadOnlyList<CollectorEntry>> Read(ParseResult parsed, Surroundings surroundings)
    {
        Log log = surroundings.Log;
        string hosts = parsed.GetValue(_hosts)?.Trim() ?? "";
        if (HasServer(parsed)) return OfServer(parsed, parsed.GetValue(_server)!, surroundings);
        if (parsed.GetValue(_server) is not null) log.Info("--collector-hosts are given, so the server is not asked for collectors");
        int port = parsed.GetValue(_port) ?? CollectorText.OriginalPort;
        if (hosts.StartsWith('@')) return CollectorLists.InFile(hosts[1..], port, surroundings.Time, log.Warn);
        if (hosts.Length == 0) log.Warn("neither --collector-hosts nor --server is given: scrapes the collector on this host");
        try
        {
            return CollectorLists.Fixed(CollectorEntry.ParseList(hosts.Length == 0 ? "localhost" : hosts, port));
        }
        catch (FormatException error)
        {
            throw new Failure($"--collector-hosts: {error.Message}", error);
        }
    }

    private async IAsyncEnumerable<IReadOnlyList<CollectorEntry>> OfServer(
        ParseResult parsed, IReadOnlyList<Uri> servers, Surroundings surroundings, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        using var list = new ServerList(
            new DiscoveryClientOptions
            {
                Servers = servers,
                Token = ServerAccess.Token(_token.Read(parsed)),
                Authorities = ServerAccess.Authorities(parsed.GetValue(_authorities)),
                Time = surroundings.Time,
            },
            new ServerListOptions
            {
                Group = parsed.GetValue(_group),
                Port = parsed.GetValue(_port) ?? ProbePort,
                Inform = surroundings.Log.Info,
                Warn = surroundings.Log.Warn,
            });
        await foreach (IReadOnlyList<CollectorEntry> entries in list.FollowAsync(cancellation).ConfigureAwait(false)) yield return entries;
    }
}
