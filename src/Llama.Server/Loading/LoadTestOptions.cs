namespace Llama.Server.Loading;

/// <summary>How a discovery server is loaded. Immutable.</summary>
public sealed record LoadTestOptions
{
    /// <summary>The server, as in <c>http://server:5000</c>.</summary>
    public required Uri Server { get; init; }

    /// <summary>How many synthetic probes, 1 to <see cref="MostProbes"/>. Default: 1,000.</summary>
    public int Probes { get; init; } = 1000;

    /// <summary>Over how many groups they are spread evenly, at least 1. Default: 8, as in the original.</summary>
    public int Groups { get; init; } = 8;

    /// <summary>How many join in a second; null for as many as the server takes. Default: null.</summary>
    public double? JoinsPerSecond { get; init; }

    /// <summary>How long they stay once all have joined. Default: 30 s.</summary>
    public TimeSpan Hold { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How often each renews its lease and looks for a new configuration meanwhile. Default: 30 s.</summary>
    public TimeSpan Renew { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Requests at a time, each with its own connection, at least 1. Default: 8.</summary>
    public int Connections { get; init; } = 8;

    /// <summary>The token for registering, and for reading configurations; null for none.</summary>
    public string? Token { get; init; }

    /// <summary>Most probes: as many as there are addresses in 198.18.0.0/15, which is set aside for such tests (RFC 2544).</summary>
    public const int MostProbes = 131_070;
}
