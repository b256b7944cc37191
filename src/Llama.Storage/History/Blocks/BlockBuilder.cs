namespace Llama.Storage.History.Blocks;

/// <summary>
/// Points of pairs of one source, brought together and written as one block: a part of a row of a level, or a report of the journal.
/// Used again and again; belongs to one thread at a time.
/// </summary>
internal sealed class BlockBuilder
{
    /// <summary>How many points it holds.</summary>
    public int Count => throw new NotImplementedException();

    /// <summary>
    /// The totals of a pair and class at a moment, empty where there were none yet: add to them. The moment is the start of the
    /// interval for raw points, the start of the step for others. Where the totals span less than the step, their own start and end say so.
    /// </summary>
    public PairTotals At(int destination, byte trafficClass, DateTimeOffset moment) => throw new NotImplementedException();

    /// <summary>Adds all that a block holds to what is here.</summary>
    /// <exception cref="InvalidDataException">The block is damaged; nothing has been added.</exception>
    public void Add(ReadOnlySpan<byte> counts, ReadOnlySpan<byte> detail) => throw new NotImplementedException();

    /// <summary>Writes all as a block, in octets that are valid until the next call.</summary>
    public void Write(out ReadOnlySpan<byte> counts, out ReadOnlySpan<byte> detail) => throw new NotImplementedException();

    /// <summary>Forgets all.</summary>
    public void Clear() => throw new NotImplementedException();
}
