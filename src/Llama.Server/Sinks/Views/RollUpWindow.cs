using Llama.Server.Sinks.Records;
using Llama.Storage.Spooling;

namespace Llama.Server.Sinks.Views;

/// <summary>The rows of one interval, summed by tags of source and destination and by class.</summary>
/// <param name="start">Start of the interval.</param>
/// <param name="end">Its end.</param>
/// <param name="first">Where its first record is.</param>
internal sealed class RollUpWindow(DateTimeOffset start, DateTimeOffset end, SpoolPosition first)
{
    private readonly Dictionary<byte[], RowSum> _rows = new(OctetsComparer.Instance);
    private RecordFlags _flags;

    public DateTimeOffset Start { get; } = start;

    public DateTimeOffset End { get; } = end;

    public SpoolPosition First { get; } = first;

    /// <summary>Notes what is said of a record whose rows are added.</summary>
    public void Mark(RecordFlags flags) => _flags |= flags;

    /// <summary>The sum with a key as <see cref="RollUpKey"/> writes it; null when there is none yet.</summary>
    public RowSum? Find(ReadOnlySpan<byte> key) => _rows.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(key, out RowSum? sum) ? sum : null;

    /// <summary>A new sum.</summary>
    public RowSum Add(ReadOnlySpan<byte> key)
    {
        var sum = new RowSum();
        _rows.Add(key.ToArray(), sum);
        return sum;
    }

    /// <summary>Writes it as a record of nobody's.</summary>
    public ReadOnlyMemory<byte> Write(ReportWriter writer, RollUpKey keys)
    {
        writer.Begin(Start, End, _flags, default);
        writer.EndOriginTags();
        foreach ((byte[] key, RowSum sum) in _rows)
        {
            keys.BeginPair(writer, key);
            sum.EndPair(writer);
        }

        return writer.Record.ToArray();
    }
}
