using Microsoft.Win32.SafeHandles;

namespace Llama.Storage.Spooling;

/// <summary>
/// A stretch of a segment in memory, and the search for sound records in it. What it hands out is valid until it is filled again. It holds
/// no file open, so that one that is deleted gives its room back at once. One caller at a time.
/// </summary>
internal sealed class SegmentWindow
{
    private const int Smallest = 64 << 10;
    private const int Largest = 8 << 20;

    private string _path = "";
    private byte[] _buffer = [];
    private long _start;
    private int _count;

    /// <summary>Turns to a segment.</summary>
    public void Turn(string path)
    {
        if (path == _path) return;
        (_path, _count) = (path, 0);
    }

    public bool StartsAt(long offset) => _start == offset;

    public bool EndsBefore(long limit) => _start + _count < limit;

    /// <summary>Reads from an offset on: as many octets as are wanted, if the limit of what may be read is not nearer.</summary>
    /// <exception cref="IOException">It can't be read.</exception>
    public void Fill(long offset, long limit, int wanted)
    {
        int octets = (int)Math.Min(limit - offset, Math.Max(wanted, Smallest));

        // A buffer that one long record asked for is not kept for the short ones.
        if (_buffer.Length < octets || (_buffer.Length > Largest && octets <= Largest)) _buffer = GC.AllocateUninitializedArray<byte>(octets);
        (_start, _count) = (offset, 0);
        using SafeFileHandle file = File.OpenHandle(_path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        while (_count < octets && RandomAccess.Read(file, _buffer.AsSpan(_count, octets - _count), offset + _count) is > 0 and int read) _count += read;
    }

    /// <summary>Takes the record at an offset if it lies whole in the window and is sound. Reads nothing.</summary>
    public bool TryTake(long offset, NumberSpan numbers, out RecordHeader header, out ReadOnlyMemory<byte> record)
    {
        record = default;
        if (!RecordHeader.TryRead(Ahead(offset), out header) || !numbers.Holds(header.Number)) return false;
        if (!Holds(offset, (long)RecordHeader.Size + header.Length)) return false;
        record = _buffer.AsMemory((int)(offset - _start) + RecordHeader.Size, header.Length);
        return Crc32C.Of(record.Span) == header.Crc;
    }

    /// <summary>Finds the first sound record at or behind an offset, past whatever is damaged.</summary>
    /// <param name="offset">Where to begin; is moved to where the record begins.</param>
    /// <param name="limit">Where the segment ends.</param>
    /// <param name="numbers">The numbers that records can have there.</param>
    /// <param name="wanted">How much to read at a time.</param>
    /// <param name="header">What was found.</param>
    /// <param name="record">The record itself.</param>
    /// <exception cref="IOException">The segment can't be read.</exception>
    public bool Seek(ref long offset, long limit, NumberSpan numbers, int wanted, out RecordHeader header, out ReadOnlyMemory<byte> record)
    {
        (header, record) = (default, default);
        while (limit - offset >= RecordHeader.Size)
        {
            if (!Holds(offset, RecordHeader.Size)) Fill(offset, limit, wanted);
            ReadOnlySpan<byte> ahead = Ahead(offset);
            if (ahead.Length < RecordHeader.Size) return false;
            if (RecordHeader.TryRead(ahead, out header) && numbers.Holds(header.Number) && header.Length <= limit - offset - RecordHeader.Size)
            {
                int whole = RecordHeader.Size + header.Length;
                if (!Holds(offset, whole)) Fill(offset, limit, Math.Max(whole, wanted));
                if (TryTake(offset, numbers, out header, out record)) return true;
                offset += whole;
                continue;
            }

            int next = ahead[1..].IndexOf(RecordHeader.Mark);
            offset += next < 0 ? ahead.Length - RecordHeader.Mark.Length + 1 : next + 1;
        }

        return false;
    }

    private bool Holds(long offset, long octets) => offset >= _start && offset + octets <= _start + _count;

    private ReadOnlySpan<byte> Ahead(long offset) => Holds(offset, 0) ? _buffer.AsSpan((int)(offset - _start), (int)(_start + _count - offset)) : [];
}

/// <summary>Numbers of records, the end not among them.</summary>
internal readonly record struct NumberSpan(long From, long End)
{
    public bool Holds(long number) => number >= From && number < End;
}
