using Llama.Mesh.Membership;

namespace Llama.Server.Discovery;

/// <summary>The newest events, bounded. Any thread may call it.</summary>
internal sealed class EventFeed
{
    /// <summary>The sequence of the newest event; 0 before the first.</summary>
    public long Newest => throw new NotImplementedException();

    /// <summary>Up to <paramref name="limit"/> events behind <paramref name="sequence"/>, oldest first. Those that have fallen out are missing.</summary>
    public IReadOnlyList<MeshEvent> After(long sequence, int limit) => throw new NotImplementedException();

    /// <summary>Completes when there is an event behind <paramref name="sequence"/>.</summary>
    public Task WaitAsync(long sequence, CancellationToken cancellation) => throw new NotImplementedException();
}
