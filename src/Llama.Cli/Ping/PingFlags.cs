using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Llama.Cli.Settings;
using Llama.Engine;
using Llama.Mesh;

namespace Llama.Cli.Ping;

/// <summary>The flags of <c>llama ping</c>, and what they come to.</summary>
internal sealed class PingFlags
{
    private const int MostFlows = 1000;

    private readonly Setting<int?> _flows;
    private readonly Setting<double?> _rate;
    private readonly Setting<int?> _count;
    private readonly Setting<TimeSpan?> _duration;
    private readonly Setting<TimeSpan?> _timeout;
    private readonly Setting<TimeSpan?> _interval;
    private readonly Setting<byte?> _class;
    private readonly Setting<int?> _size;
    private readonly Option<bool> _dontFragment = new("--df", "-df") { Description = "Set don't-fragment." };
    private readonly Option<bool> _mtu = new("--mtu", "-mtu") { Description = "Find the largest size that passes each way, and end." };
    private readonly Setting<IPAddress> _source;
    private readonly Option<bool> _ipv4 = new("-4", "--ipv4", "-ipv4") { Description = "Resolve names to IPv4 addresses only." };
    private readonly Option<bool> _ipv6 = new("-6", "--ipv6", "-ipv6") { Description = "Resolve names to IPv6 addresses only." };
    private readonly Option<bool> _perFlow = new("--per-flow", "-per-flow") { Description = "Show a row for each flow." };
    private readonly Option<bool> _json = new("--json", "-json") { Description = "Write JSON Lines: an object for each interval, and one for everything." };
    private readonly Option<bool> _csv = new("--csv", "-csv") { Description = "Write comma-separated values with a header." };
    private readonly Setting<double?> _failLoss;
    private readonly Setting<TimeSpan?> _failRtt;
    private readonly Setting<string> _keyFile;
    private readonly Setting<NetworkKind> _network;

    public PingFlags(Func<string, string?> environment)
    {
        _flows = new("flows", "N", "Source ports: paths that are tried.", text => ValueParser.Count(text, 1, MostFlows, "is not a number of flows"), environment, "8");
        _rate = new("rate", "RATE", "Datagrams per second to each target, over all flows.", ParseRate, environment, "16");
        _count = new("count", "N", "End after so many datagrams to each target, over all flows.", text => ValueParser.Count(text, 1, int.MaxValue, "is not a number of datagrams"), environment, goName: "c");
        _duration = new("duration", "DURATION", "End after sending for this long, as in 30s or 5m.", ValueParser.Duration, environment, goName: "w");
        _timeout = new("timeout", "DURATION", "How long a reply may take, up to 60s.", ParseTimeout, environment, "1s");
        _interval = new("interval", "DURATION", "Time between two pictures, lines or objects: whole seconds.", ParseInterval, environment, "1s");
        _class = new("class", "CLASS", "DSCP by name (EF, AF41, CS1, BE), or the ToS octet (0xB8, 184).", ParseClass, environment, "BE", goName: "Q");
        _size = new("size", "BYTES", "UDP payload.", text => ValueParser.Count(text, SourcePort.MinSize, SourcePort.MaxSize, "is not a size"), environment, "1028", goName: "s");
        _source = new("source", "ADDRESS", "Address to send from.", ValueParser.Address, environment, goName: "a");
        _failLoss = new("fail-loss", "SHARE", "Exit with 1 when a target loses more than this, as in 1%.", ValueParser.Share, environment);
        _failRtt = new("fail-rtt", "DURATION", "Exit with 1 when a median round trip takes longer, as in 20ms.", ValueParser.Duration, environment);
        _keyFile = new("key-file", "FILE", "Authenticate datagrams with the key in this file.", ValueParser.Text, environment);
        _network = new("network", "KIND", "'kernel' for batched system calls, 'portable' for System.Net.Sockets.", ValueParser.Network, environment, "kernel");
    }

    private Argument<PingTarget[]> Targets { get; } = new("target")
    {
        Description = "HOST, HOST:PORT, an IPv6 address, or [IPV6]:PORT; port 8100 where there is none.",
        Arity = ArgumentArity.ZeroOrMore,
        CustomParser = ParseTargets,
    };

