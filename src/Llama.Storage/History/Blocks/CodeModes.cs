using System.Numerics;

namespace Llama.Storage.History.Blocks;

/// <summary>
/// How numbers of a column are coded, chosen by how long they are: mode 0 writes nothing and stands for zeros, mode n writes codes of
/// order n - 1. Pure.
/// </summary>
internal static class CodeModes
{
    /// <summary>One more than the last mode.</summary>
    public const int Count = 65;

    /// <summary>How many lengths a number can have: 0 to 64 bits.</summary>
    public const int Lengths = 65;

    // How many candidates below and above the mean length are tried.
    private const int TriedBelow = 4;
    private const int TriedAbove = 2;

    /// <summary>The length of a number.</summary>
    public static int LengthOf(ulong value) => 64 - BitOperations.LeadingZeroCount(value);

    /// <summary>The mode that numbers of these lengths need the fewest bits in.</summary>
    /// <param name="lengths">How many numbers there are of each length.</param>
    /// <param name="cost">What they need in it, in quarters of a bit.</param>
    public static int Best(ReadOnlySpan<int> lengths, out long cost)
    {
        cost = 0;
        lengths = lengths[..(lengths.LastIndexOfAnyExcept(0) + 1)];
        if (lengths.Length <= 1) return 0;
        long count = 0, sum = 0;
        for (int length = 0; length < lengths.Length; length++)
        {
            count += lengths[length];
            sum += (long)lengths[length] * length;
        }

        int mean = (int)(sum / count);
        int best = 0;
        cost = long.MaxValue;
        for (int mode = Math.Max(1, mean - TriedBelow); mode <= Math.Min(Count - 1, mean + 1 + TriedAbove); mode++)
        {
            long tried = Cost(lengths, mode);
            if (tried >= cost) continue;
            (best, cost) = (mode, tried);
        }

        return best;
    }

    /// <summary>How many quarters of a bit numbers of these lengths need in a mode: exact where all are alike, close elsewhere.</summary>
    public static long Cost(ReadOnlySpan<int> lengths, int mode)
    {
        if (mode == 0) return lengths.LastIndexOfAnyExcept(0) <= 0 ? 0 : long.MaxValue / 2;
        int order = mode - 1;
        long cost = 0;
        for (int length = 0; length < lengths.Length; length++)
        {
            if (lengths[length] == 0) continue;
            int over = length - order;
            // Beyond the order a number takes two bits more for each bit that it is longer; half of those just beyond take two less.
            int quarters = length == 64 ? 4 * (128 - order)
                : over <= 0 ? 4 * (order + 1)
                : 4 * (2 * over - 1 + order) + (over < 4 ? 16 >> over : 0);
            cost += (long)lengths[length] * quarters;
        }

        return cost;
    }
}
