using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Llama.Server.Scraping;

/// <summary>
/// One of several scrapers that share the collectors of a list. Each collector belongs to the shard of which the hash, with the collector's
/// name, is the highest (rendezvous hashing, Thaler and Ravishankar 1998): all scrapers agree without talking, and one more or less of n moves
/// only the n-th part. Pure; any thread may call it.
/// </summary>
/// <param name="Index">Which one, from 1.</param>
/// <param name="Count">How many there are.</param>
public sealed record Shard(int Index, int Count)
{
    /// <summary>One that has all.</summary>
    public static Shard Whole { get; } = new(1, 1);

    /// <summary>Reads <c>2/8</c>; null where it is no such thing.</summary>
    public static Shard? Parse(string text) =>
        text.Split('/') is [var first, var second]
        && int.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out int index)
        && int.TryParse(second, NumberStyles.None, CultureInfo.InvariantCulture, out int count)
        && index >= 1 && index <= count && count <= 1000
            ? new Shard(index, count)
            : null;

    /// <summary>True where the collector of this name is this shard's.</summary>
    public bool Has(string name) => Of(name, Count) == Index;

    /// <summary>Which of so many shards has the collector of this name, from 1.</summary>
    public static int Of(string name, int count)
    {
        if (count == 1) return 1;
        int best = 1;
        ulong highest = 0;
        ulong hash = Hash(name);
        for (int shard = 1; shard <= count; shard++)
        {
            ulong weight = Mixed(hash ^ Mixed((ulong)shard));
            if (weight < highest && shard > 1) continue;
            highest = weight;
            best = shard;
        }

        return best;
    }

    /// <summary>A place within an interval that stays the same for a name, 0 to 1: spreads collectors over it.</summary>
    internal static double Phase(string name) => (Mixed(Hash(name)) >> 11) * (1.0 / (1UL << 53));

    /// <summary>The same in every process and version.</summary>
    private static ulong Hash(string name) => BinaryPrimitives.ReadUInt64LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(name)));

    /// <summary>The finaliser of MurmurHash3 for 64 bits: each bit of what comes in changes half of what goes out.</summary>
    private static ulong Mixed(ulong value)
    {
        value = (value ^ (value >> 33)) * 0xFF51AFD7ED558CCD;
        value = (value ^ (value >> 33)) * 0xC4CEB9FE1A85EC53;
        return value ^ (value >> 33);
    }
}
