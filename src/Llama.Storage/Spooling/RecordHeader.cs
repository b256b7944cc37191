using System.Buffers.Binary;

namespace Llama.Storage.Spooling;

/// <summary>
/// What stands before each record in a segment, little endian:
/// <code>
///  0  mark: 'L' 'S' 'P' 1 (the version)     4 octets
///  4  length of the record                  4
///  8  number of the record, from 1          8
/// 16  when it was appended                  8   ms since the Unix epoch
/// 24  CRC-32C of the record                 4
/// 28  CRC-32C of the 28 octets before       4
/// 32  the record
/// </code>
/// Numbers rise by one from record to record over all segments, so whoever finds the next sound header knows how many are missing.
/// </summary>
internal readonly record struct RecordHeader(int Length, long Number, long AppendedMs, uint Crc)
{
    public const int Size = 32;

    private static readonly TimeSpan Ages = TimeSpan.FromDays(36500);

    /// <summary>What to look for where a header was expected and is not.</summary>
    public static ReadOnlySpan<byte> Mark => "LSP\u0001"u8;

    /// <summary>Takes it from the front; false when that is no header, or a damaged one.</summary>
    public static bool TryRead(ReadOnlySpan<byte> octets, out RecordHeader header)
    {
        header = default;
        if (octets.Length < Size || !octets.StartsWith(Mark)) return false;
        if (BinaryPrimitives.ReadUInt32LittleEndian(octets[28..]) != Crc32C.Of(octets[..28])) return false;
        header = new RecordHeader(
            BinaryPrimitives.ReadInt32LittleEndian(octets[4..]),
            BinaryPrimitives.ReadInt64LittleEndian(octets[8..]),
            BinaryPrimitives.ReadInt64LittleEndian(octets[16..]),
            BinaryPrimitives.ReadUInt32LittleEndian(octets[24..]));
        return header.Length >= 0;
    }

    /// <summary>How long ago it was appended. A wall clock that was stepped makes it wrong, never negative.</summary>
    public TimeSpan Age(DateTimeOffset now)
    {
        long age = now.ToUnixTimeMilliseconds() - AppendedMs;
        return age <= 0 ? TimeSpan.Zero : age >= Ages.TotalMilliseconds ? Ages : TimeSpan.FromMilliseconds(age);
    }

    public void Write(Span<byte> octets)
    {
        Mark.CopyTo(octets);
        BinaryPrimitives.WriteInt32LittleEndian(octets[4..], Length);
        BinaryPrimitives.WriteInt64LittleEndian(octets[8..], Number);
        BinaryPrimitives.WriteInt64LittleEndian(octets[16..], AppendedMs);
        BinaryPrimitives.WriteUInt32LittleEndian(octets[24..], Crc);
        BinaryPrimitives.WriteUInt32LittleEndian(octets[28..], Crc32C.Of(octets[..28]));
    }
}
