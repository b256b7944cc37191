using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Llama.Server.Sinks.Records;

/// <summary>
/// Says in 16 octets which row or series it is: a digest of who measured, from where to where, and the tags, but of none of the numbers.
/// The same summary has the same identity whenever and by whomever it is written. Used again and again by one thread at a time.
/// </summary>
internal sealed class RowIdentity
{
    private const int Length = 16;
    private readonly ArrayBufferWriter<byte> _parts = new(512);
    private readonly byte[] _digest = new byte[SHA256.HashSizeInBytes];

    /// <summary>The identity of the row that is being read, its time included, in octets that are valid until the next one.</summary>
    public ReadOnlySpan<byte> OfRow(scoped in ReportReader row)
    {
        _parts.ResetWrittenCount();
        Add(row.Start.UtcTicks);
        Add(row.End.UtcTicks);
        Add(row.Kind == RowKind.Point ? row.UnixSeconds ?? long.MinValue : long.MinValue);
        AddSeries(row);
        SHA256.HashData(_parts.WrittenSpan, _digest);
        return _digest.AsSpan(0, Length);
    }

    /// <summary>The identity of what the row is one of, whatever its time.</summary>
    public UInt128 OfSeries(scoped in ReportReader row)
    {
        _parts.ResetWrittenCount();
        AddSeries(row);
        return Digest(_parts.WrittenSpan);
    }

    /// <summary>The identity of who measured, tags included.</summary>
    public UInt128 OfOrigin(scoped in ReportReader record)
    {
        _parts.ResetWrittenCount();
        Add(record.Origin);
        Add(record.OriginTags);
        return Digest(_parts.WrittenSpan);
    }

    /// <summary>The identity of octets.</summary>
    public UInt128 Digest(ReadOnlySpan<byte> octets)
    {
        SHA256.HashData(octets, _digest);
        return BinaryPrimitives.ReadUInt128BigEndian(_digest);
    }

    private void AddSeries(scoped in ReportReader row)
    {
        Add((long)row.Kind);
        Add(row.Origin);
        if (row.Kind == RowKind.Point)
        {
            Add(row.Measurement);
        }
        else
        {
            Add(row.Source);
            Add(row.Host);
            Add(row.Address);
            Add(row.Port);
            Add(row.Class);
            Add(row.Kind == RowKind.Flow ? row.SourcePort : -1);
        }

        Add(row.Tags);
    }

    private void Add(TextPairs tags)
    {
        foreach (TextPair tag in tags)
        {
            Add(tag.Key);
            Add(tag.Value);
        }
    }

    private void Add(ReadOnlySpan<byte> text)
    {
        Add(text.Length);
        _parts.Write(text);
    }

    private void Add(long number)
    {
        BinaryPrimitives.WriteInt64LittleEndian(_parts.GetSpan(8), number);
        _parts.Advance(8);
    }
}
