using Llama.Wire.Sockets;

namespace Llama.Engine.Probing;

/// <summary>A plan as the loop takes it: indices instead of names, sockets open.</summary>
internal sealed record PlanChange
{
    public required TimeSpan Interval { get; init; }

    public required Roster Roster { get; init; }

    /// <summary>All sockets that the plan sends from, with its settings for each.</summary>
    public required IReadOnlyList<SourceChange> Sources { get; init; }

    /// <summary>The flows that were not there before.</summary>
    public required IReadOnlyList<NewFlow> NewFlows { get; init; }

    public required IReadOnlyList<TestChange> Tests { get; init; }

    /// <summary>Payload of the longest datagram.</summary>
    public required int MaxSize { get; init; }
}

/// <summary>A socket with what the plan says of it.</summary>
internal sealed record SourceChange(SourceSocket Source, SourcePort Settings, int RingCapacity);

/// <summary>A flow that begins.</summary>
internal sealed record NewFlow(int Index, int Pair, SourceSocket Source, UdpEndpoint Remote, byte Class, ulong Session);

/// <summary>A test's flows in the order they are due; one that is equal to its former self goes on undisturbed.</summary>
/// <param name="Name">What tells it from other tests.</param>
/// <param name="CyclesPerSecond">Cycles per second.</param>
/// <param name="Flows">Port by port, and within a port target by target.</param>
/// <param name="Targets">How many targets there are.</param>
/// <param name="MostDatagrams">After how many datagrams it ends; null for no end.</param>
internal sealed record TestChange(string Name, double CyclesPerSecond, int[] Flows, int Targets, long? MostDatagrams);
