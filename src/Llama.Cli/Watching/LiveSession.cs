using System.Threading.Channels;
using Llama.Cli.Matrix;
using Spectre.Console.Rendering;

namespace Llama.Cli.Watching;

/// <summary>
/// Something that a server is asked for again and again, and that is drawn. It is asked for on one thread at a time, and drawn on one,
/// which may be another: an answer takes the place of the one before it whole.
/// </summary>
internal interface ILivePicture
{
    /// <summary>Asks the server.</summary>
    /// <returns>False when there is nothing new.</returns>
    /// <exception cref="Failure">There is no answer.</exception>
    Task<bool> AskAsync(CancellationToken cancellation);

    /// <summary>What was answered last, as a picture.</summary>
    IRenderable Draw(LiveLook look);

    /// <summary>Takes a key.</summary>
    /// <returns>True when the server is to be asked anew because of it.</returns>
    bool Take(char key);
}

/// <summary>What a picture shows besides what was answered. Immutable.</summary>
internal sealed record LiveLook
{
    /// <summary>How many lines there are; null for no limit.</summary>
    public int? Height { get; init; }

    /// <summary>True where keys are heard.</summary>
    public bool HasKeys { get; init; }

    /// <summary>True while the picture stands still.</summary>
    public bool IsPaused { get; init; }

    /// <summary>Why there is nothing newer; null where there is.</summary>
    public string? Trouble { get; init; }
}

/// <summary>
/// Shows a picture once, or live until q or a signal. A server that is away while it runs is told beneath the title, and asked again.
/// </summary>
internal sealed class LiveSession(ILivePicture picture, TimeSpan every, Surroundings surroundings)
{
    // What takes the server long is asked for less often, so that it has something left for others.
    private const int RestsForWork = 4;

    private readonly Channel<LiveEvent> _events = Channel.CreateUnbounded<LiveEvent>(new UnboundedChannelOptions { SingleReader = true });
    private readonly TimeProvider _time = surroundings.Time;
    private volatile LiveLook _look = new();
    private readonly Bell _wanted = new();

    /// <summary>Shows it as it is now.</summary>
    public async Task ShowOnceAsync(CancellationToken cancellation)
    {
        await picture.AskAsync(cancellation).ConfigureAwait(false);
        await WriteAsync().ConfigureAwait(false);
    }

    /// <summary>Shows it until q or a signal; where nobody watches, writes each new picture behind the one before.</summary>
    public async Task ShowLiveAsync(CancellationToken cancellation)
    {
        // What goes wrong at once is told where it can be read, and ends the command.
        await picture.AskAsync(cancellation).ConfigureAwait(false);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task asking = AskAgainAsync(ending.Token);
        try
        {
            if (surroundings.OutIsTerminal) await WatchAsync(ending.Token).ConfigureAwait(false);
            else await FollowAsync(ending.Token).ConfigureAwait(false);
        }
        finally
        {
            await ending.CancelAsync().ConfigureAwait(false);
            await asking.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task AskAgainAsync(CancellationToken cancellation)
    {
        TimeSpan pause = every;
        while (true)
        {
            await _wanted.WaitAsync(pause, _time, cancellation).ConfigureAwait(false);
            if (_look.IsPaused) continue;
            long start = _time.GetTimestamp();
            try
            {
                bool isNew = await picture.AskAsync(cancellation).ConfigureAwait(false);
                _events.Writer.TryWrite(new Asked(isNew, null));
            }
            catch (Failure failure)
            {
                // What to do about it is for the beginning.
                _events.Writer.TryWrite(new Asked(false, failure.Message.Split(';')[0]));
            }

            TimeSpan rest = RestsForWork * _time.GetElapsedTime(start);
            pause = rest > every ? rest : every;
        }
    }

    /// <summary>Writes what is new, one plain picture after the other.</summary>
    private async Task FollowAsync(CancellationToken cancellation)
    {
        await WriteAsync().ConfigureAwait(false);
        string? told = null;
        await foreach (LiveEvent happened in _events.Reader.ReadAllAsync(cancellation).ConfigureAwait(false))
        {
            if (happened is not Asked asked) continue;
            if (asked.IsNew)
            {
                await surroundings.Out.WriteLineAsync().ConfigureAwait(false);
                await WriteAsync().ConfigureAwait(false);
            }

            if (asked.Trouble is { } trouble && trouble != told) surroundings.Log.Warn(trouble);
            told = asked.Trouble;
        }
    }

    private async Task WatchAsync(CancellationToken cancellation)
    {
        if (surroundings.ReadKey is { } readKey)
        {
            _look = _look with { HasKeys = true };
            Keyboard.Listen(readKey, key => _events.Writer.TryWrite(new KeyPressed(char.ToLowerInvariant(key))) && key is not ('q' or 'Q'));
        }

        using (var screen = new LiveScreen(surroundings.Out))
        {
            try
            {
                Draw(screen);
                await foreach (LiveEvent happened in _events.Reader.ReadAllAsync(cancellation).ConfigureAwait(false))
                {
                    if (happened is KeyPressed { Key: 'q' }) break;
                    if (happened is KeyPressed { Key: var key }) Take(key);
                    else if (happened is Asked asked) _look = _look with { Trouble = asked.Trouble };
                    Draw(screen);
                }
            }
            catch (OperationCanceledException)
            {
                // A signal: the last picture stays.
            }
        }

        _look = new LiveLook { Trouble = _look.Trouble };
        await WriteAsync().ConfigureAwait(false);
    }

    private void Take(char key)
    {
        bool isPause = key is 'p' or ' ';
        if (isPause) _look = _look with { IsPaused = !_look.IsPaused };
        if (isPause ? !_look.IsPaused : picture.Take(key)) _wanted.Ring();
    }

    private void Draw(LiveScreen screen)
    {
        (int width, int height) = surroundings.WindowSize();
        screen.Show(Drawing.ForTerminal(picture.Draw(_look with { Height = height }), width, surroundings.Environment), height);
    }

    private async Task WriteAsync()
    {
        IRenderable drawn = picture.Draw(_look);
        string text = surroundings.OutIsTerminal
            ? Drawing.ForTerminal(drawn, surroundings.WindowSize().Width, surroundings.Environment)
            : Drawing.Plain(drawn);
        await surroundings.Out.WriteAsync(text).ConfigureAwait(false);
        await surroundings.Out.FlushAsync(CancellationToken.None).ConfigureAwait(false);
    }

    private abstract record LiveEvent;

    private sealed record Asked(bool IsNew, string? Trouble) : LiveEvent;

    private sealed record KeyPressed(char Key) : LiveEvent;
}
