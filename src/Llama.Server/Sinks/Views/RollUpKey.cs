using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Llama.Server.Sinks.Records;

namespace Llama.Server.Sinks.Views;

/// <summary>What rolled-up rows are told apart by: class, and the values of some tags for source and destination. Belongs to one thread.</summary>
/// <remarks><code>class 1    then for each tag and end, source first    length 4    value</code></remarks>
internal sealed class RollUpKey(IReadOnlyList<string> tags)
{
    private static readonly byte[] None = [.. "(none)"u8];

    private readonly byte[][] _tags = [.. tags.Select(Encoding.UTF8.GetBytes)];
    private readonly byte[][] _sourceTags = [.. tags.Select(tag => Encoding.UTF8.GetBytes("src_" + tag))];
    private readonly byte[][] _destinationTags = [.. tags.Select(tag => Encoding.UTF8.GetBytes("dst_" + tag))];
    private readonly ArrayBufferWriter<byte> _key = new(128);

    /// <summary>The key of the row that is read; valid until the next one.</summary>
    /// <param name="row">A row of a pair, or a point.</param>
    /// <param name="isFolded">True for the one that stands for all destinations beyond the limit.</param>
    public ReadOnlySpan<byte> Of(in ReportReader row, bool isFolded)
    {
        _key.ResetWrittenCount();
        _key.Write([row.Kind == RowKind.Pair ? row.Class : (byte)0]);
        for (int i = 0; i < _tags.Length; i++)
        {
            Write(FirstOf(row.OriginTags.Find(_tags[i]), row.Tags.Find(_sourceTags[i])));
            Write(isFolded ? SinkView.Other : FirstOf(row.Tags.Find(_destinationTags[i]), row.Tags.Find(_tags[i])));
        }

        return _key.WrittenSpan;
    }

    /// <summary>Begins the row that a key stands for.</summary>
    public void BeginPair(ReportWriter writer, ReadOnlySpan<byte> key)
    {
        writer.BeginPair(default, default, default, 0, key[0]);
        key = key[1..];
        for (int i = 0; i < _tags.Length; i++)
        {
            writer.AddTag(_sourceTags[i], Read(ref key));
            writer.AddTag(_destinationTags[i], Read(ref key));
        }
    }

    private static ReadOnlySpan<byte> FirstOf(ReadOnlySpan<byte> value, ReadOnlySpan<byte> other) =>
        !value.IsEmpty ? value : !other.IsEmpty ? other : None;

    private void Write(ReadOnlySpan<byte> value)
    {
        BinaryPrimitives.WriteInt32BigEndian(_key.GetSpan(sizeof(int)), value.Length);
        _key.Advance(sizeof(int));
        _key.Write(value);
    }

    private static ReadOnlySpan<byte> Read(ref ReadOnlySpan<byte> key)
    {
        int length = BinaryPrimitives.ReadInt32BigEndian(key);
        ReadOnlySpan<byte> value = key.Slice(sizeof(int), length);
        key = key[(sizeof(int) + length)..];
        return value;
    }
}
