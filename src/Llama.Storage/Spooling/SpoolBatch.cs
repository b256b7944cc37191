namespace Llama.Storage.Spooling;

/// <summary>Records in the order they were appended. Their memory is valid until the reader's next <see cref="SpoolReader.Read"/>.</summary>
public sealed class SpoolBatch
{
    internal SpoolBatch(IReadOnlyList<ReadOnlyMemory<byte>> records, IReadOnlyList<SpoolPosition> starts, SpoolPosition end)
    {
        Records = records;
        Starts = starts;
        End = end;
    }

    /// <summary>At least one.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Records { get; }

    /// <summary>Where each record begins: to acknowledge up to there leaves it, and those behind it, to come again.</summary>
    public IReadOnlyList<SpoolPosition> Starts { get; }

    /// <summary>Behind the last one: to acknowledge this acknowledges all.</summary>
    public SpoolPosition End { get; }
}
