using System.Buffers.Binary;
using Llama.Wire;

namespace Llama.Engine.Reflecting;

/// <summary>A quick hash whose seed nobody outside knows, so that places in our tables can't be aimed at. Pure.</summary>
internal static class SecretHash
{
    /// <summary>A seed for one table.</summary>
    public static ulong NewSeed() => KernelRandom.NextUInt64();

    /// <summary>Adds a word to a hash: the high half of a 128-bit product folded into the low one.</summary>
    public static ulong Mix(ulong hash, ulong word)
    {
        const ulong Odd = 0x9E37_79B9_7F4A_7C15;
        ulong high = Math.BigMul(hash ^ word, Odd ^ (hash << 1), out ulong low);
        return high ^ low ^ word;
    }

    /// <summary>Adds octets to a hash.</summary>
    public static ulong Mix(ulong hash, ReadOnlySpan<byte> octets)
    {
        while (octets.Length >= 8)
        {
            hash = Mix(hash, BinaryPrimitives.ReadUInt64LittleEndian(octets));
            octets = octets[8..];
        }

        ulong rest = (ulong)octets.Length << 56;
        for (int i = 0; i < octets.Length; i++) rest |= (ulong)octets[i] << (8 * i);
        return Mix(hash, rest);
    }
}
