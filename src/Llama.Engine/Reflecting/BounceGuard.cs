using System.Runtime.InteropServices;
using Llama.Wire.Sockets;

namespace Llama.Engine.Reflecting;

/// <summary>
/// Ends the bouncing of a datagram between two reflectors when nothing in the datagram can tell that it has been reflected. A
/// collector sends each signature once, a bounced datagram comes back with the same one: each answer to a signature and source
/// counts, an eighth of the count is forgiven every <see cref="WindowNanos"/>, and at <see cref="Limit"/> it is not answered. What
/// comes back 8 times or more in that span, which is reflectors up to 1.25 s apart, therefore dies. The counters are a plain array
/// that nothing is ever evicted from, so however many datagrams bounce at once, each of them dies. Belongs to one worker.
/// </summary>
internal sealed class BounceGuard(ulong seed)
{
    /// <summary>A signature and source with this count is not answered.</summary>
    public const int Limit = 64;

    /// <summary>How often a part of all counts is forgiven.</summary>
    public const long WindowNanos = 10_000_000_000;

    /// <summary>
    /// So many that signatures of honest collectors, which share places by chance, stay far below the limit: 300,000 of them in a
    /// second make a count of 23 on average.
    /// </summary>
    private const int Places = 1 << 20;

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
        // Eight counts at a time: each less the eighth part of it, which never borrows from its neighbour.
        foreach (ref ulong counts in MemoryMarshal.Cast<byte, ulong>(_counts.AsSpan())) counts -= (counts >> 3) & 0x1F1F_1F1F_1F1F_1F1F;
        _windowEnd = nowNanos + WindowNanos;
    }
}
