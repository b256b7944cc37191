using Llama.Wire.Sockets;

namespace Llama.Engine.Reflecting;

/// <summary>
/// A rate for each source address, in a table of fixed size. Where two addresses share a place the newer one takes it with a full
/// burst, so crowding only ever lets more through, and the limit over all sources still holds. Belongs to one worker.
/// </summary>
internal sealed class SourceLimiter
{
    private const int Places = 1 << 13;

    private readonly Place[] _places = new Place[Places];
    private readonly ulong _seed;
    private readonly long _nanosPerToken;
    private readonly long _burstNanos;

    /// <summary>A limiter that has seen nobody yet.</summary>
    /// <param name="perSecond">Datagrams in a second for each address, above 0; as many may come at once.</param>
    /// <param name="seed">Secret, so that nobody can choose to share a place with another.</param>
    public SourceLimiter(double perSecond, ulong seed)
    {
        _seed = seed;
        _nanosPerToken = Math.Max(1, (long)(1e9 / perSecond));
        _burstNanos = Math.Max(1, (long)perSecond) * _nanosPerToken;
    }

    /// <summary>Takes one token of an address.</summary>
    /// <returns>False when it has none left.</returns>
    public bool TryTake(in UdpEndpoint source, long nowNanos)
    {
        ulong hash = SecretHash.Mix(SecretHash.Mix(_seed, source.High), source.Low);
        ref Place place = ref _places[(int)(hash & (Places - 1))];
        if (place.Hash != hash) place = new Place { Hash = hash, SpentUntil = nowNanos - _burstNanos };
        long from = Math.Max(place.SpentUntil, nowNanos - _burstNanos);
        if (nowNanos - from < _nanosPerToken) return false;
        place.SpentUntil = from + _nanosPerToken;
        return true;
    }

    private struct Place
    {
        public ulong Hash;
        public long SpentUntil;
    }
}
