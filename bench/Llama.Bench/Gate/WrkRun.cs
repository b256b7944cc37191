using System.Globalization;
using System.Text.RegularExpressions;

namespace Llama.Benchmarks.Gate;

/// <summary>What wrk(1) found with eight connections.</summary>
/// <param name="PerSecond">Answers in a second.</param>
/// <param name="P99Millis">99 % of them came within this.</param>
internal sealed partial record WrkRun(double PerSecond, double P99Millis)
{
    /// <summary>Loads a server.</summary>
    /// <param name="seconds">How long.</param>
    /// <param name="arguments">Options of wrk, then the address, then `--` and arguments of the script.</param>
    /// <param name="cancellation">Ends it early.</param>
    public static async Task<WrkRun> RunAsync(double seconds, IEnumerable<string> arguments, CancellationToken cancellation)
    {
        await using RunningProgram wrk = await RunningProgram.StartAsync(
            null, seconds + 20, ["wrk", "--threads", "2", "--connections", "8", "--latency", "--duration", $"{seconds}s", .. arguments]).ConfigureAwait(false);
        if (await wrk.ExitAsync(cancellation).ConfigureAwait(false) != 0) throw new InvalidOperationException($"wrk failed: {wrk.Error}{wrk.Output}");
        return Parse(wrk.Output);
    }

    /// <summary>Reads what wrk prints.</summary>
    internal static WrkRun Parse(string text)
    {
        if (Faults().Match(text) is { Success: true } fault) throw new InvalidOperationException($"wrk: {fault.Value.Trim()}");
        Match rate = Rate().Match(text), p99 = P99().Match(text);
        if (!rate.Success || !p99.Success) throw new InvalidOperationException($"wrk printed something else: {text}");
        double millis = double.Parse(p99.Groups["value"].Value, CultureInfo.InvariantCulture) * p99.Groups["unit"].Value switch
        {
            "us" => 0.001,
            "ms" => 1,
            "s" => 1000,
            var unit => throw new InvalidOperationException($"wrk gave a time in {unit}"),
        };
        return new WrkRun(double.Parse(rate.Groups["value"].Value, CultureInfo.InvariantCulture), millis);
    }

    [GeneratedRegex(@"^Requests/sec:\s+(?<value>[\d.]+)", RegexOptions.Multiline)]
    private static partial Regex Rate();

    [GeneratedRegex(@"^\s+99%\s+(?<value>[\d.]+)(?<unit>[a-z]+)", RegexOptions.Multiline)]
    private static partial Regex P99();

    [GeneratedRegex(@"^\s*(Non-2xx or 3xx responses|Socket errors):.*$", RegexOptions.Multiline)]
    private static partial Regex Faults();
}
