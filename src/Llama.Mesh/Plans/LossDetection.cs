namespace Llama.Mesh.Plans;

/// <summary>
/// How many datagrams it takes to notice loss, each of them being lost on its own with the same probability. Loss in bursts is seen
/// later or sooner than that.
/// </summary>
public static class LossDetection
{
    /// <summary>
    /// The datagrams of which at least one is lost, with a given confidence: the least n with (1 - loss)^n at most 1 - confidence.
    /// 459 for 1 % loss and 99 % confidence.
    /// </summary>
    /// <param name="loss">Part of the datagrams that is lost, above 0 and below 1.</param>
    /// <param name="confidence">Above 0 and below 1.</param>
    public static int DatagramsToSee(double loss, double confidence) => (int)Math.Ceiling(Math.Log(1 - confidence) / Math.Log(1 - loss));

    /// <summary>
    /// The datagrams after which one loss can be told from another: there is a number of lost ones that the greater loss reaches, and the
    /// lesser one does not, each with the given confidence. 1157 to tell 1 % from 0.1 % with 99 %: five or more are lost.
    /// </summary>
    /// <param name="loss">The greater loss, below 1.</param>
    /// <param name="lesser">The lesser loss, above 0.</param>
    /// <param name="confidence">Above 0.5 and below 1.</param>
    public static int DatagramsToTell(double loss, double lesser, double confidence)
    {
        for (int threshold = 1; ; threshold++)
        {
            int fewest = FewestToReach(threshold, loss, confidence);
            if (ChanceOfFewer(threshold, fewest, lesser) >= confidence)
                return fewest;
        }
    }

    private static int FewestToReach(int threshold, double loss, double confidence)
    {
        int low = threshold;
        int high = threshold;
        while (ChanceOfFewer(threshold, high, loss) > 1 - confidence)
            high *= 2;
        while (low < high)
        {
            int middle = low + (high - low) / 2;
            if (ChanceOfFewer(threshold, middle, loss) > 1 - confidence)
                low = middle + 1;
            else
                high = middle;
        }

        return low;
    }

    // The binomial distribution, summed up to the threshold.
    private static double ChanceOfFewer(int threshold, int datagrams, double loss)
    {
        double term = Math.Pow(1 - loss, datagrams);
        double sum = term;
        for (int lost = 1; lost < threshold; lost++)
        {
            term *= loss / (1 - loss) * (datagrams - lost + 1) / lost;
            sum += term;
        }

        return sum;
    }
}
