namespace Llama.Benchmarks.Gate;

/// <summary>
/// Two reflector workers against one, with two load generators and everything free to run on any core; the C echo does the same. With
/// two cores the load has to live beside the workers, so the rate can't double: what is left to see is that it grows as far as the
/// reference's, and that a datagram costs two workers what it costs one.
/// </summary>
internal sealed class WorkerScaling(Workbench bench) : IMeasurement
{
    private const double AllowedSeconds = 30;
    private const int Workers = 2;

    private readonly Samples _echoRate = new(), _echoCpu = new(), _reflectorRate = new(), _reflectorCpu = new();

    public string Name => "two workers against one";

    public int Rounds => bench.IsQuick ? 1 : 2;

    public async Task RunRoundAsync(CancellationToken cancellation)
    {
        LoadRun oneEcho = await EchoAsync(1, cancellation).ConfigureAwait(false);
        LoadRun twoEchoes = await EchoAsync(Workers, cancellation).ConfigureAwait(false);
        LoadRun oneWorker = await ReflectAsync(1, cancellation).ConfigureAwait(false);
        LoadRun twoWorkers = await ReflectAsync(Workers, cancellation).ConfigureAwait(false);
        _echoRate.Add(twoEchoes.PerSecond / oneEcho.PerSecond);
        _echoCpu.Add(twoEchoes.CpuMicrosPerDatagram / oneEcho.CpuMicrosPerDatagram);
        _reflectorRate.Add(twoWorkers.PerSecond / oneWorker.PerSecond);
        _reflectorCpu.Add(twoWorkers.CpuMicrosPerDatagram / oneWorker.CpuMicrosPerDatagram);
    }

    public IEnumerable<ResultRow> Rows()
    {
        string cores = $"{bench.Cores.All.Count} cores, load included";
        yield return ResultRow.Of($"two C echoes against one ({cores}): round trips/s", "", _echoRate, "0.00", "x");
        yield return ResultRow.Of($"two reflector workers against one ({cores}): round trips/s", "", _reflectorRate, "0.00", "x");
        yield return ResultRow.Of("two C echoes against one: CPU per datagram", "", _echoCpu, "0.00", "x");
        yield return ResultRow.Of("two reflector workers against one: CPU per datagram", "", _reflectorCpu, "0.00", "x");
    }

    private async Task<LoadRun> EchoAsync(int workers, CancellationToken cancellation)
    {
        var echoes = new List<EchoingProgram>();
        try
        {
            int port = Workbench.FreePort();
            for (int i = 0; i < workers; i++)
                echoes.Add(await EchoingProgram.StartEchoAsync(bench, null, AllowedSeconds, cancellation, port).ConfigureAwait(false));
            return await LoadAsync(port, [.. echoes.Select(echo => echo.Program)], cancellation).ConfigureAwait(false);
        }
        finally
        {
            foreach (EchoingProgram echo in echoes) await echo.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async Task<LoadRun> ReflectAsync(int workers, CancellationToken cancellation)
    {
        await using EchoingProgram reflector = await EchoingProgram.StartReflectorAsync(
            bench, null, AllowedSeconds, cancellation, workers).ConfigureAwait(false);
        return await LoadAsync(reflector.Port, [reflector.Program], cancellation).ConfigureAwait(false);
    }

    private Task<LoadRun> LoadAsync(int port, IReadOnlyList<RunningProgram> loaded, CancellationToken cancellation) =>
        LoadRun.RunAsync(bench, null, Workers, port, bench.Seconds(1.5, 1), bench.Seconds(2.5, 1), loaded, cancellation);
}
