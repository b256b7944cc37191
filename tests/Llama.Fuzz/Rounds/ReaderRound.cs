using Llama.Fuzz.Datagrams;
using Llama.Wire.Datagrams;

namespace Llama.Fuzz.Rounds;

/// <summary>Every datagram is read by the product's reader and by the reference: no exception, the same verdict, the same fields, all inside.</summary>
internal sealed class ReaderRound(Corpus corpus) : IRound
{
    public string Name => "reader";

    public string Title => "ProbeReader against the reference reader, in process";

    public double Share => 0.75;

    public double TimeShare => 0.25;

    public void Run(Campaign campaign)
    {
        var hostile = new HostileDatagrams(corpus);
        var dice = new Dice(0);
        byte[] room = new byte[HostileDatagrams.RoomLength];
        var verdicts = new long[Enum.GetValues<ProbeError>().Length];
        long extended = 0;
        for (; (campaign.Tried & 0xFFF) != 0 || campaign.GoesOn; campaign.Tried++)
        {
            dice.Restart(campaign.Seed, campaign.Tried);
            ReadOnlySpan<byte> datagram = room.AsSpan(0, hostile.Write(dice, room));
            ProbeError error = Check(datagram, out bool hasExtension);
            verdicts[(int)error]++;
            if (hasExtension) extended++;
        }

        campaign.Tell(string.Join(", ", verdicts.Select((count, verdict) => $"{(ProbeError)verdict} {count:N0}")) + $"; with extension {extended:N0}");
        Violation.If(campaign.Tried > 50_000 && verdicts.Contains(0), "a verdict was never reached: the datagrams are not hostile enough");
    }

    /// <summary>Compares the two readers on one datagram.</summary>
    internal static ProbeError Check(ReadOnlySpan<byte> datagram, out bool hasExtension)
    {
        ProbeError expected = ReferenceReader.Read(datagram, out ProbeFields wanted);
        ProbeError error;
        ProbeFields fields;
        try
        {
            error = ProbeReader.Read(datagram, out fields);
        }
        catch (Exception exception)
        {
            throw new Violation($"ProbeReader threw {exception.GetType().Name}: {exception.Message}", datagram.ToArray());
        }

        hasExtension = fields.HasExtension;
        bool outside = fields.SignatureOffset < 0 || fields.SignatureLength < 0 || fields.ExtensionOffset < 0
            || fields.SignatureOffset + fields.SignatureLength > datagram.Length
            || (fields.HasExtension && fields.ExtensionOffset + ProbeExtension.Length > datagram.Length);
        if (outside) throw new Violation("ProbeReader points outside the datagram", datagram.ToArray());
        if (error != expected) throw new Violation($"ProbeReader says {error}, the reference {expected}", datagram.ToArray());
        bool same = fields.SignatureOffset == wanted.SignatureOffset && fields.SignatureLength == wanted.SignatureLength
            && fields.ExtensionOffset == wanted.ExtensionOffset && fields.HasTos == wanted.HasTos && fields.Tos == wanted.Tos;
        if (!same) throw new Violation("ProbeReader finds other fields than the reference", datagram.ToArray());
        return error;
    }
}
