using System.CommandLine;
using Llama.Cli.Joining;
using Llama.Cli.Settings;
using Llama.Mesh;
using Llama.Server.Joining;

namespace Llama.Cli.Watching;

/// <summary>Which server is asked, and of which pairs: the settings of all commands that show what a server knows.</summary>
internal sealed class WatchFlags
{
    private readonly Setting<IReadOnlyList<Uri>> _server;
    private readonly Secret _token;
    private readonly Setting<string> _authorities;
    private readonly Setting<string> _group;
    private readonly Setting<string> _class;
    private readonly ListSetting _sources;
    private readonly ListSetting _destinations;
    private readonly Setting<string> _by;
    private readonly Setting<string> _sourceBy;
    private readonly Setting<string> _destinationBy;

    public WatchFlags(Func<string, string?> environment)
    {
        _server = new("server", "URL", "The server; of several with commas between them, the first that answers.", ServerAddress.Parse, environment, "http://127.0.0.1:5000", letter: 's');
        _token = new("token", "What the server wants of those who read", environment);
        _authorities = new("ca-file", "FILE", "PEM of the authorities that the server's certificate may come from, instead of the system's.", ValueParser.Text, environment);
        _group = new("group", "NAME", "Which group; needed where there are several.", ValueParser.Text, environment, letter: 'g');
        _class = new("class", "CLASS", "DSCP by name (EF, AF41, CS1, BE), the ToS octet (0xB8, 184), or all; the lowest where it is not given.", ParseClass, environment);
        _sources = Selector("source", "sources", "Only those who send that match: NAME or TAG=VALUE, * is any text; again, or behind a comma, for more.", environment);
        _destinations = Selector("destination", "destinations", "Only those who reflect that match; likewise.", environment);
        _by = new("by", "TAG", "Put pairs together by this tag on both sides, as in site.", ValueParser.Text, environment);
        _sourceBy = new("source-by", "TAG", "The same for those who send alone; 'name' leaves them apart.", ValueParser.Text, environment);
        _destinationBy = new("destination-by", "TAG", "The same for those who reflect alone.", ValueParser.Text, environment);
    }

    /// <summary>All of them, in the order of help.</summary>
    public IReadOnlyList<Option> Options =>
        [_server, .. _token.Options, _authorities, _group, _class, _sources, _destinations, _by, _sourceBy, _destinationBy];

    /// <summary>Who answers.</summary>
    /// <exception cref="Failure">What the server is reached with makes no sense.</exception>
    public MeshServer Connect(ParseResult parsed, string command, Surroundings surroundings)
    {
        string? token = ServerAccess.Token(_token.Read(parsed));
        return new MeshServer(
            new ServerReader(new DiscoveryClientOptions
            {
                Servers = parsed.GetValue(_server)!,
                Token = token,
                Authorities = ServerAccess.Authorities(parsed.GetValue(_authorities)),
                Handler = surroundings.HttpHandler,
                Time = surroundings.Time,
            }),
            command,
            hasToken: token is not null);
    }

    /// <summary>The pairs that are asked for.</summary>
    public MeshQuestion Read(ParseResult parsed) => new()
    {
        Group = parsed.GetValue(_group),
        Class = parsed.GetValue(_class),
        Sources = parsed.GetValue(_sources) ?? [],
        Destinations = parsed.GetValue(_destinations) ?? [],
        SourceBy = parsed.GetValue(_sourceBy) ?? parsed.GetValue(_by),
        DestinationBy = parsed.GetValue(_destinationBy) ?? parsed.GetValue(_by),
    };

    private static ListSetting Selector(string name, string plural, string description, Func<string, string?> environment) => new(
        name,
        plural,
        "MATCH",
        description,
        values => [.. values.Where(value => value.Split(',').Any(part => part.Trim().Length == 0)).Select(value => $"'{value}' matches nothing: give a name as in ams*, or a tag as in site=ams1")],
        environment);

    // Checked here, so that a slip of the pen needs no server to be told; the server reads it again.
    private static Parsed<string> ParseClass(string text) =>
        text == "all" || TrafficClass.Parse(text) is not null
            ? Parsed.Of(text)
            : Parsed.Not<string>(text, "is not a class: give a DSCP name like EF, AF41 or CS1, a ToS octet like 0xB8 or 184, or 'all' for all together");
}
