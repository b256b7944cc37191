using Llama.Wire.Clocks;
using Llama.Wire.Datagrams;

namespace Llama.Fuzz.Datagrams;

/// <summary>
/// Makes datagrams nobody would send in good faith: noise, fields of every number, type and length, captures with a few octets
/// changed, cut, lengthened or joined, and our own with every flag and version. Follows from the dice alone. Any thread may call it.
/// </summary>
internal sealed class HostileDatagrams(Corpus corpus)
{
    /// <summary>Room that every datagram made here fits into.</summary>
    public const int RoomLength = 9728;

    private const int LongLength = 9400;

    private static readonly ulong[] Extremes =
    [
        0, 1, 2, 10, 52, 127, 128, 255, 256, 4096, 16383, 16384, 65535, int.MaxValue - 1, int.MaxValue, 1UL << 31, uint.MaxValue, 1UL << 32,
        long.MaxValue - 64, long.MaxValue - 1, long.MaxValue, 1UL << 63, ulong.MaxValue - 1, ulong.MaxValue,
    ];

    private static readonly byte[] Octets = [0, 1, 2, 0x0A, 0x12, 0x18, 0x34, 0x3A, 0x7A, 0x7F, 0x80, 0x81, 0xFF, 0x0B, 0x0C, 0x83, 0x84];

    private static readonly int[] OwnSizes = [84, 85, 90, 100, 120, 200, 209, 210, 211, 300, 512, 1028, 1472];

    /// <summary>Makes one.</summary>
    /// <param name="dice">What decides.</param>
    /// <param name="room">Where it goes, at least <see cref="RoomLength"/> octets.</param>
    /// <returns>Its length, 0 included.</returns>
    public int Write(Dice dice, Span<byte> room) => dice.Below(16) switch
    {
        0 => Noise(dice, room),
        1 or 2 or 3 or 4 => Fields(dice, room),
        5 or 6 or 7 or 8 => Edit(dice, room, Copy(dice, room)),
        9 or 10 => Cut(dice, Copy(dice, room)),
        11 => Joined(dice, room),
        12 => dice.OneIn(32) ? Long(dice, room) : Edit(dice, room, Own(dice, room)),
        13 => Edit(dice, room, Own(dice, room)),
        14 => Cut(dice, Own(dice, room)),
        _ => Own(dice, room),
    };

    /// <summary>Changes a few octets of what is there, most often near the start, and sometimes its length.</summary>
    /// <returns>The new length.</returns>
    public static int Edit(Dice dice, Span<byte> room, int length)
    {
        for (int edits = 1 + dice.Below(4); edits > 0 && length > 0; edits--)
        {
            int at = dice.Below(dice.OneIn(8) ? length : Math.Min(length, 84));
            switch (dice.Below(8))
            {
                case 0:
                    room[at] = (byte)dice.Next();
                    break;
                case 1 or 2:
                    room[at] = dice.Pick<byte>(Octets);
                    break;
                case 3:
                    at = Math.Min(at, length - 1);
                    at += WriteVarint(dice, room[at..], dice.Pick<ulong>(Extremes));
                    length = Math.Max(length, at);
                    break;
                case 4 when length > 1:
                    room[(at + 1)..length].CopyTo(room[at..]);
                    length--;
                    break;
                case 5 when length < room.Length - 16:
                    room[at..length].CopyTo(room[(at + 1)..]);
                    room[at] = dice.Pick<byte>(Octets);
                    length++;
                    break;
                default:
                    room[at] ^= (byte)(1 << dice.Below(8));
                    break;
            }
        }

        return length;
    }

    /// <summary>Keeps the beginning, all of it sometimes.</summary>
    public static int Cut(Dice dice, int length) => dice.Below(dice.OneIn(2) ? length + 1 : Math.Min(length, 100) + 1);

    private static int Noise(Dice dice, Span<byte> room)
    {
        int length = dice.Below(dice.OneIn(8) ? 1500 : 64);
        dice.Fill(room[..length]);
        return length;
    }

    private int Copy(Dice dice, Span<byte> room)
    {
        byte[] seed = dice.Pick<byte[]>(corpus.Datagrams);
        seed.CopyTo(room);
        return seed.Length;
    }

