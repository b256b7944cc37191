using System.Net;

namespace Llama.Mesh;

/// <summary>
/// What a collector is told to do: dropbox/llama's YAML with its defaults filled in and every reference checked. Immutable.
/// Read by <see cref="CollectorConfigurationReader"/>.
/// </summary>
public sealed record CollectorConfiguration
{
    /// <summary>How results are cut into intervals.</summary>
    public required SummarizationSettings Summarization { get; init; }

    /// <summary>Where the collector's HTTP API listens.</summary>
    public required ApiSettings Api { get; init; }

    /// <summary>The tests, references resolved.</summary>
    public required IReadOnlyList<TestSettings> Tests { get; init; }

    /// <summary>True when the file was in the legacy form: address to tags.</summary>
    public bool IsLegacy { get; init; }
}

/// <summary>The section <c>summarization</c>.</summary>
public sealed record SummarizationSettings
{
    /// <summary>Length of an interval: whole seconds, 1 to 86400. Default: 30 s.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(30);
}

/// <summary>The section <c>api</c>.</summary>
public sealed record ApiSettings
{
    /// <summary>Host part of <c>bind</c>: an address, a name, or empty for all addresses. Default: 0.0.0.0.</summary>
    public string Host { get; init; } = "0.0.0.0";

    /// <summary>Port part of <c>bind</c>. Default: 5000.</summary>
    public int Port { get; init; } = 5000;
}

/// <summary>One entry of <c>tests</c>, with what it refers to.</summary>
public sealed record TestSettings
{
    /// <summary>Tells it from the other tests of the file: names of its targets, port group and rate limit, and a count where those repeat.</summary>
    public required string Name { get; init; }

    /// <summary>Cycles per second, above 0: each sends one datagram from every port to every target.</summary>
    public required double CyclesPerSecond { get; init; }

    /// <summary>The ports of the port group, each with how many of it are opened.</summary>
    public required IReadOnlyList<PortSettings> Ports { get; init; }

    /// <summary>The targets.</summary>
    public required IReadOnlyList<TargetSettings> Targets { get; init; }
}

/// <summary>An entry of <c>ports</c> together with the <c>count</c> of the port group's entry that named it.</summary>
public sealed record PortSettings
{
    internal const int DefaultSize = 1028;

    /// <summary>Its key under <c>ports</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The address to send from (<c>ip</c>); the wildcard leaves it to the kernel. Default: 0.0.0.0.</summary>
    public IPAddress Address { get; init; } = IPAddress.Any;

    /// <summary>The port to send from (<c>port</c>); 0, the default, lets the kernel choose.</summary>
    public int Port { get; init; }

    /// <summary>The ToS or traffic class octet (<c>tos</c>), modulo 256 as in Go. Default: 0.</summary>
    public byte Class { get; init; }

    /// <summary>How long a reply may take (<c>timeout</c>, milliseconds, above 0).</summary>
    public required TimeSpan Timeout { get; init; }

    /// <summary>UDP payload in bytes (<c>size</c>), 84 to 9216. Default: 1028, what the Go collector sends.</summary>
    public int Size { get; init; } = DefaultSize;

    /// <summary>Don't-fragment (<c>df</c>): set, cleared, or, by default, as the kernel does.</summary>
    public bool? DontFragment { get; init; }

    /// <summary>How many such ports are opened, at least 1.</summary>
    public required int Count { get; init; }
}

/// <summary>An entry of a target list.</summary>
public sealed record TargetSettings
{
    /// <summary>A name or an address without brackets (<c>ip</c>, or <c>host</c>).</summary>
    public required string Host { get; init; }

    /// <summary>The address when <see cref="Host"/> is one; null for a name, which is resolved again and again.</summary>
    public IPAddress? Address { get; init; }

    /// <summary>The reflector's port, 1 to 65535.</summary>
    public required int Port { get; init; }

    /// <summary>Its tags, in the order of the file, each value as its source text.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Tags { get; init; } = [];
}
