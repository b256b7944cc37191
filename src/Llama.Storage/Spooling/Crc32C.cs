using System.Buffers.Binary;
using System.Numerics;

namespace Llama.Storage.Spooling;

/// <summary>The checksum of RFC 3720 (Castagnoli), which processors work out eight octets at a time.</summary>
internal static class Crc32C
{
    public static uint Of(ReadOnlySpan<byte> octets)
    {
        uint crc = ~0u;
        for (; octets.Length >= sizeof(ulong); octets = octets[sizeof(ulong)..])
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(octets));
        }

        foreach (byte octet in octets) crc = BitOperations.Crc32C(crc, octet);
        return ~crc;
    }
}
