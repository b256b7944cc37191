using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Llama.Mesh.Plans;

/// <summary>
/// Numbers for names that look random and are the same in every process, so that servers and restarts come to the same plan. A
/// cryptographic hash keeps names from crowding together, whatever scheme they follow.
/// </summary>
internal static class StableHash
{
    /// <summary>The number of a member.</summary>
    public static ulong Of(string group, string name) =>
        BinaryPrimitives.ReadUInt64LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes($"{group}\0{name}")));

    /// <summary>Another number for each <paramref name="salt"/>; different hashes stay different (the finalizer of SplitMix64).</summary>
    public static ulong Salted(ulong hash, int salt)
    {
        ulong z = hash + 0x9E3779B97F4A7C15 * (ulong)(salt + 1);
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
