namespace Llama.Storage.History.Blocks;

/// <summary>Reads a block: pair by pair in the order of destination and class, in each pair point by point in the order of time.</summary>
internal ref struct BlockReader
{
    /// <summary>A reader of a block. Without detail (empty), only counts can be read.</summary>
    /// <exception cref="InvalidDataException">It is damaged, or of a later version.</exception>
    public BlockReader(ReadOnlySpan<byte> counts, ReadOnlySpan<byte> detail) => throw new NotImplementedException();

    /// <summary>The destination of the pair that is being read.</summary>
    public int Destination => throw new NotImplementedException();

    /// <summary>Its class.</summary>
    public byte Class => throw new NotImplementedException();

    /// <summary>The moment of the point that is being read.</summary>
    public DateTimeOffset Moment => throw new NotImplementedException();

    /// <summary>Goes to the next pair; false behind the last one.</summary>
    public bool NextPair() => throw new NotImplementedException();

    /// <summary>Goes to a pair behind the one that is being read, or to the first that comes after where it would be; false when there is none.</summary>
    public bool Seek(int destination, byte trafficClass) => throw new NotImplementedException();

    /// <summary>Goes to the next point of the pair; false behind the last one.</summary>
    public bool NextPoint() => throw new NotImplementedException();

    /// <summary>Adds the point to totals: counts, and as much of the rest as is wanted.</summary>
    public void AddTo(PairTotals totals, HistoryDetail detail) => throw new NotImplementedException();
}
