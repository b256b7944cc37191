using System.Buffers.Binary;
using Llama.Fuzz.Datagrams;

namespace Llama.Fuzz.Rounds;

/// <summary>
/// What a reflector that lies, or somebody on the path, makes of a reply: forged stamps, broken bytes, other signatures, copies, replies
/// of long ago. Begins with a right reply, so that most lies are told under a signature that is waited for. Belongs to one thread.
/// </summary>
internal sealed class HostileReplies(Dice dice, HostileDatagrams hostile)
{
    private const int Extension = 27, Receive = Extension + 16, Transmit = Extension + 24, Receives = Extension + 32;
    private const int OversizedBytes = 12_000;

    private static readonly long[] Times =
    [
        0, 1, -1, long.MaxValue, long.MinValue, long.MaxValue - 1, long.MinValue + 1,
        946_684_800_000_000_000, 9_223_372_036_000_000_000, -2_208_988_800_000_000_000,
    ];

    private readonly byte[][] _history = new byte[512][];
    private readonly byte[] _room = new byte[HostileDatagrams.RoomLength];
    private uint _falling = uint.MaxValue / 2;
    private int _kept;

    /// <summary>What arrives instead of a right reply: nothing, one datagram or several.</summary>
    public IEnumerable<byte[]> Instead(byte[] reply)
    {
        _history[_kept++ % _history.Length] = reply;
        switch (dice.Below(20))
        {
            case < 4:
                return [reply];
            case 4:
                return [];
            case 5:
                return Enumerable.Repeat(reply, 2 + dice.Below(4));
            case 6 or 7 or 8 or 9:
                return [Forged(reply)];
            case 10:
                return [Forged(reply), Forged(reply), reply];
            case 11 or 12:
                return [Edited(reply)];
            case 13:
                return [reply[..HostileDatagrams.Cut(dice, reply.Length)]];
            case 14:
                return [[.. reply, .. new byte[dice.Below(OversizedBytes)]]];
            case 15:
                return [OtherSignature(reply)];
            case 16:
                return [reply[..12]];
            case 17:
                return [Unsolicited(), Unsolicited(), reply];
            case 18:
                return [[.. reply[12..], .. reply[..12]]];
            default:
                return [_history[dice.Below(Math.Min(_kept, _history.Length))], reply];
        }
    }

    /// <summary>What nobody has asked for.</summary>
    public byte[] Unsolicited()
    {
        if (_kept > 0 && dice.OneIn(3)) return OtherSignature(_history[dice.Below(Math.Min(_kept, _history.Length))]);
        return _room[..hostile.Write(dice, _room)];
    }

    /// <summary>Stamps that say what is not so: other sequences, sessions and counts, times out of this world, dwell below nothing.</summary>
    private byte[] Forged(byte[] reply)
    {
        byte[] forged = [.. reply];
        if (forged.Length < Extension + 52) return forged;
        for (int lies = 1 + dice.Below(3); lies > 0; lies--)
        {
            long time = BinaryPrimitives.ReadInt64BigEndian(forged.AsSpan(Receive));
            switch (dice.Below(10))
            {
                case 0:
                    forged[Extension] = (byte)dice.Below(4);
                    break;
                case 1:
                    forged[Extension + 1] = (byte)dice.Next();
                    break;
                case 2:
                    dice.Fill(forged.AsSpan(Extension + 2, 2));
                    break;
                case 3:
                    dice.Fill(forged.AsSpan(Extension + 4, dice.OneIn(2) ? 4 : 12));
                    break;
                case 4:
                    BinaryPrimitives.WriteInt64BigEndian(forged.AsSpan(Receive), dice.Pick<long>(Times));
                    break;
                case 5:
                    BinaryPrimitives.WriteInt64BigEndian(forged.AsSpan(Transmit), dice.Pick<long>(Times));
                    break;
                case 6:
                    // A dwell of next to nothing between times that lie anywhere: this one is believed.
                    time = dice.Pick<long>(Times) ^ (long)(dice.Next() >> dice.Below(64));
                    BinaryPrimitives.WriteInt64BigEndian(forged.AsSpan(Receive), time);
                    BinaryPrimitives.WriteInt64BigEndian(forged.AsSpan(Transmit), unchecked(time + dice.Below(1000)));
                    break;
                case 7:
                    BinaryPrimitives.WriteInt64BigEndian(forged.AsSpan(Transmit), time - dice.Below(1_000_000));
                    break;
                case 8:
                    _falling -= (uint)dice.Below(1000);
                    BinaryPrimitives.WriteUInt32BigEndian(forged.AsSpan(Receives), _falling);
                    break;
                default:
                    uint count = BinaryPrimitives.ReadUInt32BigEndian(forged.AsSpan(Receives));
                    uint lie = dice.OneIn(2) ? (uint)(dice.Next() >> 32 >> dice.Below(32)) : unchecked(count + (uint)dice.Below(20) - 10);
                    BinaryPrimitives.WriteUInt32BigEndian(forged.AsSpan(Receives), lie);
                    break;
            }
        }

        return forged;
    }

    private byte[] Edited(byte[] reply)
    {
        reply.CopyTo(_room, 0);
        return _room[..HostileDatagrams.Edit(dice, _room, reply.Length)];
    }

    private byte[] OtherSignature(byte[] reply)
    {
        byte[] other = [.. reply];
        if (other.Length >= 12) other[2 + dice.Below(10)] ^= (byte)(1 + dice.Below(255));
        return other;
    }
}
