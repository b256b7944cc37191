namespace Llama.Storage.History.Blocks;

/// <summary>
/// Durations that need not be exact, as numbers whose steps grow with them: the highest bits of an IEEE 754 double. Rounding what was
/// rounded changes nothing.
/// </summary>
internal static class RoundedNanos
{
    /// <summary>
    /// For what one interval measured: 64 steps to each power of two, as in <see cref="Llama.Engine.Summaries.LogLinear"/>, so at
    /// most 0.8 % off.
    /// </summary>
    public const int CoarseBits = 6;

    /// <summary>For means over several intervals, which are written again with each that is added: those must not vanish in rounding.</summary>
    public const int FineBits = 14;

    /// <summary>How many steps of a fine number make one of a coarse number.</summary>
    public const int FineShift = FineBits - CoarseBits;

    private const int FractionBits = 52;

    /// <summary>The step of a duration.</summary>
    public static long Round(double nanos, int bits) => nanos > 0 ? BitConverter.DoubleToInt64Bits(nanos) >> (FractionBits - bits) : 0;

    /// <summary>The duration in the middle of a step; 0 of the lowest.</summary>
    /// <exception cref="InvalidDataException">There is no such step.</exception>
    public static double Nanos(long step, int bits)
    {
        if (step == 0) return 0;
        double nanos = BitConverter.Int64BitsToDouble((step << (FractionBits - bits)) | (1L << (FractionBits - bits - 1)));
        return (ulong)step < 0x7FFUL << bits && double.IsFinite(nanos) ? nanos : throw BitReader.Damaged();
    }

    /// <summary>The same in whole nanoseconds.</summary>
    public static long WholeNanos(long step)
    {
        double nanos = Nanos(step, CoarseBits);
        return nanos < long.MaxValue ? (long)nanos : long.MaxValue;
    }

    /// <summary>A coarse step in fine ones: its middle.</summary>
    public static long ToFine(long step) => step == 0 ? 0 : (step << FineShift) | (1L << (FineShift - 1));
}
