using System.Net;
using Llama.Mesh.Yaml;

namespace Llama.Mesh.Reading;

/// <summary>Reads the full form: sections that tests refer to by name.</summary>
internal static class FullForm
{
    /// <summary>The sections there are.</summary>
    public static readonly string[] Sections = ["summarization", "api", "ports", "port_groups", "rate_limits", "tests", "targets"];

    /// <summary>The keys of <c>summarization</c>.</summary>
    public static readonly string[] SummarizationKeys = ["interval", "handlers"];

    /// <summary>The keys of <c>api</c>.</summary>
    public static readonly string[] ApiKeys = ["bind"];

    private static readonly string[] PortKeys = ["ip", "port", "tos", "timeout", "size", "df"];
    private static readonly string[] GroupKeys = ["port", "count"];
    private static readonly string[] RateLimitKeys = ["cps"];

    /// <summary>Reads a document.</summary>
    /// <param name="document">The document.</param>
    /// <param name="isOwnAddress">Tells whether an address is this host's.</param>
    /// <param name="findings">Takes mistakes and warnings.</param>
    /// <returns>Null when it has mistakes, which are then reported.</returns>
    public static CollectorConfiguration? Read(YamlMapping document, Func<IPAddress, bool> isOwnAddress, Findings findings)
    {
        Findings own = findings.Part();
        Settings sections = Settings.Of(document, KeyPath.Root, 0, Sections, own)!;
        SummarizationSettings summarization = Summarization(sections.Field("summarization"), own);
        ApiSettings api = Api(sections.Field("api"), own);
        findings.Take(own, inUse: true);

        Section<PortSettings> ports = Section<PortSettings>.Of("ports", sections.Value("ports"), ReadPort, findings);
        Section<PortGroup> groups = Section<PortGroup>.Of("port_groups", sections.Value("port_groups"), Group, findings);
        Section<object> rateLimits = Section<object>.Of("rate_limits", sections.Value("rate_limits"), RateLimit, findings);
        Section<TargetList> targets = Section<TargetList>.Of("targets", sections.Value("targets"), TargetList.Read, findings);
        IReadOnlyList<TestSettings> tests = new TestList(ports, groups, rateLimits, targets, findings).Read(sections);
        return findings.HasErrors ? null : new CollectorConfiguration { Summarization = summarization, Api = api, Tests = tests };

        PortSettings? ReadPort(string name, YamlNode value, int line, KeyPath path, Findings part) =>
            Port(name, value, line, path, isOwnAddress, part);
    }

    private static SummarizationSettings Summarization(YamlField? field, Findings findings)
    {
        Settings? settings = Settings.Of(field?.Value, KeyPath.Root.Key("summarization"), field?.Line ?? 0, SummarizationKeys, findings);
        long? seconds = settings?.Whole(
            "interval", 1, Limits.MaxIntervalSeconds, null, $"give the seconds of an interval, 1 to {Limits.MaxIntervalSeconds}");
        if (settings?.Whole("handlers", long.MinValue, long.MaxValue, 1, "give a whole number, or leave it out") < 1)
        {
            findings.Warning(
                settings.LineOf("handlers"), settings.PathOf("handlers"), "is below 1 and ignored: the Go collector would report nothing");
        }

        return new SummarizationSettings { Interval = TimeSpan.FromSeconds(seconds ?? 1) };
    }

    private static ApiSettings Api(YamlField? field, Findings findings)
    {
        var defaults = new ApiSettings();
        Settings? settings = Settings.Of(field?.Value, KeyPath.Root.Key("api"), field?.Line ?? 0, ApiKeys, findings);
        if (settings is null)
            return defaults;
        if (settings.Text("bind") is not { Length: > 0 } bind)
        {
            if (settings.Value("bind") is null or YamlScalar)
            {
                findings.Warning(
                    settings.LineOf("bind"),
                    settings.PathOf("bind"),
                    $"is missing: the API listens on {defaults.Host}:{defaults.Port} (the Go collector's on port 80)");
            }

            return defaults;
        }

        if (TryParseBind(bind, out string host, out int port))
            return new ApiSettings { Host = host, Port = port };
        findings.Error(
            settings.LineOf("bind"),
            settings.PathOf("bind"),
            $"is {Excerpt.Of(bind)}: write host:port, as in 127.0.0.1:5000, :5000 or [::]:5000");
        return defaults;
    }

