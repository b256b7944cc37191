namespace Llama.Benchmarks.Gate;

/// <summary>A line of the table.</summary>
/// <param name="What">What was measured.</param>
/// <param name="Bar">What was asked for; empty where the figure is there for comparison.</param>
/// <param name="Figure">The median.</param>
/// <param name="Spread">Least and most of the rounds.</param>
/// <param name="IsMet">Whether the median meets the bar; null where there is none, or nothing was measured.</param>
internal sealed record ResultRow(string What, string Bar, string Figure, string Spread, bool? IsMet)
{
    /// <summary>A row whose samples are shown with a format and a unit, and judged by their median.</summary>
    public static ResultRow Of(string what, string bar, Samples samples, string format, string unit, Func<double, bool>? isMet = null)
    {
        if (samples.Count == 0) return NotMeasured(what, bar, "no round succeeded");
        string Show(double value) => value.ToString(format, null);
        string spread = samples.Count == 1 ? "one round" : $"{Show(samples.Min)} to {Show(samples.Max)}";
        return new ResultRow(what, bar, $"{Show(samples.Median)} {unit}".TrimEnd(), spread, isMet?.Invoke(samples.Median));
    }

    /// <summary>A row that says why it has no figure.</summary>
    public static ResultRow NotMeasured(string what, string bar, string why) => new(what, bar, "not measured", why, null);
}
