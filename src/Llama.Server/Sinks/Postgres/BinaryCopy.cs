using System.Buffers;
using System.Buffers.Binary;

namespace Llama.Server.Sinks.Postgres;

/// <summary>
/// Writes the binary format of COPY (PostgreSQL's manual, COPY, "Binary Format") and in it the values as PostgreSQL's types send
/// themselves. Numbers are in network order.
/// </summary>
/// <remarks>
/// <code>
/// header  "PGCOPY\n" 0xFF "\r\n" 0    11    flags   4    length of what else   4
/// row     columns   2      then for each   length, or -1 for NULL   4    value
/// end     -1   2
/// timestamptz  microseconds since 2000   8        jsonb  version = 1   1    text
/// bigint[]     dimensions = 1   4    has NULL   4    type   4    count   4    lower bound   4    then for each   length   4    value   8
/// </code>
/// </remarks>
internal sealed class BinaryCopy
{
    private const int BigintType = 20;
    private static readonly long Epoch = new DateTimeOffset(2000, 1, 1, 0, 0, 0, TimeSpan.Zero).UtcTicks;
    private readonly ArrayBufferWriter<byte> _output = new(128 * 1024);

    /// <summary>What has been written since <see cref="Clear"/>.</summary>
    public ReadOnlyMemory<byte> Written => _output.WrittenMemory;

    public void Clear() => _output.ResetWrittenCount();

    public void Begin()
    {
        Clear();
        _output.Write("PGCOPY\n"u8);
        WriteOctet(0xFF);
        _output.Write("\r\n\0"u8);
        WriteInt32(0);
        WriteInt32(0);
    }

    public void End() => WriteInt16(-1);

    public void BeginRow(int columns) => WriteInt16((short)columns);

    public void Null() => WriteInt32(-1);

    public void Boolean(bool value)
    {
        WriteInt32(1);
        WriteOctet(value ? (byte)1 : (byte)0);
    }

    public void Smallint(short value)
    {
        WriteInt32(2);
        WriteInt16(value);
    }

    public void Integer(int value)
    {
        WriteInt32(4);
        WriteInt32(value);
    }

    public void Bigint(long? value)
    {
        if (value is not { } number)
        {
            Null();
            return;
        }

        WriteInt32(8);
        WriteInt64(number);
    }

    /// <summary>Begins an array, whose values follow as they would on their own.</summary>
    public void BeginBigints(int count)
    {
        WriteInt32(20 + 12 * count);
        WriteInt32(1);
        WriteInt32(0);
        WriteInt32(BigintType);
        WriteInt32(count);
        WriteInt32(1);
    }

    public void Timestamp(DateTimeOffset time)
    {
        WriteInt32(8);
        WriteInt64((time.UtcTicks - Epoch) / TimeSpan.TicksPerMicrosecond);
    }

    public void Text(ReadOnlySpan<byte> utf8)
    {
        WriteInt32(utf8.Length);
        _output.Write(utf8);
    }

    public void Jsonb(ReadOnlySpan<byte> utf8)
    {
        WriteInt32(1 + utf8.Length);
        WriteOctet(1);
        _output.Write(utf8);
    }

    public void Uuid(ReadOnlySpan<byte> octets) => Text(octets);

    private void WriteOctet(byte value)
    {
        _output.GetSpan(1)[0] = value;
        _output.Advance(1);
    }

    private void WriteInt16(short value)
    {
        BinaryPrimitives.WriteInt16BigEndian(_output.GetSpan(2), value);
        _output.Advance(2);
    }

    private void WriteInt32(int value)
    {
        BinaryPrimitives.WriteInt32BigEndian(_output.GetSpan(4), value);
        _output.Advance(4);
    }

    private void WriteInt64(long value)
    {
        BinaryPrimitives.WriteInt64BigEndian(_output.GetSpan(8), value);
        _output.Advance(8);
    }
}
