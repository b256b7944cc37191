using System.Buffers.Binary;
using Llama.Benchmarks.Gate.Capturing;
using Llama.Wire.Clocks;
using Llama.Wire.Datagrams;

namespace Llama.Tests.Gate;

/// <summary>What the gate of `make bench` reads out of a capture.</summary>
public sealed class CaptureTests
{
    private const int Port = 8100, Sender = 40000, Second = 1_000_000_000;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Frames_come_with_their_times_whatever_the_order_of_octets(bool isLittleEndian)
    {
        byte[] file = Capture(isLittleEndian, (Second + 5, [1, 2, 3]), (2L * Second, [4]));

        CapturedFrame[] frames = [.. CaptureFile.Read(file)];

        Assert.Equal([Second + 5, 2L * Second], frames.Select(frame => frame.Nanos));
        Assert.Equal([1, 2, 3], frames[0].Octets.ToArray());
        Assert.Equal([4], frames[1].Octets.ToArray());
    }

    [Fact]
    public void A_frame_that_the_capture_ends_in_is_left_out()
    {
        byte[] file = Capture(true, (1, [1, 2, 3]), (2, [4, 5, 6]));

        Assert.Single(CaptureFile.Read(file.AsMemory(0, file.Length - 1)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(24)]
    public void What_is_no_capture_is_refused(int length)
    {
        Assert.Throws<InvalidDataException>(() => CaptureFile.Read(new byte[length]));
    }

    [Fact]
    public void A_round_trip_is_what_the_reflector_did_not_take()
    {
        byte[] request = Datagram(slot: 7);
        byte[] reply = Reflected(request, received: 1_000, transmitted: 31_000);

        Exchange exchange = Assert.Single(Exchange.Find(
            [Frame(500, Sender, Port, request), Frame(36_500, Port, Sender, reply)], Recognition.Ours(Port)));

        Assert.Equal(36_000, exchange.TotalNanos);
        Assert.Equal(30_000, exchange.DwellNanos);
        Assert.Equal(6_000, exchange.OnWireNanos);
    }

    [Fact]
    public void Replies_are_matched_by_signature_and_once()
    {
        byte[] first = Datagram(slot: 1), second = Datagram(slot: 2), unanswered = Datagram(slot: 3);
        CapturedFrame[] frames =
        [
            Frame(10, Sender, Port, first),
            Frame(20, Sender, Port, second),
            Frame(30, Sender, Port, unanswered),
            Frame(40, Port, Sender, Reflected(second, 21, 31)),
            Frame(50, Port, Sender, Reflected(first, 11, 32)),
            Frame(60, Port, Sender, Reflected(first, 11, 32)),
            Frame(70, Sender, Port + 1, Datagram(slot: 4)),
        ];

        Assert.Equal(
            [new Exchange(20, 40, 10), new Exchange(10, 50, 21)],
            Exchange.Find(frames, Recognition.Ours(Port)));
    }

    private static byte[] Datagram(uint slot)
    {
        byte[] datagram = new byte[1028];
        ProbeWriter.Write(datagram, new ProbeHeader(slot, 0x1234, 0, new WallTime(1), slot, Session: 9));
        return datagram;
    }

    private static byte[] Reflected(byte[] request, long received, long transmitted)
    {
        byte[] reply = [.. request];
        ProbeReader.Read(reply, out ProbeFields fields);
        ProbeExtension.Patch(
            reply.AsSpan(fields.ExtensionOffset), new ReflectorStamps(0, 64, new WallTime(received), new WallTime(transmitted), 1, KernelTime: true));
        return reply;
    }

    /// <summary>A UDP datagram over IPv4 and Ethernet, cut as tcpdump cuts it.</summary>
    private static CapturedFrame Frame(long nanos, int from, int to, byte[] payload)
    {
        byte[] frame = [.. new byte[12], 8, 0, 0x45, .. new byte[8], 17, .. new byte[10], .. new byte[8], .. payload];
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(34), (ushort)from);
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(36), (ushort)to);
        return new CapturedFrame(nanos, frame.AsMemory(0, 128));
    }

    private static byte[] Capture(bool isLittleEndian, params (long Nanos, byte[] Octets)[] frames)
    {
        using var file = new MemoryStream();
        Write(0xA1B23C4D, 0x0002_0004, 0, 0, 65535, 1);
        foreach ((long nanos, byte[] octets) in frames)
        {
            Write((uint)(nanos / Second), (uint)(nanos % Second), (uint)octets.Length, (uint)octets.Length);
            file.Write(octets);
        }

        return file.ToArray();

        void Write(params uint[] numbers)
        {
            byte[] octets = new byte[4];
            foreach (uint number in numbers)
            {
                if (isLittleEndian) BinaryPrimitives.WriteUInt32LittleEndian(octets, number);
                else BinaryPrimitives.WriteUInt32BigEndian(octets, number);
                file.Write(octets);
            }
        }
    }
}
