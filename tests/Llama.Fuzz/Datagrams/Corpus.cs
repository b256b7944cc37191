using Llama.Tests.Wire.Datagrams;
using Llama.Wire.Clocks;
using Llama.Wire.Datagrams;

namespace Llama.Fuzz.Datagrams;

/// <summary>Where mutations begin: what the Go programs were captured sending, surviving and dying of, and datagrams of ours.</summary>
internal sealed class Corpus
{
    private const string AnySignature = "00000001a1b2c3d4e5f6";

    private Corpus(byte[][] datagrams, byte[][] fields)
    {
        Datagrams = datagrams;
        Fields = fields;
    }

    /// <summary>Whole datagrams, none of them empty.</summary>
    public byte[][] Datagrams { get; }

    /// <summary>Well-formed fields taken out of them, tag included, none longer than 128 octets.</summary>
    public byte[][] Fields { get; }

    public static Corpus Load()
    {
        byte[][] datagrams =
        [
            .. Directory.GetFiles(WireCapture.Folder, "*.hex").Order(StringComparer.Ordinal)
                .SelectMany(file => WireCapture.Read(Path.GetFileName(file), AnySignature))
                .Select(capture => capture.Datagram)
                .Where(datagram => datagram.Length > 0),
            Own(84), Own(200), Own(1028),
        ];
        return new Corpus(datagrams, [.. datagrams.SelectMany(ReferenceReader.TopLevelFields).Where(field => field.Length <= 128)]);
    }

    private static byte[] Own(int size)
    {
        byte[] datagram = new byte[size];
        ProbeWriter.Write(datagram, new ProbeHeader(1, 2, 0xB8, new WallTime(1_794_268_800_123_456_789), 3, 4));
        return datagram;
    }
}