    private int Joined(Dice dice, Span<byte> room)
    {
        int first = Cut(dice, Copy(dice, room));
        byte[] second = dice.Pick<byte[]>(corpus.Datagrams);
        int from = dice.Below(second.Length);
        second.AsSpan(from).CopyTo(room[first..]);
        return first + second.Length - from;
    }

    /// <summary>Longer than the reflector's cut for plain datagrams, and than what it has room for.</summary>
    private static int Long(Dice dice, Span<byte> room)
    {
        int length = 4090 + dice.Below(LongLength - 4090);
        if (dice.OneIn(2)) return Groups(dice, room[..length]);
        ProbeWriter.Write(room[..length], AnyHeader(dice));
        return dice.OneIn(2) ? Edit(dice, room, length) : length;
    }

    /// <summary>Groups in groups, closed or not.</summary>
    private static int Groups(Dice dice, Span<byte> room)
    {
        int deep = dice.Below(room.Length / 2) + 1;
        room[..deep].Fill((byte)((8 + dice.Below(6)) << 3 | 3));
        int closing = dice.OneIn(2) ? deep : dice.Below(deep + 1);
        room.Slice(deep, closing).Fill((byte)((dice.Below(16) << 3) | 4));
        return deep + closing;
    }

    private static int Own(Dice dice, Span<byte> room)
    {
        int size = dice.Pick<int>(OwnSizes);
        ProbeWriter.Write(room[..size], AnyHeader(dice));
        if (dice.OneIn(3)) room[27] = (byte)dice.Below(4);
        if (dice.OneIn(2)) room[28] = (byte)(dice.OneIn(4) ? dice.Next() : (ulong)dice.Below(8));
        if (dice.OneIn(4)) dice.Fill(room[29..79]);
        return size;
    }

    private static ProbeHeader AnyHeader(Dice dice) => new(
        (uint)dice.Next(), dice.Next() >> 16, (byte)dice.Next(), new WallTime((long)(dice.Next() >> 1)), (uint)dice.Next(), dice.Next());

    /// <summary>Fields one after the other: known and unknown numbers, right and wrong types, lengths that lie, varints that are over-long.</summary>
    private int Fields(Dice dice, Span<byte> room)
    {
        if (dice.OneIn(64)) return Groups(dice, room[..256]);
        int at = 0;
        for (int fields = 1 + dice.Below(8); fields > 0 && at < 2000; fields--)
        {
            if (dice.OneIn(2))
            {
                byte[] field = dice.Pick<byte[]>(corpus.Fields);
                field.CopyTo(room[at..]);
                at += field.Length;
                continue;
            }

            int type = dice.OneIn(3) ? dice.Below(8) : 2;
            ulong number = dice.Below(8) switch
            {
                0 => dice.Pick<ulong>(Extremes),
                1 => (ulong)dice.Below(20),
                2 or 3 => 15,
                _ => (ulong)(1 + dice.Below(7)),
            };
            at += WriteVarint(dice, room[at..], (number << 3) | (uint)type);
            at += Value(dice, room[at..], type);
        }

        return at;
    }

    private static int Value(Dice dice, Span<byte> room, int type)
    {
        switch (type)
        {
            case 0:
                return WriteVarint(dice, room, dice.OneIn(2) ? dice.Pick<ulong>(Extremes) : dice.Next() >> dice.Below(64));
            case 1 or 5:
                dice.Fill(room[..8]);
                return dice.OneIn(8) ? dice.Below(8) : type == 1 ? 8 : 4;
            case 2:
                int length = dice.Below(6) switch { 0 => 0, 1 => 1, 2 => 10, 3 => 52, _ => dice.Below(80) };
                int at = WriteVarint(dice, room, dice.OneIn(8) ? dice.Pick<ulong>(Extremes) : (ulong)length);
                dice.Fill(room.Slice(at, length));
                if (length == 52 && !dice.OneIn(4)) room[at] = ProbeExtension.Version;
                return at + length;
            default:
                return 0;
        }
    }

    private static int WriteVarint(Dice dice, Span<byte> room, ulong value)
    {
        int at = 0;
        for (; value >= 0x80; value >>= 7) room[at++] = (byte)(value | 0x80);
        room[at++] = (byte)value;
        if (!dice.OneIn(16)) return at;

        // Over-long: legal up to ten octets, and sometimes past them.
        for (int more = dice.Below(12 - at); more > 0; more--)
        {
            room[at - 1] |= 0x80;
            room[at++] = 0;
        }

        return at;
    }
}
