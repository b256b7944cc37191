using Llama.Wire.Clocks;
using Llama.Wire.Datagrams;

namespace Llama.Engine.Probing;

/// <summary>A datagram that came back from a reflector. Immutable.</summary>
/// <param name="Clock">How the reflector's clock stands; null where it did not tell its times, or they can't be.</param>
public sealed record EchoReply(ClockOffset? Clock);

/// <summary>How far two clocks are apart, as a datagram that went there and back told. Immutable.</summary>
/// <param name="Nanos">The other clock less the own one, in nanoseconds.</param>
/// <param name="ErrorNanos">How far that may be wrong: half the time on the way, as nobody knows how it is divided between there and back.</param>
public readonly record struct ClockOffset(long Nanos, long ErrorNanos)
{
    /// <summary>A reflector stamps a batch before it sends it, so its time of sending is an estimate, and may be this much too late.</summary>
    private const long DwellSlackNanos = 1_000_000;

    /// <summary>The offset by the four times of one datagram, as NTP has it (RFC 5905, section 8); null where these can't be.</summary>
    /// <param name="sent">When it was sent, by the own clock.</param>
    /// <param name="there">When it arrived there and was sent back, by the other clock.</param>
    /// <param name="received">When it was back, by the own clock, which was not stepped meanwhile.</param>
    internal static ClockOffset? Of(WallTime sent, in ReflectorStamps there, WallTime received)
    {
        long elapsed = received - sent;
        if (elapsed < 0 || there.Received.Nanos < 0 || there.Transmitted < there.Received) return null;
        long dwell = there.Transmitted - there.Received;
        if (dwell > elapsed + DwellSlackNanos) return null;
        long error = Math.Max(0, elapsed - dwell) / 2;
        return new ClockOffset(there.Transmitted - received + error, error);
    }
}
