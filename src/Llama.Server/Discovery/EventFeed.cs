using Llama.Mesh.Membership;

namespace Llama.Server.Discovery;

/// <summary>The newest events, bounded. Any thread may call it.</summary>
internal sealed class EventFeed
{
    /// <summary>How many events are kept: those of some hours of a big mesh, in a few megabytes.</summary>
    public const int Capacity = 10_000;

    private readonly Lock _lock = new();
    private readonly MeshEvent[] _ring = new MeshEvent[Capacity];
    private TaskCompletionSource _grown = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _newest;

    /// <summary>The sequence of the newest event; 0 before the first.</summary>
    public long Newest => Interlocked.Read(ref _newest);

    /// <summary>
    /// Up to <paramref name="limit"/> events behind <paramref name="sequence"/>, oldest first. Those that have fallen out are missing. A
    /// sequence that is not reached yet is one of before the server's start, and all events are behind it.
    /// </summary>
    public IReadOnlyList<MeshEvent> After(long sequence, int limit)
    {
        lock (_lock)
        {
            long from = Math.Max(Behind(sequence), _newest - Capacity);
            var events = new MeshEvent[(int)Math.Clamp(_newest - from, 0, Math.Max(0, limit))];
            for (int i = 0; i < events.Length; i++) events[i] = _ring[(from + i) % Capacity];
            return events;
        }
    }

    /// <summary>Completes when there is an event behind <paramref name="sequence"/>.</summary>
    public async Task WaitAsync(long sequence, CancellationToken cancellation)
    {
        while (true)
        {
            Task grown;
            lock (_lock)
            {
                if (_newest > Behind(sequence)) return;
                grown = _grown.Task;
            }

            await grown.WaitAsync(cancellation);
        }
    }

    /// <summary>Takes events in; their sequences go on from those before.</summary>
    public void Append(IReadOnlyCollection<MeshEvent> events)
    {
        if (events.Count == 0) return;
        TaskCompletionSource grown;
        lock (_lock)
        {
            foreach (MeshEvent one in events)
            {
                _ring[(one.Sequence - 1) % Capacity] = one;
                _newest = one.Sequence;
            }

            grown = _grown;
            _grown = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        grown.SetResult();
    }

    private long Behind(long sequence) => sequence < 0 || sequence > _newest ? 0 : sequence;
}
