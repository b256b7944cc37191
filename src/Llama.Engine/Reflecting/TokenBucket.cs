namespace Llama.Engine.Reflecting;

/// <summary>
/// A rate with a burst of one second's worth, shared by all workers without a lock. One number tells all: the time up to which
/// tokens are spent (the generic cell rate algorithm, ITU-T I.371). Any thread may call it; allocates nothing.
/// </summary>
internal sealed class TokenBucket
{
    private readonly double _nanosPerToken;
    private readonly long _burstNanos;
    private long _spentUntil = long.MinValue;

    /// <summary>A full bucket.</summary>
    /// <param name="perSecond">Tokens that come in each second, above 0. The burst is the whole part of it, but at least one token.</param>
    public TokenBucket(double perSecond)
    {
        _nanosPerToken = 1e9 / perSecond;
        _burstNanos = (long)(Math.Max(1, Math.Floor(perSecond)) * _nanosPerToken);
    }

    /// <summary>Takes up to <paramref name="wanted"/> tokens.</summary>
    /// <returns>How many were there.</returns>
    public int Take(int wanted, long nowNanos)
    {
        while (true)
        {
            long spentUntil = Volatile.Read(ref _spentUntil);
            long from = Math.Max(spentUntil, nowNanos - _burstNanos);
            int taken = (int)Math.Clamp((nowNanos - from) / _nanosPerToken, 0, wanted);
            if (taken == 0) return 0;
            if (Interlocked.CompareExchange(ref _spentUntil, from + (long)(taken * _nanosPerToken), spentUntil) == spentUntil) return taken;
        }
    }

    /// <summary>Puts back tokens that were taken and not used.</summary>
    public void Return(int unused) => Interlocked.Add(ref _spentUntil, -(long)(unused * _nanosPerToken));
}
