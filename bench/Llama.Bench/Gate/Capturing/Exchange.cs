using System.Buffers.Binary;

namespace Llama.Benchmarks.Gate.Capturing;

/// <summary>What one end of an exchange looks like on the wire.</summary>
/// <param name="IsReply">True on the way back.</param>
/// <param name="Key">The same for a request and its reply, and for nothing else.</param>
/// <param name="DwellNanos">What a reply tells of the time it spent inside the reflector; else null.</param>
internal readonly record struct ExchangeMark(bool IsReply, UInt128 Key, long? DwellNanos = null);

/// <summary>A request and its reply, as the capture saw them.</summary>
/// <param name="RequestNanos">When the request was on the wire.</param>
/// <param name="ReplyNanos">When the reply was.</param>
/// <param name="DwellNanos">What the reply tells of the time between, if it does.</param>
internal readonly record struct Exchange(long RequestNanos, long ReplyNanos, long? DwellNanos)
{
    /// <summary>From request to reply.</summary>
    public long TotalNanos => ReplyNanos - RequestNanos;

    /// <summary>The same without what the reflector says it spent: what a round-trip time should be.</summary>
    public long OnWireNanos => TotalNanos - (DwellNanos ?? 0);

    /// <summary>
    /// Finds request and reply of each exchange. A request that comes again counts from its first time, a reply that comes again does
    /// not count, nor does an exchange of which one half is missing.
    /// </summary>
    /// <param name="frames">The capture.</param>
    /// <param name="recognise">What a packet is; null for one that does not matter.</param>
    public static IEnumerable<Exchange> Find(IEnumerable<CapturedFrame> frames, Func<CapturedPacket, ExchangeMark?> recognise)
    {
        var open = new Dictionary<UInt128, long>();
        foreach (CapturedFrame frame in frames)
        {
            if (CapturedPacket.Parse(frame.Octets) is not { } packet || recognise(packet) is not { } mark) continue;
            if (!mark.IsReply) open.TryAdd(mark.Key, frame.Nanos);
            else if (open.Remove(mark.Key, out long request)) yield return new Exchange(request, frame.Nanos, mark.DwellNanos);
        }
    }
}

/// <summary>An IPv4 packet of a capture, down to where its payload begins.</summary>
/// <param name="Protocol">UDP (17), ICMP (1), ...</param>
/// <param name="SourcePort">Of UDP; else 0.</param>
/// <param name="DestinationPort">Of UDP; else 0.</param>
/// <param name="Payload">Behind the UDP header; of other protocols, behind the IP header. Cut off where the capture cut it.</param>
internal readonly record struct CapturedPacket(byte Protocol, int SourcePort, int DestinationPort, ReadOnlyMemory<byte> Payload)
{
    public const byte Icmp = 1, Udp = 17;

    private const int EthernetLength = 14, TypeOffset = 12, LeastIpLength = 20, ProtocolOffset = 9, UdpLength = 8;
    private const ushort IPv4 = 0x0800;

    /// <summary>Reads the headers of an Ethernet frame (RFC 791, RFC 768); null for what is no whole IPv4 header, or UDP without its own.</summary>
    public static CapturedPacket? Parse(ReadOnlyMemory<byte> frame)
    {
        if (frame.Length < EthernetLength + LeastIpLength) return null;
        if (BinaryPrimitives.ReadUInt16BigEndian(frame.Span[TypeOffset..]) != IPv4) return null;
        ReadOnlyMemory<byte> ip = frame[EthernetLength..];
        int headerLength = (ip.Span[0] & 0xF) * 4;
        if (headerLength < LeastIpLength || ip.Length < headerLength) return null;
        byte protocol = ip.Span[ProtocolOffset];
        ReadOnlyMemory<byte> rest = ip[headerLength..];
        if (protocol != Udp) return new CapturedPacket(protocol, 0, 0, rest);
        if (rest.Length < UdpLength) return null;
        return new CapturedPacket(
            protocol,
            BinaryPrimitives.ReadUInt16BigEndian(rest.Span),
            BinaryPrimitives.ReadUInt16BigEndian(rest.Span[2..]),
            rest[UdpLength..]);
    }
}
