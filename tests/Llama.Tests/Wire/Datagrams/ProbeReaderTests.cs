using FsCheck;
using FsCheck.Fluent;
using Llama.Wire.Clocks;
using Llama.Wire.Datagrams;

namespace Llama.Tests.Wire.Datagrams;

public sealed class ProbeReaderTests
{
    /// <summary>What the Go collector sent, as captured.</summary>
    public static TheoryData<string> CollectorCaptures() =>
        [.. Directory.GetFiles(WireCapture.Folder, "collector_probes_*.hex").Select(file => Path.GetFileName(file))];

    [Theory]
    [MemberData(nameof(CollectorCaptures))]
    public void Datagrams_of_the_Go_collector_are_well_formed(string file)
    {
        WireCapture[] captures = [.. WireCapture.Read(file)];
        Assert.NotEmpty(captures);
        Assert.All(captures, capture =>
        {
            Assert.Equal(ProbeError.None, ProbeReader.Read(capture.Datagram, out ProbeFields fields));
            Assert.True(fields.HasSignature);
            Assert.True(fields.HasTos);
            Assert.False(fields.HasExtension);
            Assert.Equal(1028, capture.Datagram.Length);

            // Over IPv6 the Go collector leaves the traffic class at 0, whatever the datagram says.
            if (!file.Contains("ipv6", StringComparison.Ordinal)) Assert.Equal(Convert.ToByte(capture["tos"], 16), fields.Tos);
        });
    }

    [Fact]
    public void Written_datagram_has_these_bytes()
    {
        byte[] datagram = new byte[100];
        var header = new ProbeHeader(
            Slot: 0x01020304,
            Nonce: 0x0A0B0C0D0E0F,
            Tos: 0xB8,
            Sent: new WallTime(1_794_268_800_123_456_789),
            Sequence: 0x11121314,
            Session: 0x2122232425262728);
        ProbeWriter.Write(datagram, header);

        const string Expected =
            "0a0a010203040a0b0c0d0e0f" + // signature
            "1201b8" + // tos
            "18959ab3f7f9bea1f318" + // sent
            "7a34" + "01000000" + "11121314" + "2122232425262728" +
            "0000000000000000" + "0000000000000000" + "00000000" + "00000000000000000000000000000000" + // extension
            "3a13" + "00000000000000000000000000000000000000"; // padding
        Assert.Equal(Expected, Convert.ToHexStringLower(datagram));
    }

    [Fact]
    public void Patched_extension_has_these_bytes_and_nothing_else_changes()
    {
        byte[] datagram = new byte[100];
        ProbeWriter.Write(datagram, new ProbeHeader(1, 2, 3, new WallTime(4), 5, 6));
        byte[] before = [.. datagram];
        var stamps = new ReflectorStamps(0x20, 63, new WallTime(0x0102030405060708), new WallTime(0x1112131415161718), 7, KernelTime: true);
        ProbeExtension.Patch(datagram.AsSpan(27), stamps);

        Assert.Equal(
            "0105203f" + "00000005" + "0000000000000006" + "0102030405060708" + "1112131415161718" + "00000007",
            Convert.ToHexStringLower(datagram.AsSpan(27, 36)));
        Assert.Equal(before[..27], datagram[..27]);
        Assert.Equal(before[63..], datagram[63..]);
        Assert.Equal(stamps, ProbeExtension.ReadStamps(datagram.AsSpan(27)));
    }

