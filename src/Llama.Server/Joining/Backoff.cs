namespace Llama.Server.Joining;

/// <summary>
/// Pauses between attempts that fail: from a second to half a minute, doubling, each cut at random by up to half, so that many
/// probes that have lost their server do not all come back at once. Belongs to one caller.
/// </summary>
public sealed class Backoff(Random random)
{
    /// <summary>The longest pause.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan First = TimeSpan.FromSeconds(1);

    private TimeSpan _next = First;

    /// <summary>The pause after one more failure.</summary>
    public TimeSpan Next()
    {
        TimeSpan pause = _next;
        _next = TimeSpan.FromTicks(Math.Min(Longest.Ticks, 2 * _next.Ticks));
        return Shorten(pause);
    }

    /// <summary>The longest pause at once, for what time alone does not mend.</summary>
    public TimeSpan Last()
    {
        _next = Longest;
        return Next();
    }

    /// <summary>All is well again.</summary>
    public void Reset() => _next = First;

    private TimeSpan Shorten(TimeSpan pause) => pause * (1 - random.NextDouble() / 2);
}
