using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Llama.Wire;

/// <summary>
/// Numbers that nobody can guess, straight from the kernel (getrandom(2)): .NET's own source would load all of OpenSSL for them,
/// 4 MB of a process that needs it for nothing else. Any thread may call it.
/// </summary>
public static class KernelRandom
{
    /// <summary>Fills with random octets.</summary>
    public static void Fill(Span<byte> octets)
    {
        // What the kernel refuses, or another system has not got, .NET has a way around.
        if (!OperatingSystem.IsLinux() || !LinuxNative.TryGetRandom(octets)) RandomNumberGenerator.Fill(octets);
    }

    /// <summary>A random number of 64 bits.</summary>
    public static ulong NextUInt64()
    {
        Span<byte> octets = stackalloc byte[sizeof(ulong)];
        Fill(octets);
        return BinaryPrimitives.ReadUInt64LittleEndian(octets);
    }
}
