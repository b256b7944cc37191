using Llama.Server.Sinks.Records;

namespace Llama.Server.Sinks.Delivery;

/// <summary>Cuts a record in two, for sinks that take no more at a time, and to find what one of them refuses. Pure.</summary>
internal static class RecordHalves
{
    /// <summary>Two records that say the same as one; null where it has but one pair or point. Flows stay with their pair.</summary>
    /// <exception cref="InvalidDataException">The record is damaged.</exception>
    public static (ReadOnlyMemory<byte> First, ReadOnlyMemory<byte> Second)? Of(ReadOnlySpan<byte> record)
    {
        int rows = 0;
        var count = new ReportReader(record);
        while (count.NextRow())
            if (count.Kind != RowKind.Flow) rows++;
        return rows < 2 ? null : (Part(record, 0, rows / 2), Part(record, rows / 2, rows));
    }

    private static ReadOnlyMemory<byte> Part(ReadOnlySpan<byte> record, int from, int to)
    {
        var reader = new ReportReader(record);
        var writer = new ReportWriter();
        writer.Begin(reader.Start, reader.End, reader.Flags, reader.Origin);
        foreach (TextPair tag in reader.OriginTags) writer.AddTag(tag.Key, tag.Value);
        writer.EndOriginTags();
        int row = -1;
        while (reader.NextRow())
        {
            // A flow without a pair before it belongs nowhere, and goes with the first.
            if (reader.Kind != RowKind.Flow) row++;
            if (Math.Max(row, 0) >= from && row < to) writer.AddRow(reader.Row);
        }

        return writer.Record;
    }
}
