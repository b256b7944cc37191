using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using Llama.Server.Sinks.Records;

namespace Llama.Server.Sinks.Postgres;

/// <summary>
/// What makes a row the one it is, in 16 octets: who measured, when, from where to where, and the tags, but none of the numbers. The same
/// summary has the same identity whenever and by whomever it is written. Used again and again by one thread at a time.
/// </summary>
internal sealed class RowIdentity
{
    private const int Length = 16;
    private readonly ArrayBufferWriter<byte> _parts = new(512);
    private readonly byte[] _digest = new byte[SHA256.HashSizeInBytes];

    /// <summary>The identity of the row that is being read; valid until the next one.</summary>
    public ReadOnlySpan<byte> Of(scoped in ReportReader row, ReadOnlySpan<byte> kind)
    {
        _parts.ResetWrittenCount();
        Add(kind);
        Add(row.Origin);
        Add(row.Start.UtcTicks);
        Add(row.End.UtcTicks);
        if (row.Kind == RowKind.Point)
        {
            Add(row.Measurement);
            Add(row.UnixSeconds ?? long.MinValue);
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

        foreach (TextPair tag in row.Tags)
        {
            Add(tag.Key);
            Add(tag.Value);
        }

        SHA256.HashData(_parts.WrittenSpan, _digest);
        return _digest.AsSpan(0, Length);
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
