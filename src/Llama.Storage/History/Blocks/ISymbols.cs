namespace Llama.Storage.History.Blocks;

/// <summary>
/// Where numbers go to or come from, so that what a block consists of is said once, for writing and for reading alike: each method
/// takes a number when writing, gives it when reading, and returns it either way. Numbers of one column are alike, so they share the
/// order of their codes. Sums and differences wrap around: any number can be written, only not always in few bits.
/// </summary>
internal interface ISymbols
{
    /// <summary>True where numbers are read.</summary>
    static abstract bool IsReading { get; }

    /// <summary>A number that is mostly small.</summary>
    ulong Unsigned(int column, ulong value);

    /// <summary>A number that is mostly close to what is expected.</summary>
    long Signed(int column, long value, long expected);

    /// <summary>A number that is alike in many pairs: written as what it differs by from the base of a column that has one.</summary>
    long Based(int column, long value);

    /// <summary>The base of a column; 0 when writing, where it is not known yet.</summary>
    long Base(int column);

    /// <summary>
    /// Begins a group of numbers that are mostly all zeros, those of columns with a base after it was taken away. True where they are:
    /// then they are not written. False when writing, where it is not known yet.
    /// </summary>
    bool BeginGroup(int column);

    /// <summary>Ends it, where it was not all zeros.</summary>
    void EndGroup();
}

/// <summary>A number that changes little from point to point.</summary>
internal struct Level
{
    /// <summary>What it was, or is expected to be.</summary>
    public long Value;

    /// <summary>False before the first one.</summary>
    public bool IsSet;
}

/// <summary>What is put together from the methods of <see cref="ISymbols"/>.</summary>
internal static class Symbols
{
    /// <summary>
    /// A level, which then is the one before: its first value in the column of that number, which has a base, all others in the column
    /// that is behind it by the number of based columns.
    /// </summary>
    public static long Level<TSymbols>(this ref TSymbols symbols, int column, int basedColumns, long value, ref Level before)
        where TSymbols : struct, ISymbols, allows ref struct
    {
        long level = before.IsSet ? symbols.Signed(column + basedColumns, value, before.Value) : symbols.Based(column, value);
        (before.Value, before.IsSet) = (level, true);
        return level;
    }

    /// <summary>A level that is what it was before, or the base when it is the first one.</summary>
    public static long Expected<TSymbols>(this ref TSymbols symbols, int column, ref Level before)
        where TSymbols : struct, ISymbols, allows ref struct
    {
        if (!before.IsSet) before = new Level { Value = symbols.Base(column), IsSet = true };
        return before.Value;
    }

    /// <summary>A signed number as an unsigned one that is small when it is close to zero.</summary>
    public static ulong Fold(long value) => ((ulong)value << 1) ^ (ulong)(value >> 63);

    /// <summary>Undoes <see cref="Fold"/>.</summary>
    public static long Unfold(ulong value) => (long)(value >> 1) ^ -(long)(value & 1);
}
