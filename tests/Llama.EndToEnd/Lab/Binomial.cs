namespace Llama.EndToEnd.Lab;

/// <summary>What chance allows.</summary>
internal static class Binomial
{
    /// <summary>One measurement in a million that is right falls outside.</summary>
    private const double Doubt = 1e-6;

    /// <summary>Asserts that this many hits in this many draws can be expected where each hits with the given chance.</summary>
    public static void AssertLikely(long hits, long draws, double chance)
    {
        double below = 0, above = 0;
        for (long k = 0; k <= draws; k++)
        {
            double share = Math.Exp(LogChoose(draws, k) + k * Math.Log(chance) + (draws - k) * Math.Log(1 - chance));
            if (k <= hits) below += share;
            if (k >= hits) above += share;
        }

        Assert.True(
            below > Doubt / 2 && above > Doubt / 2,
            $"{hits} of {draws} is {(double)hits / Math.Max(1, draws):P3}, which {chance:P3} does not give: the chance of so few is {below:G3}, of so many {above:G3}.");
    }

    private static double LogChoose(long n, long k) => LogGamma(n + 1) - LogGamma(k + 1) - LogGamma(n - k + 1);

    /// <summary>Stirling's series; good to ten digits from 10 on, and the recurrence leads there.</summary>
    private static double LogGamma(double x)
    {
        double shift = 0;
        for (; x < 10; x++) shift += Math.Log(x);
        return (x - 0.5) * Math.Log(x) - x + 0.5 * Math.Log(2 * Math.PI) + 1 / (12 * x) - 1 / (360 * x * x * x) - shift;
    }
}
