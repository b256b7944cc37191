using System.Text;
using Llama.Cli;
using Llama.Cli.Joining;
using Llama.Mesh.Joining;
using Llama.Server.Joining;

namespace Llama.Tests.Cli.Joining;

/// <summary>A probe's agent and pusher with a scripted server, on a clock that the test moves.</summary>
internal sealed class JoiningWorld : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("llama-joining-");
    private readonly StringBuilder _said = new();
    private CancellationTokenSource _running = new();
    private StateDirectory? _state;
    private DiscoveryClient? _client;

    public JoiningWorld()
    {
        Server = new ScriptedServer(Time);
        Log = new Log(TextWriter.Synchronized(new StringWriter(_said) { NewLine = "\n" }), Time);
    }

    public FakeTime Time { get; } = new();

    public ScriptedServer Server { get; }

    public Log Log { get; }

    public string Data => _directory.FullName;

    public string Said => _said.ToString();

    /// <summary>Configurations that the collector took.</summary>
    public List<ProbeConfiguration> Applied { get; } = [];

    /// <summary>What the collector says against a configuration.</summary>
    public Func<ProbeConfiguration, string?> Problem { get; set; } = _ => null;

    public JoiningCounters Counters { get; private set; } = new();

    public ReportPusher? Pusher { get; private set; }

    public Task? Running { get; private set; }

    public ProbeClaim Claim { get; set; } = new()
    {
        Identity = new ProbeIdentity { Group = "g", Name = "a", FullName = "a.example", Port = 8100 },
        Instance = "set when it starts",
        Version = "1.2.3",
        Tags = [new("site", "lhr1")],
        Pushes = true,
    };

    public IEnumerable<string> Targets => Applied[^1].Collector.Tests.SelectMany(test => test.Targets).Select(target => target.Host);

    /// <summary>Starts the probe, or starts it again.</summary>
    public async Task StartAsync(string? token = null)
    {
        _running = new CancellationTokenSource();
        Counters = new JoiningCounters();
        _state = StateDirectory.Open(_directory.FullName, Log);
        _client = new DiscoveryClient(new DiscoveryClientOptions
        {
            Servers = [new Uri("http://server:5000")],
            Token = token,
            Handler = new Relayed(Server),
            Time = Time,
        });
        ProbeClaim claim = Claim with { Instance = _state.Instance };
        var surroundings = new AgentSurroundings { Log = Log, Time = Time, Random = new Random(7) };
        var agent = new MeshAgent(_client, claim, _state, Apply, Counters, surroundings);
        Pusher = new ReportPusher(
            _client, claim, new ReportSpool(_state.SpoolPath, new SpoolLimits(), Counters, Time, Log), Counters, surroundings);
        CancellationToken ending = _running.Token;

        // When this is over the probe has done all that it does before it waits.
        await Task.Run(() => { Running = Task.WhenAny(agent.RunAsync(ending), Pusher.RunAsync(ending)).Unwrap(); }, CancellationToken.None);
        await PassAsync(TimeSpan.FromMilliseconds(500));
    }

    /// <summary>Ends the probe as a signal does.</summary>
    public async Task StopAsync()
    {
        await _running.CancelAsync();
        if (Running is not null) await Running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _client?.Dispose();
        _state?.Dispose();
        Running = null;
    }

    /// <summary>Lets time pass in small steps, on a thread where whatever waits goes on at once.</summary>
    public async Task PassAsync(TimeSpan span, TimeSpan? step = null)
    {
        TimeSpan by = step ?? TimeSpan.FromMilliseconds(250);
        for (TimeSpan passed = TimeSpan.Zero; passed < span; passed += by)
        {
            await Task.Run(() => Time.Pass(by));

            // What could not go on at once is in the pool's queue.
            for (int i = 0; i < 20 && ThreadPool.PendingWorkItemCount > 0; i++) await Task.Delay(1);
        }
    }

    /// <summary>Lets time pass until something holds; fails when it does not within this.</summary>
    public async Task<TimeSpan> PassUntilAsync(Func<bool> holds, TimeSpan within)
    {
        long start = Time.GetTimestamp();
        while (!holds())
        {
            Assert.True(Time.GetElapsedTime(start) <= within, $"Not within {within}.\n{Said}{Running?.Exception}");
            await PassAsync(TimeSpan.FromMilliseconds(250));

            // Files and channels go on in threads of their own.
            await Task.Delay(2);
        }

        return Time.GetElapsedTime(start);
    }

    /// <summary>Waits for what happens on other threads without any time passing.</summary>
    public async Task UntilAsync(Func<bool> holds)
    {
        for (int i = 0; !holds(); i++)
        {
            Assert.True(i < 5000, $"It never came.\n{Said}");
            await Task.Delay(2);
        }
    }

    public int TimesSaid(string text) => Said.Split('\n').Count(line => line.Contains(text, StringComparison.Ordinal));

    public void Dispose()
    {
        _running.Cancel();
        _client?.Dispose();
        _state?.Dispose();
        _directory.Delete(recursive: true);
    }

    private string? Apply(ProbeConfiguration configuration)
    {
        if (Problem(configuration) is { } problem) return problem;
        Applied.Add(configuration);
        return null;
    }

    /// <summary>Leaves the server alone when its client ends.</summary>
    private sealed class Relayed(ScriptedServer server) : HttpMessageHandler
    {
        private readonly HttpMessageInvoker _server = new(server, disposeHandler: false);

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            _server.SendAsync(request, cancellationToken);

        protected override void Dispose(bool disposing)
        {
            _server.Dispose();
            base.Dispose(disposing);
        }
    }
}
