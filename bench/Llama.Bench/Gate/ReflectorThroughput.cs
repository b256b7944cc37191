namespace Llama.Benchmarks.Gate;

/// <summary>Our reflector with one worker against the C echo, each on the same core, loaded from the other one.</summary>
internal sealed class ReflectorThroughput(Workbench bench) : IMeasurement
{
    private const double AllowedSeconds = 30;

    private readonly Samples _echoRate = new(), _echoCpu = new(), _reflectorRate = new(), _reflectorCpu = new();

    public string Name => "reflector against the C echo";

    public int Rounds => bench.IsQuick ? 1 : 5;

    public async Task RunRoundAsync(CancellationToken cancellation)
    {
        LoadRun echo, reflector;
        await using (EchoingProgram program = await EchoingProgram.StartEchoAsync(
            bench, bench.Cores.Reflecting, AllowedSeconds, cancellation).ConfigureAwait(false))
        {
            echo = await LoadAsync(program, cancellation).ConfigureAwait(false);
        }

        await using (EchoingProgram program = await EchoingProgram.StartReflectorAsync(
            bench, bench.Cores.Reflecting, AllowedSeconds, cancellation).ConfigureAwait(false))
        {
            reflector = await LoadAsync(program, cancellation).ConfigureAwait(false);
        }

        _echoRate.Add(echo.PerSecond);
        _echoCpu.Add(echo.CpuMicrosPerDatagram);
        _reflectorRate.Add(reflector.PerSecond);
        _reflectorCpu.Add(reflector.CpuMicrosPerDatagram);
    }

    public IEnumerable<ResultRow> Rows()
    {
        yield return ResultRow.Of("C echo: round trips/s, 1,028-byte datagrams", "", _echoRate, "N0", "/s");
        yield return ResultRow.Of("reflector, one worker: round trips/s, 1,028-byte datagrams", "", _reflectorRate, "N0", "/s");
        yield return ResultRow.Of(
            "reflector: round trips/s against the C echo", ">= 0.95", Samples.Ratio(_reflectorRate, _echoRate), "0.00", "x", ratio => ratio >= 0.95);
        yield return ResultRow.Of("C echo: CPU per datagram", "", _echoCpu, "0.00", "us");
        yield return ResultRow.Of("reflector: CPU per datagram", "", _reflectorCpu, "0.00", "us");
        yield return ResultRow.Of(
            "reflector: CPU per datagram against the C echo", "<= 1.1", Samples.Ratio(_reflectorCpu, _echoCpu), "0.00", "x", ratio => ratio <= 1.1);
    }

    private Task<LoadRun> LoadAsync(EchoingProgram program, CancellationToken cancellation) => LoadRun.RunAsync(
        bench, bench.Cores.Sending, 1, program.Port, bench.Seconds(1.5, 1), bench.Seconds(3, 2), [program.Program], cancellation);
}
