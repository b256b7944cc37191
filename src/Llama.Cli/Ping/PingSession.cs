using System.Net.Sockets;
using System.Threading.Channels;
using Llama.Cli.Collecting;
using Llama.Cli.Matrix;
using Llama.Engine;
using Llama.Engine.Probing;
using Llama.Engine.Summaries;
using Llama.Wire.Clocks;
using Llama.Wire.Sockets;

namespace Llama.Cli.Ping;

/// <summary>One run of <c>llama ping</c>: measures until it is done or told to end, and shows what it finds meanwhile.</summary>
internal sealed class PingSession(PingOptions options, IReadOnlyList<Target> targets, Surroundings surroundings)
{
    private readonly Channel<PingEvent> _events = Channel.CreateUnbounded<PingEvent>(new UnboundedChannelOptions { SingleReader = true });
    private readonly PingTotals _totals = new(targets, options.Class);

    /// <summary>Runs it.</summary>
    /// <returns>What is wrong with what was measured; empty when nothing is.</returns>
    /// <exception cref="Failure">The sockets can't be opened.</exception>
    public async Task<IReadOnlyList<string>> RunAsync(CancellationToken cancellation)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using Prober prober = Open();
        Task measuring = Task.Factory.StartNew(() => Measure(prober, ending.Token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        try
        {
            bool isLive = options.Format == PingFormat.Text && surroundings.OutIsTerminal;
            return isLive ? await ShowAsync(ending).ConfigureAwait(false) : await WriteAsync().ConfigureAwait(false);
        }
        finally
        {
            await ending.CancelAsync().ConfigureAwait(false);
            await measuring.ConfigureAwait(false);
        }
    }

    private Prober Open()
    {
        var prober = new Prober(DatagramNetwork.Create(options.Portable), Clock.System, new ProberOptions
        {
            Publish = report => _events.Writer.TryWrite(new Measured(report)),
            Key = options.Key,
            CpuPressureMicros = CpuPressure.Reader,
        });
        try
        {
            // The sockets are opened here, where it can be told why they can't. Nothing is sent before it runs.
            prober.Apply(options.Plan(targets));
            return prober;
        }
        catch (SocketException error)
        {
            prober.Dispose();
            string advice = error.SocketErrorCode switch
            {
                SocketError.AddressNotAvailable => "Give --source an address of this host (ip address shows them)",
                SocketError.TooManyOpenSockets => "Raise the limit of open files (ulimit -n), or give fewer --flows",
                _ => "Check --source and --flows",
            };
            throw new Failure($"{error.Message}. {advice}", error);
        }
    }

    private void Measure(Prober prober, CancellationToken cancellation)
    {
        try
        {
            WarmUp.Run(options.Portable, cancellation);
            prober.Run(cancellation);
        }
        finally
        {
            _events.Writer.TryComplete();
        }
    }

    private async Task<IReadOnlyList<string>> WriteAsync()
    {
        PingOutput output = PingOutput.Create(options, surroundings.Out);
        await foreach (PingEvent happened in _events.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            if (happened is not Measured { Report: var report }) continue;
            _totals.Add(report);
            output.Interval(report);
        }

        IntervalReport total = _totals.Report();
        IReadOnlyList<string> problems = PingVerdict.Problems(total, options);
        output.Total(total, problems);
        return problems;
    }

    private async Task<IReadOnlyList<string>> ShowAsync(CancellationTokenSource ending)
    {
        if (surroundings.ReadKey is { } readKey) Keyboard.Listen(readKey, key => _events.Writer.TryWrite(new KeyPressed(key)));
        var look = new Look { PerFlow = options.PerFlow };
        using (var screen = new LiveScreen(surroundings.Out))
        {
            Draw(screen, look, _totals.Report());
            IntervalReport shown = _totals.Report();
            await foreach (PingEvent happened in _events.Reader.ReadAllAsync().ConfigureAwait(false))
            {
                if (happened is Measured { Report: var report }) _totals.Add(report);
                else if (happened is KeyPressed { Key: 'q' or 'Q' }) await ending.CancelAsync().ConfigureAwait(false);
                else if (happened is KeyPressed { Key: var key }) look = look.After(key);
                if (!look.Paused) shown = _totals.Report();
                Draw(screen, look, shown);
            }
        }

        IntervalReport total = _totals.Report();
        (int width, _) = surroundings.WindowSize();
        var view = new PingView(total, options) { PerFlow = look.PerFlow };
        await surroundings.Out.WriteAsync(Drawing.ForTerminal(view, width, surroundings.Environment)).ConfigureAwait(false);
        await surroundings.Out.FlushAsync(CancellationToken.None).ConfigureAwait(false);
        return PingVerdict.Problems(total, options);
    }

    private void Draw(LiveScreen screen, Look look, IntervalReport shown)
    {
        (int width, int height) = surroundings.WindowSize();
        var view = new PingView(shown, options)
        {
            PerFlow = look.PerFlow,
            Histogram = look.Histogram,
            Paused = look.Paused,
            Keys = surroundings.ReadKey is not null,
            MaxHeight = height,
        };
        screen.Show(Drawing.ForTerminal(view, width, surroundings.Environment), height);
    }

    private abstract record PingEvent;

    private sealed record Measured(IntervalReport Report) : PingEvent;

    private sealed record KeyPressed(char Key) : PingEvent;

    /// <summary>What the keys change.</summary>
    private sealed record Look
    {
        public bool PerFlow { get; init; }

        public bool Histogram { get; init; } = true;

        public bool Paused { get; init; }

        public Look After(char key) => char.ToLowerInvariant(key) switch
        {
            'f' => this with { PerFlow = !PerFlow },
            'h' => this with { Histogram = !Histogram },
            'p' => this with { Paused = !Paused },
            ' ' => this with { Paused = false },
            _ => this,
        };
    }
}
