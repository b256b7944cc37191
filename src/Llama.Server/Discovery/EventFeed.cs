using Llama.Mesh.Membership;
using Llama.Server.Hosting;

namespace Llama.Server.Discovery;

/// <summary>The newest events of the mesh, bounded. Any thread may call it.</summary>
internal sealed class EventFeed() : Feed<MeshEvent>(Capacity, one => one.Sequence)
{
    /// <summary>How many events are kept: those of some hours of a big mesh, in a few megabytes.</summary>
    public const int Capacity = 10_000;
}
