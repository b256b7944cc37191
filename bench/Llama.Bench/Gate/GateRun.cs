using System.Diagnostics;

namespace Llama.Benchmarks.Gate;

/// <summary>Runs all measurements, round by round, so that whatever disturbs the machine meets all of them alike.</summary>
internal sealed class GateRun(IReadOnlyList<IMeasurement> measurements, TextWriter progress)
{
    private readonly Dictionary<IMeasurement, string> _failures = [];

    public async Task<IReadOnlyList<ResultRow>> RunAsync(CancellationToken cancellation)
    {
        long begin = Stopwatch.GetTimestamp();
        int rounds = measurements.Max(measurement => measurement.Rounds);
        for (int round = 0; round < rounds; round++)
        {
            foreach (IMeasurement measurement in measurements.Where(measurement => measurement.Rounds > round))
            {
                TimeSpan elapsed = Stopwatch.GetElapsedTime(begin);
                await progress.WriteLineAsync($"{elapsed:mm\\:ss}  round {round + 1} of {measurement.Rounds}: {measurement.Name}").ConfigureAwait(false);
                await RunRoundAsync(measurement, cancellation).ConfigureAwait(false);
            }
        }

        return [.. measurements.SelectMany(Rows)];
    }

    private async Task RunRoundAsync(IMeasurement measurement, CancellationToken cancellation)
    {
        try
        {
            await measurement.RunRoundAsync(cancellation).ConfigureAwait(false);
        }
        catch (Exception error) when (error is not OperationCanceledException || !cancellation.IsCancellationRequested)
        {
            // One that fails must not cost the figures of the others; its rows say what happened.
            _failures[measurement] = error.Message.Split('\n')[0];
            await progress.WriteLineAsync($"       failed: {error}").ConfigureAwait(false);
        }
    }

    private IEnumerable<ResultRow> Rows(IMeasurement measurement) => _failures.TryGetValue(measurement, out string? failure)
        ? measurement.Rows().Append(ResultRow.NotMeasured(measurement.Name, "", $"a round failed: {failure}"))
        : measurement.Rows();
}