    private IReadOnlyList<Option> All =>
    [
        _flows, _rate, _count, _duration, _timeout, _interval, _class, _size, _dontFragment, _mtu, _source, _ipv4, _ipv6,
        _perFlow, _json, _csv, _failLoss, _failRtt, _keyFile, _network,
    ];

    /// <summary>Gives them to a command.</summary>
    public void AddTo(Command command)
    {
        command.Add(Targets);
        foreach (Option option in All) command.Add(option);
        command.Validators.Add(Check);
    }

    /// <summary>What a command line says.</summary>
    /// <param name="parsed">A command line without mistakes.</param>
    /// <param name="log">Hears of a key that everybody can read.</param>
    /// <exception cref="Failure">The key can't be read.</exception>
    public PingOptions Read(ParseResult parsed, Log log) => new()
    {
        Targets = parsed.GetValue(Targets)!,
        Flows = parsed.GetValue(_flows)!.Value,
        Rate = parsed.GetValue(_rate)!.Value,
        Count = parsed.GetValue(_count),
        Duration = parsed.GetValue(_duration),
        Timeout = parsed.GetValue(_timeout)!.Value,
        Interval = parsed.GetValue(_interval)!.Value,
        Class = parsed.GetValue(_class)!.Value,
        Size = parsed.GetValue(_size)!.Value,
        DontFragment = parsed.GetValue(_dontFragment),
        FindMtu = parsed.GetValue(_mtu),
        Source = parsed.GetValue(_source),
        Family = parsed.GetValue(_ipv4) ? AddressFamily.InterNetwork : parsed.GetValue(_ipv6) ? AddressFamily.InterNetworkV6 : null,
        PerFlow = parsed.GetValue(_perFlow),
        Format = parsed.GetValue(_json) ? PingFormat.Json : parsed.GetValue(_csv) ? PingFormat.Csv : PingFormat.Text,
        FailLoss = parsed.GetValue(_failLoss),
        FailRtt = parsed.GetValue(_failRtt),
        Key = KeyFile.Read(parsed.GetValue(_keyFile), log),
        Portable = parsed.GetValue(_network) == NetworkKind.Portable,
    };

    /// <summary>Complains of what does not go together.</summary>
    private void Check(CommandResult result)
    {
        if (result.GetResult(Targets) is not { Tokens.Count: > 0 }) result.AddError("give a target, as in 'llama ping 192.0.2.1'");
        if (result.GetValue(_ipv4) && result.GetValue(_ipv6)) result.AddError("-4 and -6 exclude each other");
        if (result.GetValue(_json) && result.GetValue(_csv)) result.AddError("--json and --csv exclude each other");
    }

    private static PingTarget[] ParseTargets(ArgumentResult result)
    {
        Parsed<PingTarget>[] targets = [.. result.Tokens.Select(token => PingTarget.Parse(token.Value))];
        foreach (Parsed<PingTarget> target in targets)
            if (target.Problem is { } problem) result.AddError(problem);
        return [.. targets.Select(target => target.Value).OfType<PingTarget>()];
    }

    private static Parsed<double?> ParseRate(string text) =>
        Number(text) is { } rate and >= 0.01 and <= 1e6
            ? Parsed.Of<double?>(rate)
            : Parsed.Not<double?>(text, "is not a rate: give a number of datagrams per second from 0.01 to 1000000");

    private static Parsed<byte?> ParseClass(string text) =>
        TrafficClass.Parse(text) is { } octet
            ? Parsed.Of<byte?>(octet)
            : Parsed.Not<byte?>(text, "is not a class: give a DSCP name like EF, AF41 or CS1, or a ToS octet like 0xB8 or 184");

    private static Parsed<TimeSpan?> ParseTimeout(string text) =>
        ValueParser.Duration(text) is { Value.TotalSeconds: > 60 }
            ? Parsed.Not<TimeSpan?>(text, "is too long: give 60s at the most")
            : ValueParser.Duration(text);

    private static Parsed<TimeSpan?> ParseInterval(string text) =>
        ValueParser.Duration(text) is { Value: { } span } && (span.Ticks % TimeSpan.TicksPerSecond != 0 || span.TotalDays > 1)
            ? Parsed.Not<TimeSpan?>(text, "is not a number of whole seconds, up to a day: give one like 1s or 1m")
            : ValueParser.Duration(text);

    private static double? Number(string text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number)
            ? number : null;
}