    [Fact]
    public void Every_written_datagram_is_read_back_whatever_its_size()
    {
        Prop.ForAll(
            ArbMap.Default.GeneratorFor<uint>().Zip(ArbMap.Default.GeneratorFor<ulong>()).Zip(Gen.Choose(84, 9216)).ToArbitrary(),
            input =>
            {
                ((uint slot, ulong random), int size) = input;
                var header = new ProbeHeader(
                    slot, random & 0xFFFF_FFFF_FFFF, (byte)random, new WallTime((long)(random >> 1)), slot ^ 0xFFFF, random * 31);
                byte[] datagram = new byte[size];
                Random.Shared.NextBytes(datagram);
                ProbeWriter.Write(datagram, header);

                Assert.Equal(ProbeError.None, ProbeReader.Read(datagram, out ProbeFields fields));
                ReadOnlySpan<byte> signature = datagram.AsSpan(fields.SignatureOffset, fields.SignatureLength);
                Assert.Equal(header.Slot, ProbeWriter.ReadSlot(signature));
                Assert.Equal(header.Nonce, ProbeWriter.ReadNonce(signature));
                Assert.Equal(header.Tos, fields.Tos);
                ReadOnlySpan<byte> extension = datagram.AsSpan(fields.ExtensionOffset);
                Assert.Equal(header.Sequence, ProbeExtension.ReadSequence(extension));
                Assert.Equal(header.Session, ProbeExtension.ReadSession(extension));
                Assert.Equal(ProbeMarks.None, ProbeExtension.ReadMarks(extension));
                Assert.All(datagram[84..], octet => Assert.Equal(0, octet));
            }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Quick_and_thorough_reading_agree_on_every_mutation()
    {
        byte[] original = new byte[120];
        ProbeWriter.Write(original, new ProbeHeader(7, 8, 9, new WallTime(1_794_268_800_000_000_000), 1, 2));
        var random = new Random(11);
        for (int i = 0; i < 200_000; i++)
        {
            byte[] mutated = original[..random.Next(100, 121)];
            for (int change = random.Next(3); change > 0; change--) mutated[random.Next(90)] = (byte)random.Next(256);

            // An unknown field in front sends the reader the long way round, and adds two octets to every offset.
            byte[] behindUnknown = [0xA0, 0x01, 0x00, .. mutated];
            ProbeError error = ProbeReader.Read(mutated, out ProbeFields fields);
            Assert.Equal(ProbeReader.Read(behindUnknown, out ProbeFields slow), error);
            Assert.Equal(slow.Tos, fields.Tos);
            Assert.Equal(slow.HasTos, fields.HasTos);
            Assert.Equal(slow.SignatureLength, fields.SignatureLength);
            Assert.Equal(slow.ExtensionOffset, fields.HasExtension ? fields.ExtensionOffset + 3 : 0);
        }
    }

    [Fact]
    public void Random_bytes_never_lead_outside_the_datagram()
    {
        Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), bytes =>
        {
            _ = ProbeReader.Read(bytes, out ProbeFields fields);
            Assert.InRange(fields.SignatureOffset + fields.SignatureLength, 0, bytes.Length);
            Assert.True(!fields.HasExtension || fields.ExtensionOffset + ProbeExtension.Length <= bytes.Length);
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Mutated_captures_never_lead_outside_the_datagram()
    {
        byte[][] captures = [.. Directory.GetFiles(WireCapture.Folder, "reflector_*.hex")
            .SelectMany(file => WireCapture.Read(Path.GetFileName(file))).Select(capture => capture.Datagram).Where(datagram => datagram.Length > 0)];
        Assert.True(captures.Length > 50);
        var random = new Random(17);
        for (int i = 0; i < 300_000; i++)
        {
            byte[] bytes = captures[random.Next(captures.Length)];
            bytes = bytes[..random.Next(bytes.Length + 1)];
            if (bytes.Length > 0) bytes[random.Next(Math.Min(bytes.Length, 90))] = (byte)random.Next(256);
            _ = ProbeReader.Read(bytes, out ProbeFields fields);
            Assert.InRange(fields.SignatureOffset + fields.SignatureLength, 0, bytes.Length);
            Assert.True(!fields.HasExtension || fields.ExtensionOffset + ProbeExtension.Length <= bytes.Length);
        }
    }

    [Fact]
    public void Signed_datagram_is_verified_with_its_key_alone_and_unchanged()
    {
        var right = new ProbeAuthenticator([1, 2, 3]);
        var wrong = new ProbeAuthenticator([1, 2, 4]);
        byte[] datagram = new byte[1028];
        ProbeWriter.Write(datagram, new ProbeHeader(7, 8, 9, new WallTime(10), 1, 2));
        Assert.False(right.Verify(datagram, 27));
        right.Sign(datagram);
        Assert.True(right.Verify(datagram, 27));
        Assert.False(wrong.Verify(datagram, 27));
        for (int i = 0; i < 79; i++)
        {
            datagram[i] ^= 0x10;
            Assert.False(right.Verify(datagram, 27));
            datagram[i] ^= 0x10;
        }
    }
}
