using Llama.Engine.Summaries;
using Llama.Fuzz.Datagrams;
using Llama.Tests.Engine.Simulation;
using Llama.Wire.Datagrams;
using Llama.Wire.Sockets;

namespace Llama.Fuzz.Rounds;

/// <summary>
/// What the simulated network itself saw, by the simplest means: which datagrams left, and for each whether anything with its signature
/// came back to its port in time. A collector's reports must say the same, however the replies looked.
/// </summary>
internal sealed class Truth
{
    private const int SignatureOffset = 2, SignatureLength = 10;

    private readonly Dictionary<(ushort Port, UInt128 Signature), (long SentNanos, bool Answered)> _sent = [];

    /// <summary>Datagrams that came back to the collector, whatever they were.</summary>
    public long Arrived { get; private set; }

    /// <summary>Datagrams that left, by source port.</summary>
    public Dictionary<ushort, long> Sent { get; } = [];

    /// <summary>Those of them that were answered in time, by source port.</summary>
    public Dictionary<ushort, long> Answered { get; } = [];

    /// <summary>A datagram of the collector's leaves. They are all laid out alike.</summary>
    public void Leaves(Packet packet, long nowNanos)
    {
        _sent[(packet.From.Port, Number(packet.Payload.AsSpan(SignatureOffset, SignatureLength)))] = (nowNanos, false);
        Sent[packet.From.Port] = Sent.GetValueOrDefault(packet.From.Port) + 1;
    }

    /// <summary>Something will arrive at the collector.</summary>
    public void Arrives(UdpEndpoint to, ReadOnlySpan<byte> payload, long atNanos, long timeoutNanos)
    {
        Arrived++;
        payload = payload[..Math.Min(payload.Length, 9216)];
        ProbeError error = ReferenceReader.Read(payload, out ProbeFields fields);
        if (error == ProbeError.LengthOverflow || fields.SignatureLength != SignatureLength) return;
        var key = (to.Port, Number(payload.Slice(fields.SignatureOffset, SignatureLength)));
        if (!_sent.TryGetValue(key, out (long SentNanos, bool Answered) datagram) || datagram.Answered) return;
        if (atNanos - datagram.SentNanos > timeoutNanos) return;
        _sent[key] = (datagram.SentNanos, true);
        Answered[to.Port] = Answered.GetValueOrDefault(to.Port) + 1;
    }

    /// <summary>Holds all reports of a collector against it.</summary>
    /// <param name="reports">All of them, the last one included.</param>
    /// <param name="unsettled">How many of each port's last datagrams were not judged, and taken out of the counts.</param>
    /// <param name="steppedClock">True where the wall clock was stepped, so that a reply in time may be taken for late, but never the reverse.</param>
    public void Check(IReadOnlyList<IntervalReport> reports, long unsettled, bool steppedClock)
    {
        var flows = reports.SelectMany(report => report.Summaries).SelectMany(summary => summary.Flows)
            .GroupBy(flow => (ushort)flow.SourcePort)
            .ToDictionary(group => group.Key, group => group.Select(flow => flow.Counts).ToArray());
        foreach ((ushort port, long sent) in Sent)
        {
            DatagramCounts[] counts = flows.GetValueOrDefault(port, []);
            long told = counts.Sum(count => count.Sent), received = counts.Sum(count => count.Received);
            long answered = Answered.GetValueOrDefault(port);
            Violation.If(told > sent || told < sent - unsettled, $"port {port} sent {sent}, its reports say {told}");
            Violation.If(received > answered || (received < answered && !steppedClock), $"port {port}: {answered} of {sent} were answered in time, its reports say {received}");
        }

        DatagramCounts[] all = [.. flows.Values.SelectMany(counts => counts)];
        long judged = all.Sum(count => count.Received + count.Late + count.Duplicates) + reports.Sum(report => report.Health.UnmatchedReplies);
        Violation.If(judged != Arrived, $"{Arrived} datagrams came back, the reports account for {judged}");
    }

    private static UInt128 Number(ReadOnlySpan<byte> signature)
    {
        UInt128 number = 0;
        foreach (byte octet in signature) number = (number << 8) | octet;
        return number;
    }
}
