using Llama.Wire.Sockets;

namespace Llama.Engine.Reflecting;

/// <summary>
/// Ends the bouncing of a datagram between two reflectors when nothing in the datagram can tell that it has been reflected. The
/// same signature from the same source is answered at most <see cref="Limit"/> times in <see cref="WindowNanos"/>: a collector
/// sends each signature once, a bounced datagram comes back with the same one. The counters are a plain array that nothing is
/// ever evicted from, so however many datagrams bounce at once, each of them dies. Belongs to one worker.
/// </summary>
internal sealed class BounceGuard(ulong seed)
{
    /// <summary>Answers for one signature and source in a window.</summary>
    public const int Limit = 64;

    /// <summary>Length of a window.</summary>
    public const long WindowNanos = 10_000_000_000;

    private const int Places = 1 << 18;

    private readonly byte[] _counts = new byte[Places];
    private long _windowEnd = long.MinValue;

    /// <summary>Counts a datagram.</summary>
    /// <returns>False when it has come too often.</returns>
    public bool TryPass(ReadOnlySpan<byte> signature, in UdpEndpoint source, long nowNanos)
    {
        if (nowNanos >= _windowEnd) StartWindow(nowNanos);
        ulong hash = SecretHash.Mix(SecretHash.Mix(seed, source.High), source.Low ^ ((ulong)source.Port << 48));
        hash = SecretHash.Mix(hash, signature);
        ref byte count = ref _counts[(int)(hash & (Places - 1))];
        if (count >= Limit) return false;
        count++;
        return true;
    }

    private void StartWindow(long nowNanos)
    {
        Array.Clear(_counts);
        _windowEnd = nowNanos + WindowNanos;
    }
}
