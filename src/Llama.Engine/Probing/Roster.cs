using System.Net;

namespace Llama.Engine.Probing;

/// <summary>What a flow is, for whoever writes summaries.</summary>
/// <param name="Pair">Index of its pair.</param>
/// <param name="LocalPort">The UDP port it leaves from.</param>
internal sealed record FlowIdentity(int Pair, int LocalPort);

/// <summary>What a pair and class is.</summary>
/// <param name="Source">The address it leaves from, as configured.</param>
/// <param name="Target">Whom it is sent to, with the tags of the newest plan.</param>
/// <param name="Destination">The target's address and port.</param>
/// <param name="Class">The ToS or traffic class octet.</param>
internal sealed record PairIdentity(IPAddress Source, Target Target, IPEndPoint Destination, byte Class);

/// <summary>Names for the indices that the loop works with. Immutable.</summary>
/// <param name="Flows">By index; null where an index is not in use.</param>
/// <param name="Pairs">By index; null where an index is not in use.</param>
internal sealed record Roster(FlowIdentity?[] Flows, PairIdentity?[] Pairs)
{
    /// <summary>The names of nothing.</summary>
    public static Roster Empty { get; } = new([], []);
}
