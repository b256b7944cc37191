using Llama.Server.Joining;
using Llama.Server.Sinks.Views;
using Llama.Storage.Spooling;

namespace Llama.Server.Sinks.Delivery;

/// <summary>
/// Moves records from the spool to one sink, through its view: in order, each until the sink took it or will never take it. What the
/// spool was told to forget, the sink has; so after a crash the last ones come again, and none is missing. One loop.
/// </summary>
internal sealed class SinkPump(string name, ISink sink, SinkView view, SpoolReader reader, SinkPumpOptions options) : IAsyncDisposable
{
    // Windows of a view end by the clock, without anything to read.
    private static readonly TimeSpan Beat = TimeSpan.FromSeconds(1);

    private readonly SinkTalk _talk = new(name, options.Inform, options.Warn, options.Time);
    private readonly List<ReadOnlyMemory<byte>> _ready = [];
    private SpoolPosition? _end;

    /// <summary>What it is called in metrics and on disk.</summary>
    public string Name => name;

    /// <summary>Where it delivers to.</summary>
    public ISink Sink => sink;

    /// <summary>What the sink gets to see.</summary>
    public SinkView View => view;

    /// <summary>What it has counted.</summary>
    public SinkCounters Counters { get; } = new();

    /// <summary>What waits for the sink.</summary>
    public SpoolState Waiting => reader.State;

    /// <summary>Runs until it is told to stop and nothing more can be delivered at once. Does not throw.</summary>
    /// <param name="stop">Ends the waiting: what can't be delivered at once stays in the spool.</param>
    /// <param name="end">Ends it all.</param>
    public async Task RunAsync(CancellationToken stop, CancellationToken end)
    {
        var letters = new DeadLetters(options.Directory, name, Counters, _talk, options.Time) { MaxBytes = options.MaxLetterBytes };
        var delivery = new SinkDelivery(sink, letters, Counters, _talk, options.Time, options.Random);
        var backoff = new Backoff(options.Random);
        bool isFirst = true;
        while (!end.IsCancellationRequested)
        {
            try
            {
                if (!isFirst) reader.Rewind();
                isFirst = false;
                view.Restore(reader.Note);
                if (await PumpAsync(letters, delivery, backoff, stop, end)) return;
            }
            catch (Exception error)
            {
                // The spool, or a defect: whatever it is, the others and the measuring go on.
                Counters.Failed(DeliveryFailure.Unexpected);
                _talk.Failed(error.Message);
                if (stop.IsCancellationRequested) return;
                await Task.Delay(backoff.Next(), options.Time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await sink.DisposeAsync();
        }
        catch (Exception error)
        {
            options.Warn($"sink {name}: did not end cleanly: {error.Message}");
        }
    }

    /// <returns>True once it was stopped.</returns>
    private async Task<bool> PumpAsync(DeadLetters letters, SinkDelivery delivery, Backoff backoff, CancellationToken stop, CancellationToken end)
    {
        while (true)
        {
            _ready.Clear();
            SpoolBatch? batch = reader.Read(SinkDelivery.MostRecords, SinkDelivery.MostBytes);
            if (batch is not null) Look(batch, letters);
            else view.TakeRipe(_ready);
            if (batch is null && _ready.Count == 0)
            {
                if (stop.IsCancellationRequested) return true;
                await reader.WaitAsync(Beat, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                continue;
            }

            if (!await delivery.DeliverAsync(_ready, stop, end)) return true;
            Acknowledge();
            backoff.Reset();
        }
    }

    private void Look(SpoolBatch batch, DeadLetters letters)
    {
        for (int i = 0; i < batch.Records.Count; i++)
        {
            int before = _ready.Count;
            try
            {
                view.Take(batch.Records[i], batch.Starts[i], _ready);
            }
            catch (InvalidDataException error)
            {
                _ready.RemoveRange(before, _ready.Count - before);
                letters.AddRecord(batch.Records[i].Span, error.Message);
            }
        }

        _end = batch.End;
    }

    private void Acknowledge()
    {
        if (_end is not { } end) return;
        SpoolPosition done = view.OldestHeld is { } held && held.CompareTo(end) < 0 ? held : end;
        reader.Acknowledge(done, view.Note.Span);
    }
}

/// <summary>What a pump needs besides its sink. Immutable.</summary>
internal sealed record SinkPumpOptions
{
    /// <summary>Where dead letters go.</summary>
    public required string Directory { get; init; }

    /// <summary>Its clock.</summary>
    public required TimeProvider Time { get; init; }

    /// <summary>Takes good news for the operator.</summary>
    public Action<string> Inform { get; init; } = _ => { };

    /// <summary>Takes bad news for the operator.</summary>
    public Action<string> Warn { get; init; } = _ => { };

    /// <summary>What shortens pauses.</summary>
    public Random Random { get; init; } = Random.Shared;

    /// <summary>Most octets of dead letters.</summary>
    public long MaxLetterBytes { get; init; } = DeadLetters.DefaultMaxBytes;
}
