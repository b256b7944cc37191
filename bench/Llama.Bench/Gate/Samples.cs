namespace Llama.Benchmarks.Gate;

/// <summary>One figure, measured several times.</summary>
internal sealed class Samples
{
    private readonly List<double> _values = [];

    public int Count => _values.Count;

    public double Min => _values.Min();

    public double Max => _values.Max();

    public double Median => Percentile(_values, 0.5);

    public void Add(double value) => _values.Add(value);

    /// <summary>The value below which this share of the values lies, interpolated between the two that are nearest.</summary>
    /// <param name="values">At least one, in any order.</param>
    /// <param name="share">0 to 1.</param>
    public static double Percentile(IEnumerable<double> values, double share)
    {
        double[] sorted = [.. values.Order()];
        double place = share * (sorted.Length - 1);
        int below = (int)place;
        int above = Math.Min(below + 1, sorted.Length - 1);
        return sorted[below] + (sorted[above] - sorted[below]) * (place - below);
    }

    /// <summary>Ratios of samples that were taken in the same rounds.</summary>
    public static Samples Ratio(Samples dividend, Samples divisor)
    {
        var ratios = new Samples();
        foreach ((double value, double by) in dividend._values.Zip(divisor._values)) ratios.Add(value / by);
        return ratios;
    }
}
