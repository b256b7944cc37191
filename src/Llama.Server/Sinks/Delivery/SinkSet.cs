using Llama.Server.Metrics;
using Llama.Server.Sinks.Views;
using Llama.Storage.Spooling;

namespace Llama.Server.Sinks.Delivery;

/// <summary>
/// The sinks of a process and the queue on disk before them: what it takes reaches each of them at least once, over restarts and
/// however long one of them is away, within the limits of the queue. One sink never waits for another.
/// </summary>
public sealed class SinkSet : IAsyncDisposable
{
    /// <summary>How long sinks have, when the process is told to end, for what has not reached them yet.</summary>
    public static readonly TimeSpan LastTry = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly Spool _spool;
    private readonly IReadOnlyList<SinkPump> _pumps;
    private readonly SinkSetOptions _options;
    private long _lost;
    private int _isTroubled;

    private SinkSet(Spool spool, IReadOnlyList<SinkPump> pumps, SinkSetOptions options)
    {
        _spool = spool;
        _pumps = pumps;
        _options = options;
        WantsFlows = pumps.Any(pump => pump.View.WantsFlows);
        WantsBuckets = pumps.Any(pump => pump.View.WantsBuckets || pump.Sink.WantsBuckets);
    }

    /// <summary>True when a sink makes use of flows.</summary>
    public bool WantsFlows { get; }

    /// <summary>True when a sink makes use of the buckets of round-trip times.</summary>
    public bool WantsBuckets { get; }

    /// <summary>Each sink with its name, for the operator, without secrets.</summary>
    public IReadOnlyList<string> Descriptions => [.. _pumps.Select(pump => $"{pump.Name} ({pump.Sink.Name})")];

    /// <summary>What is wrong with texts as <c>--sink</c> takes them: a line for each that can't be used, without its secrets.</summary>
    /// <param name="sinks">The texts.</param>
    /// <param name="showsPairs">True when /metrics of the process shows pairs without any sink.</param>
    public static IReadOnlyList<string> ProblemsOf(IReadOnlyList<string> sinks, bool showsPairs) =>
        SinkSpec.ReadAll(sinks, new SinkKinds(showsPairs).MakerOf).Problems;

    /// <summary>Opens the queue and makes the sinks; nothing is delivered before <see cref="RunAsync"/>.</summary>
    /// <exception cref="FormatException">Texts that can't be used: a line for each.</exception>
    /// <exception cref="IOException">The queue can't be opened; the message says why and what to do.</exception>
    public static SinkSet Open(SinkSetOptions options) => Open(options, new SinkKinds(options.ShowsPairs).MakerOf);

    /// <summary>The same with other kinds of sinks.</summary>
    internal static SinkSet Open(SinkSetOptions options, Func<SinkUri, SinkMaker> kinds)
    {
        (IReadOnlyList<SinkSpec> specs, IReadOnlyList<string> problems) = SinkSpec.ReadAll(options.Sinks, kinds);
        if (problems.Count > 0) throw new FormatException(string.Join('\n', problems));
        Spool spool = Spool.Open(options.Directory, [.. specs.Select(spec => spec.Name)], options.Limits, options.Time, options.Warn);
        var pumping = new SinkPumpOptions { Directory = options.Directory, Time = options.Time, Inform = options.Inform, Warn = options.Warn, Random = options.Random };
        SinkPump Pump(SinkSpec spec)
        {
            var view = new SinkView(spec.View with { Warn = line => options.Warn($"sink {spec.Name}: {line}") }, options.Time);
            return new SinkPump(spec.Name, spec.Make(options.Time), view, spool.Reader(spec.Name), pumping);
        }

        return new SinkSet(spool, [.. specs.Select(Pump)], options);
    }

    /// <summary>Takes a record for all sinks; it outlives the process once this returns. Any thread may call it.</summary>
    /// <exception cref="IOException">The queue can't take it; the record is lost unless it comes again.</exception>
    public void Take(ReadOnlySpan<byte> record)
    {
        try
        {
            _spool.Append(record);
        }
        catch (ObjectDisposedException error)
        {
            // A request that was under way when the process was told to end.
            throw new IOException("The queue is closed: the process ends.", error);
        }
        catch (IOException error)
        {
            if (Interlocked.Exchange(ref _isTroubled, 1) == 0) _options.Warn($"sinks: the queue in {_options.Directory} can't take reports: {error.Message}");
            throw;
        }

        if (Volatile.Read(ref _isTroubled) != 0 && Interlocked.Exchange(ref _isTroubled, 0) != 0) _options.Inform("sinks: the queue takes reports again");
    }

    /// <summary>
    /// Delivers until cancelled, then for as long as <see cref="LastTry"/> what can be delivered at once; the rest stays in the queue.
    /// Call it once, and cancel it when nothing more is taken. Does not throw.
    /// </summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        using var end = new CancellationTokenSource(Timeout.InfiniteTimeSpan, _options.Time);
        Task all = Task.WhenAll(_pumps.Select(pump => Task.Run(() => pump.RunAsync(cancellation, end.Token), CancellationToken.None)));
        using CancellationTokenRegistration stopping = cancellation.Register(() => end.CancelAfter(LastTry));
        await all.WaitAsync(end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

        // A sink that does not even hear that it is cancelled is left behind.
        await all.WaitAsync(Patience, _options.Time, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (SinkPump pump in _pumps.Where(pump => pump.Waiting.WaitingRecords > 0))
            _options.Inform($"sink {pump.Name}: {pump.Waiting.WaitingRecords} records wait in {_options.Directory} for the next start");
    }

    /// <summary>Ends the sinks and closes the queue.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (SinkPump pump in _pumps) await pump.DisposeAsync();
        _spool.Dispose();
    }

    /// <summary>Notes that a report never became a record of the queue.</summary>
    internal void Lose() => Interlocked.Increment(ref _lost);

    /// <summary>Writes what the sinks tell. Any thread may call it.</summary>
    internal ValueTask WriteMetricsAsync(MetricsPage page) => SinkMetrics.WriteAsync(page, _pumps, _spool.Bytes, Interlocked.Read(ref _lost));
}

/// <summary>What a <see cref="SinkSet"/> is told. Immutable.</summary>
public sealed record SinkSetOptions
{
    /// <summary>The sinks, as in <c>influx:http://HOST:8086/DATABASE</c>.</summary>
    public required IReadOnlyList<string> Sinks { get; init; }

    /// <summary>Where the queue is kept, and dead letters; of this process alone.</summary>
    public required string Directory { get; init; }

    /// <summary>True when /metrics of the process shows pairs without any sink. Default: false.</summary>
    public bool ShowsPairs { get; init; }

    /// <summary>How much may wait, and how long.</summary>
    public SpoolLimits Limits { get; init; } = new();

    /// <summary>What waits and ages go by.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Tells the operator what happens.</summary>
    public Action<string> Inform { get; init; } = _ => { };

    /// <summary>Tells the operator what is wrong.</summary>
    public Action<string> Warn { get; init; } = _ => { };

    /// <summary>What shortens pauses.</summary>
    public Random Random { get; init; } = Random.Shared;
}
