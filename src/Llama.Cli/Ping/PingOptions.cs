using System.Net;
using System.Net.Sockets;
using Llama.Engine;

namespace Llama.Cli.Ping;

/// <summary>How results are written.</summary>
internal enum PingFormat
{
    /// <summary>For people: a live table on a terminal, lines elsewhere.</summary>
    Text,

    /// <summary>JSON Lines.</summary>
    Json,

    /// <summary>Comma-separated values.</summary>
    Csv,
}

/// <summary>What <c>llama ping</c> is asked to do. Immutable.</summary>
internal sealed record PingOptions
{
    /// <summary>The targets, in the order they were given.</summary>
    public required IReadOnlyList<PingTarget> Targets { get; init; }

    /// <summary>Source ports.</summary>
    public int Flows { get; init; } = 8;

    /// <summary>Datagrams per second to each target, over all flows.</summary>
    public double Rate { get; init; } = 16;

    /// <summary>Datagrams to each target, over all flows; null for no end.</summary>
    public long? Count { get; init; }

    /// <summary>How long to send; null for no end.</summary>
    public TimeSpan? Duration { get; init; }

    /// <summary>How long a reply may take.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Time between two pictures, lines or objects.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The ToS octet.</summary>
    public byte Class { get; init; }

    /// <summary>UDP payload in bytes.</summary>
    public int Size { get; init; } = 1028;

    /// <summary>Sets don't-fragment.</summary>
    public bool DontFragment { get; init; }

    /// <summary>Searches for the largest size that passes, in place of everything else.</summary>
    public bool FindMtu { get; init; }

    /// <summary>The address to send from; null leaves the choice to the kernel.</summary>
    public IPAddress? Source { get; init; }

    /// <summary>The only family that names are resolved to; null for IPv4 before IPv6.</summary>
    public AddressFamily? Family { get; init; }

    /// <summary>The key that datagrams are authenticated with; empty for none.</summary>
    public ReadOnlyMemory<byte> Key { get; init; }

    /// <summary>Takes System.Net.Sockets.</summary>
    public bool Portable { get; init; }

    /// <summary>How results are written.</summary>
    public PingFormat Format { get; init; }

    /// <summary>Shows a row for each flow.</summary>
    public bool PerFlow { get; init; }

    /// <summary>The share of datagrams, 0 to 1, of which no more may be lost.</summary>
    public double? FailLoss { get; init; }

    /// <summary>What the median round-trip time must not be above.</summary>
    public TimeSpan? FailRtt { get; init; }

    /// <summary>How many datagrams each target gets: what the count or the duration comes to, whichever is less.</summary>
    public long? MostDatagrams
    {
        get
        {
            long? byTime = Duration is { } span ? (long)Math.Max(1, Math.Round(span.TotalSeconds * Rate)) : null;
            return Count is { } count && byTime is { } timed ? Math.Min(count, timed) : Count ?? byTime;
        }
    }

    /// <summary>What the engine is to do.</summary>
    /// <param name="targets">The targets, resolved.</param>
    public ProbingPlan Plan(IReadOnlyList<Target> targets) => new()
    {
        Interval = Interval,
        Tests =
        [
            new ProbingTest
            {
                Name = "ping",
                CyclesPerSecond = Rate / Flows,
                MostDatagrams = MostDatagrams * targets.Count,
                Targets = targets,
                Ports =
                [
                    .. Enumerable.Range(0, Flows).Select(ordinal => new SourcePort
                    {
                        Ordinal = ordinal,
                        Address = Source ?? IPAddress.Any,
                        Class = Class,
                        Timeout = Timeout,
                        Size = Size,
                        DontFragment = DontFragment ? true : null,
                    }),
                ],
            },
        ],
    };
}