    private static bool TryParseBind(string bind, out string host, out int port)
    {
        int colon = bind.LastIndexOf(':');
        host = colon < 0 ? bind : bind[..colon];
        port = 0;
        if (colon < 0 || !ushort.TryParse(bind.AsSpan(colon + 1), System.Globalization.NumberStyles.None, null, out ushort number))
            return false;
        port = number;
        bool bracketed = host.StartsWith('[');
        return host.Length == 0
            || (bracketed == host.Contains(':', StringComparison.Ordinal) && HostText.TryParse(host, out host, out _, out _));
    }

    private static PortSettings? Port(
        string name, YamlNode value, int line, KeyPath path, Func<IPAddress, bool> isOwnAddress, Findings findings)
    {
        Settings? settings = Settings.Of(value, path, line, PortKeys, findings);
        if (settings is null)
            return null;

        IPAddress? address = Source(settings, isOwnAddress, findings);
        long? port = settings.Whole("port", 0, ushort.MaxValue, 0, "give a port from 1 to 65535, or 0 to let the kernel choose");
        long? tos = settings.Whole("tos", -Octet.Widest, Octet.Widest, 0, "give the octet, 0 to 255");
        if (tos is < 0 or > byte.MaxValue)
            findings.Warning(settings.LineOf("tos"), settings.PathOf("tos"), $"is {tos} and taken modulo 256: {(byte)tos}");
        long? timeout = settings.Whole(
            "timeout", 1, Limits.MaxTimeoutMillis, null, $"give the milliseconds that a reply may take, 1 to {Limits.MaxTimeoutMillis}");
        long? size = settings.Whole(
            "size", Limits.MinSize, Limits.MaxSize, PortSettings.DefaultSize, $"give the UDP payload's bytes, {Limits.MinSize} to {Limits.MaxSize}");
        bool? df = settings.Flag("df", "write true to set don't-fragment, false to clear it, or leave it to the kernel by leaving it out");
        if (address is null || port is null || tos is null || timeout is null || size is null)
            return null;

        return new PortSettings
        {
            Name = name,
            Address = address,
            Port = (int)port,
            Class = unchecked((byte)tos),
            Timeout = TimeSpan.FromMilliseconds(timeout.Value),
            Size = (int)size,
            DontFragment = df,
            Count = 1,
        };
    }

    private static IPAddress? Source(Settings settings, Func<IPAddress, bool> isOwnAddress, Findings findings)
    {
        if (settings.Text("ip") is not { Length: > 0 } ip)
            return IPAddress.Any;
        const string Advice = "write an address of this host, or 0.0.0.0 for any";
        if (!HostText.TryParse(ip, out _, out IPAddress? address, out string? problem) || address is null)
            findings.Error(settings.LineOf("ip"), settings.PathOf("ip"), $"is {Excerpt.Of(ip)}, which {problem ?? "is a name"}: {Advice}");
        else if (!address.Equals(IPAddress.Any) && !address.Equals(IPAddress.IPv6Any) && !isOwnAddress(address))
            findings.Unfit(settings.LineOf("ip"), settings.PathOf("ip"), $"is {ip}, which is no address of this host: {Advice}");
        return address;
    }

    private static PortGroup? Group(string name, YamlNode value, int line, KeyPath path, Findings findings)
    {
        IReadOnlyList<(YamlNode, KeyPath)>? items = Settings.Items(value, path, "write a list of port and count", findings);
        if (items is null)
            return null;
        if (items.Count == 0)
            findings.Unfit(line, path, "has no ports: add a port and its count");

        var members = new List<PortGroupMember>();
        foreach ((YamlNode item, KeyPath at) in items)
        {
            Settings? settings = Settings.Of(item, at, item.Line, GroupKeys, findings);
            string? port = settings?.RequiredText("port", "name an entry of ports");
            long? count = settings?.Whole("count", 1, Limits.MaxCount, null, $"give how many of the port to open, 1 to {Limits.MaxCount}");
            if (settings is not null && port is not null)
            {
                members.Add(new PortGroupMember(
                    port, settings.LineOf("port"), settings.PathOf("port"), (int)(count ?? 0), settings.LineOf("count"), settings.PathOf("count")));
            }
        }

        return new PortGroup(members, findings);
    }

    private static object? RateLimit(string name, YamlNode value, int line, KeyPath path, Findings findings) =>
        Settings.Of(value, path, line, RateLimitKeys, findings)?.Real(
            "cps",
            Limits.MinCyclesPerSecond,
            Limits.MaxCyclesPerSecond,
            $"give the cycles per second: above 0 (one a day at least), at most {Limits.MaxCyclesPerSecond}");

    private static class Octet
    {
        // Go takes any 64-bit integer; beyond this a number with a fraction is no longer exact.
        public const long Widest = 1L << 53;
    }
}
