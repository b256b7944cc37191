using System.Buffers;
using System.Buffers.Binary;

namespace Llama.Server.Sinks.Influx;

/// <summary>
/// The tags of a line, written escaped as they come, and then sorted by key as whoever stores them likes best. Of two with one key the
/// first counts; those without key or value are left out. Used again and again; belongs to one thread at a time.
/// </summary>
internal sealed class LineTags : IComparer<int>
{
    // Beyond this many a row's tags are no longer those of the row before, save for a few.
    private const int FewTags = 64;

    private byte[] _text = new byte[2048];
    private Tag[] _tags = new Tag[32];
    private int[] _order = [];
    private int _ordered;
    private int _length;

    /// <summary>How many have been added.</summary>
    public int Count { get; private set; }

    public void Clear()
    {
        Count = 0;
        _length = 0;
    }

    /// <summary>Takes all off that were added after the first ones.</summary>
    public void KeepFirst(int count)
    {
        if (count >= Count) return;
        Count = count;
        _length = _tags[count].Start;
    }

    /// <summary>Adds a tag.</summary>
    public void Add(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) => Add([], key, value);

    /// <summary>Adds a tag whose key has a prefix before it.</summary>
    public void Add(ReadOnlySpan<byte> prefix, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        if (key.IsEmpty) return;
        Reserve(prefix.Length + key.Length + value.Length);
        Span<byte> to = _text.AsSpan(_length);
        to[0] = (byte)',';
        prefix.CopyTo(to[1..]);
        int keyEnd = 1 + prefix.Length;
        keyEnd += LineText.Write(key, to[keyEnd..]);
        to[keyEnd] = (byte)'=';
        int end = keyEnd + 1;
        end += LineText.Write(value, to[end..]);
        _tags[Count++] = new Tag(Beginning(to[1..], keyEnd - 1), _length, keyEnd - 1, end);
        _length += end;
    }

    /// <summary>Writes them all, each with a comma before it.</summary>
    public void WriteSorted(ArrayBufferWriter<byte> output)
    {
        Sort();
        Span<byte> to = output.GetSpan(_length);
        int at = 0, before = -1;
        foreach (int i in _order.AsSpan(0, Count))
        {
            ref readonly Tag tag = ref _tags[i];
            if (before >= 0 && tag.Beginning == _tags[before].Beginning && Key(i).SequenceEqual(Key(before))) continue;
            before = i;
            if (tag.KeyLength + 2 == tag.Length) continue;
            _text.AsSpan(tag.Start, tag.Length).CopyTo(to[at..]);
            at += tag.Length;
        }

        output.Advance(at);
    }

    /// <inheritdoc/>
    int IComparer<int>.Compare(int x, int y)
    {
        int byBeginning = _tags[x].Beginning.CompareTo(_tags[y].Beginning);
        if (byBeginning != 0) return byBeginning;
        int byKey = Key(x).SequenceCompareTo(Key(y));
        return byKey != 0 ? byKey : x.CompareTo(y);
    }

    /// <summary>Sorts beginning with the order of the line before, which mostly is the one of this line.</summary>
    private void Sort()
    {
        int count = Count;
        if (_ordered != count)
        {
            if (_order.Length < count) _order = new int[_tags.Length];
            for (int i = 0; i < count; i++) _order[i] = i;
            _ordered = count;
        }

        Span<int> order = _order.AsSpan(0, count);
        if (count > FewTags)
        {
            order.Sort(this);
            return;
        }

        for (int i = 1; i < order.Length; i++)
        {
            int tag = order[i], at = i;
            for (; at > 0 && IsBefore(tag, order[at - 1]); at--) order[at] = order[at - 1];
            order[at] = tag;
        }
    }

    private bool IsBefore(int x, int y)
    {
        (ulong first, ulong second) = (_tags[x].Beginning, _tags[y].Beginning);
        return first == second ? ((IComparer<int>)this).Compare(x, y) < 0 : first < second;
    }

    private ReadOnlySpan<byte> Key(int i) => _text.AsSpan(_tags[i].Start + 1, _tags[i].KeyLength);

    /// <summary>The first eight octets of a key as a number that sorts alike; what the key is too short for is zero. Behind it there is room.</summary>
    private static ulong Beginning(ReadOnlySpan<byte> key, int length)
    {
        ulong first = BinaryPrimitives.ReadUInt64BigEndian(key);
        return length >= 8 ? first : first & ~(ulong.MaxValue >> (8 * length));
    }

    private void Reserve(int length)
    {
        int needed = _length + LineText.LongestFactor * length + 16;
        if (needed > _text.Length) Array.Resize(ref _text, Math.Max(needed, 2 * _text.Length));
        if (Count == _tags.Length) Array.Resize(ref _tags, 2 * _tags.Length);
    }

    private readonly record struct Tag(ulong Beginning, int Start, int KeyLength, int Length);
}
