using System.Buffers.Binary;

namespace Llama.Benchmarks.Gate.Capturing;

/// <summary>A frame of a capture.</summary>
/// <param name="Nanos">When it was seen, nanoseconds since the Unix epoch.</param>
/// <param name="Octets">As much of it as was kept, from the Ethernet header on.</param>
internal readonly record struct CapturedFrame(long Nanos, ReadOnlyMemory<byte> Octets);

/// <summary>Reads what tcpdump writes: the savefile format of libpcap (pcap-savefile(5)).</summary>
/// <remarks>
/// The first four octets tell the order of octets of all that follows, and whether fractions are micro- or nanoseconds.
/// <code>
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +---------------------------------------------------------------+
/// |       magic: A1B2C3D4 microseconds, A1B23C4D nanoseconds      |  0
/// +-------------------------------+-------------------------------+
/// |         major version         |         minor version         |  4
/// +-------------------------------+-------------------------------+
/// |                         reserved (0)                          |  8
/// |                                                               |
/// +---------------------------------------------------------------+
/// |                            snaplen                            | 16
/// +---------------------------------------------------------------+
/// |                   link type: 1 is Ethernet                    | 20
/// +---------------------------------------------------------------+ 24
///
/// +---------------------------------------------------------------+
/// |                    seconds since the epoch                    |  0  each frame
/// +---------------------------------------------------------------+
/// |                           fraction                            |  4
/// +---------------------------------------------------------------+
/// |                      octets that were kept                    |  8
/// +---------------------------------------------------------------+
/// |                    octets of the whole frame                  | 12
/// +---------------------------------------------------------------+
/// |                        the octets kept                        | 16
/// </code>
/// </remarks>
internal static class CaptureFile
{
    private const int HeaderLength = 24, FrameHeaderLength = 16, LinkTypeOffset = 20;
    private const uint MicrosMagic = 0xA1B2C3D4, NanosMagic = 0xA1B23C4D, Ethernet = 1;

    /// <summary>The frames, in the order they were seen. One that the capture ends in the middle of is left out.</summary>
    /// <exception cref="InvalidDataException">It is not such a file, or not of Ethernet frames.</exception>
    public static IEnumerable<CapturedFrame> Read(ReadOnlyMemory<byte> file)
    {
        if (file.Length < HeaderLength) throw new InvalidDataException("the capture has no header");
        bool isLittle = BitConverter.IsLittleEndian;
        uint magic = Number(file, 0, isLittle);
        if (magic is not (MicrosMagic or NanosMagic))
        {
            isLittle = !isLittle;
            magic = Number(file, 0, isLittle);
        }

        long nanosPerUnit = magic switch
        {
            NanosMagic => 1,
            MicrosMagic => 1000,
            _ => throw new InvalidDataException("the capture is not in pcap's savefile format"),
        };
        if (Number(file, LinkTypeOffset, isLittle) != Ethernet) throw new InvalidDataException("the capture is not of Ethernet frames");
        return Frames(file[HeaderLength..], isLittle, nanosPerUnit);
    }

    private static IEnumerable<CapturedFrame> Frames(ReadOnlyMemory<byte> rest, bool isLittle, long nanosPerUnit)
    {
        while (rest.Length >= FrameHeaderLength)
        {
            long nanos = Number(rest, 0, isLittle) * 1_000_000_000L + Number(rest, 4, isLittle) * nanosPerUnit;
            uint length = Number(rest, 8, isLittle);
            rest = rest[FrameHeaderLength..];
            if (length > rest.Length) yield break;
            yield return new CapturedFrame(nanos, rest[..(int)length]);
            rest = rest[(int)length..];
        }
    }

    private static uint Number(ReadOnlyMemory<byte> octets, int offset, bool isLittle) => isLittle
        ? BinaryPrimitives.ReadUInt32LittleEndian(octets.Span[offset..])
        : BinaryPrimitives.ReadUInt32BigEndian(octets.Span[offset..]);
}
