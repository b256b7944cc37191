using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace Llama.Storage.Spooling;

/// <summary>
/// How far a reader has come, on disk. Two slots of 128 octets that are written in turn, each with one call and in place: one of them is
/// sound at any moment, and a full disk stops neither. A slot, little endian:
/// <code>
///   0  mark: 'L' 'P' 'L' 1 (the version)     4 octets
///   4  length of the note                    4
///   8  turn; the higher one counts           8
///  16  segment                               8
///  24  offset                                8
///  32  number of the next record             8
///  40  note                                 64
/// 104  CRC-32C of the 104 octets before      4
/// </code>
/// </summary>
internal sealed class PlaceFile : IDisposable
{
    public const int LongestNote = 64;

    private const int SlotSize = 128;
    private const int Checked = 104;

    private readonly SafeFileHandle _handle;
    private long _turn;

    private PlaceFile(SafeFileHandle handle) => _handle = handle;

    private static ReadOnlySpan<byte> Mark => "LPL\u0001"u8;

    /// <summary>True when there was none before.</summary>
    public bool IsNew { get; private init; }

    /// <summary>What it held when it was opened; null when nothing sound.</summary>
    public SpoolPosition? Position { get; private set; }

    /// <summary>The note that went with it.</summary>
    public byte[] Note { get; private set; } = [];

    /// <exception cref="IOException">It can't be opened, made or read.</exception>
    public static PlaceFile Open(string path)
    {
        bool isNew = !File.Exists(path);
        SafeFileHandle handle = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite);
        try
        {
            var place = new PlaceFile(handle) { IsNew = isNew };
            Span<byte> slots = stackalloc byte[2 * SlotSize];
            int read = RandomAccess.Read(handle, slots, 0);
            place.Take(slots[..Math.Min(read, SlotSize)]);
            place.Take(slots[Math.Min(read, SlotSize)..read]);
            return place;
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <exception cref="IOException">It can't be written; what was there before stands.</exception>
    public void Write(SpoolPosition position, ReadOnlySpan<byte> note)
    {
        Span<byte> slot = stackalloc byte[SlotSize];
        slot.Clear();
        Mark.CopyTo(slot);
        BinaryPrimitives.WriteInt32LittleEndian(slot[4..], note.Length);
        BinaryPrimitives.WriteInt64LittleEndian(slot[8..], _turn + 1);
        BinaryPrimitives.WriteInt64LittleEndian(slot[16..], position.Segment);
        BinaryPrimitives.WriteInt64LittleEndian(slot[24..], position.Offset);
        BinaryPrimitives.WriteInt64LittleEndian(slot[32..], position.Number);
        note.CopyTo(slot[40..]);
        BinaryPrimitives.WriteUInt32LittleEndian(slot[Checked..], Crc32C.Of(slot[..Checked]));
        RandomAccess.Write(_handle, slot, (_turn + 1) % 2 * SlotSize);
        _turn++;
    }

    public void Dispose() => _handle.Dispose();

    private void Take(ReadOnlySpan<byte> slot)
    {
        if (slot.Length < Checked + sizeof(uint) || !slot.StartsWith(Mark)) return;
        if (BinaryPrimitives.ReadUInt32LittleEndian(slot[Checked..]) != Crc32C.Of(slot[..Checked])) return;
        long turn = BinaryPrimitives.ReadInt64LittleEndian(slot[8..]);
        int noteLength = BinaryPrimitives.ReadInt32LittleEndian(slot[4..]);
        if (turn <= _turn || noteLength is < 0 or > LongestNote) return;
        _turn = turn;
        Note = slot.Slice(40, noteLength).ToArray();
        Position = new SpoolPosition(BinaryPrimitives.ReadInt64LittleEndian(slot[16..]), BinaryPrimitives.ReadInt64LittleEndian(slot[24..]))
        {
            Number = BinaryPrimitives.ReadInt64LittleEndian(slot[32..]),
        };
    }
}
