using System.Diagnostics;
using Microsoft.Playwright;

namespace Llama.Benchmarks.Gate.Page;

/// <summary>The web page in a browser, with instruments in it that were there before the page was. Used like a person's: with a mouse.</summary>
internal sealed class OpenPage
{
    public const int Width = 1920, Height = 1080;

    private const string Matrix = "[role=application]";
    private const float LongestWaitMillis = 90_000;

    /// <summary>
    /// Notes when numbers have come from the page's worker, and when a frame began that has another picture behind it: the next one after
    /// that in which the matrix was painted. Times are the document's, in milliseconds.
    /// </summary>
    private const string Instruments = """
        (() => {
          const own = { numbers: [], pictures: [], frames: null, longTasks: [] }
          globalThis.instruments = own
          const Plain = Worker
          globalThis.Worker = class extends Plain {
            constructor(...given) {
              super(...given)
              this.addEventListener('message', ({ data }) => {
                if (data.kind === 'matrix' || data.kind === 'rows') own.numbers.push({ kind: data.kind, at: performance.now() })
              })
            }
          }
          new PerformanceObserver((list) => own.longTasks.push(...list.getEntries().map((task) => task.duration))).observe({ type: 'longtask' })
          let canvas = null, version = -1
          const look = (at) => {
            own.frames?.push(at)
            if (!canvas?.isConnected) canvas = [...document.querySelectorAll('canvas')].find((one) => 'matrix' in one)
            own.matrix = canvas?.matrix
            const now = own.matrix?.version ?? -1
            if (now !== version) own.pictures.push(performance.now())
            version = now
            requestAnimationFrame(look)
          }
          requestAnimationFrame(look)
        })()
        """;

    private readonly IPage _page;
    private readonly string[] _pair;

    private OpenPage(IPage page, string[] pair) => (_page, _pair) = (page, pair);

    /// <summary>Goes to the matrix, and waits until it can be seen.</summary>
    /// <param name="profile">Whose page it is.</param>
    /// <param name="server">Where it comes from.</param>
    /// <param name="probes">How many rows and columns there are to be.</param>
    /// <param name="pair">A pair that has been measured.</param>
    public static async Task<OpenPage> GoAsync(IBrowserContext profile, Uri server, int probes, (string Source, string Destination) pair)
    {
        IPage page = await profile.NewPageAsync().ConfigureAwait(false);
        page.SetDefaultTimeout(LongestWaitMillis);
        await page.AddInitScriptAsync(Instruments).ConfigureAwait(false);
        await page.GotoAsync(new Uri(server, "#/matrix").ToString()).ConfigureAwait(false);
        await page.WaitForFunctionAsync("() => instruments.pictures.length > 0").ConfigureAwait(false);
        string[] names = [pair.Source, pair.Destination];
        double[] shown = await page.EvaluateAsync<double[]>("""
            ([source, destination]) => {
              const { size, cell } = instruments.matrix
              return [size.rows, size.columns, cell(source, destination)?.value ?? NaN]
            }
            """, names).ConfigureAwait(false);
        if (shown is not [var rows, var columns, not double.NaN] || rows != probes || columns != probes)
            throw new InvalidOperationException($"the page shows something else: rows, columns and a pair's value are {string.Join(", ", shown)}");
        return new OpenPage(page, names);
    }

    /// <summary>When the first matrix could be seen, and when what it was made of had come; milliseconds after the way here began.</summary>
    public async Task<FirstPicture> FirstPictureAsync()
    {
        double began = await _page.EvaluateAsync<double>("() => performance.timeOrigin").ConfigureAwait(false);
        double answered = double.NaN;
        foreach (IWorker worker in _page.Workers)
        {
            double[] ends = await worker.EvaluateAsync<double[]>("""
                () => performance.getEntriesByType('resource').filter((one) => one.name.includes('/api/v2/matrix'))
                  .map((one) => performance.timeOrigin + one.responseEnd)
                """).ConfigureAwait(false);
            if (ends.Length > 0) answered = ends[0] - began;
        }

        double[] times = await _page.EvaluateAsync<double[]>("() => [instruments.numbers[0].at, instruments.pictures[0]]").ConfigureAwait(false);
        return new FirstPicture(answered, times[0], times[1]);
    }

    /// <summary>Waits until a new row can be seen that something outside of the page brings about.</summary>
    /// <returns>When it was there as numbers, and when it could be seen, in milliseconds after that began.</returns>
    public async Task<(double Numbers, double Picture)> UpdateAsync(Func<Task> bring)
    {
        await _page.EvaluateAsync("() => { instruments.numbers = []; instruments.pictures = [] }").ConfigureAwait(false);
        double began = (DateTimeOffset.UtcNow - DateTimeOffset.UnixEpoch).TotalMilliseconds;
        await bring().ConfigureAwait(false);
        IJSHandle seen = await _page.WaitForFunctionAsync("""
            () => {
              const rows = instruments.numbers.find((numbers) => numbers.kind === 'rows')
              const picture = rows && instruments.pictures.find((at) => at > rows.at)
              return picture && [performance.timeOrigin + rows.at, performance.timeOrigin + picture]
            }
            """).ConfigureAwait(false);
        double[] times = await seen.JsonValueAsync<double[]>().ConfigureAwait(false);
        return (times[0] - began, times[1] - began);
    }

    /// <summary>Shows all of the matrix.</summary>
    public async Task ShowAllAsync()
    {
        await _page.Locator(Matrix).FocusAsync().ConfigureAwait(false);
        await _page.Keyboard.PressAsync("0").ConfigureAwait(false);
        await SettleAsync().ConfigureAwait(false);
    }

    /// <summary>Zooms in, with the wheel over the middle, until cells have this height.</summary>
    public async Task ZoomAsync(double cellPixels)
    {
        (float x, float y) = await MiddleAsync().ConfigureAwait(false);
        await _page.Mouse.MoveAsync(x, y).ConfigureAwait(false);
        while (await CellPixelsAsync().ConfigureAwait(false) < cellPixels)
        {
            await _page.Mouse.WheelAsync(0, -100).ConfigureAwait(false);
            await SettleAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Moves the mouse over the matrix for a while, with a button held or without, while frames are counted.</summary>
    public async Task WatchAsync(FrameTimes frames, TimeSpan span, bool isDragging)
    {
        (float x, float y) = await MiddleAsync().ConfigureAwait(false);
        await _page.Mouse.MoveAsync(x, y).ConfigureAwait(false);
        if (isDragging) await _page.Mouse.DownAsync().ConfigureAwait(false);

        // Playwright's own moves take several questions to the page each while a button is held.
        ICDPSession input = await _page.Context.NewCDPSessionAsync(_page).ConfigureAwait(false);
        await SettleAsync().ConfigureAwait(false);
        await _page.EvaluateAsync("() => Object.assign(instruments, { longTasks: [], frames: [], drawsBefore: instruments.matrix.draws })").ConfigureAwait(false);
        long began = Stopwatch.GetTimestamp();
        Task moving = Task.CompletedTask;
        while (Stopwatch.GetElapsedTime(began) is var elapsed && elapsed < span)
        {
            // Round and round, never twice the same way; up to some 1,500 pixels a second. One move is always on its way while the one
            // before is answered, which the page does once a frame.
            double seconds = elapsed.TotalSeconds;
            Task next = input.SendAsync("Input.dispatchMouseEvent", new Dictionary<string, object>
            {
                ["type"] = "mouseMoved",
                ["x"] = x + 400 * Math.Sin(3.1 * seconds),
                ["y"] = y + 300 * Math.Sin(4.3 * seconds),
                ["button"] = isDragging ? "left" : "none",
                ["buttons"] = isDragging ? 1 : 0,
            });
            await moving.ConfigureAwait(false);
            moving = next;
        }

        await moving.ConfigureAwait(false);
        await input.DetachAsync().ConfigureAwait(false);
        Watched watched = await _page.EvaluateAsync<Watched>("""
            () => {
              const { frames, longTasks, matrix, drawsBefore } = instruments
              instruments.frames = null
              return { frames, longTasks, draws: matrix.draws - drawsBefore }
            }
            """).ConfigureAwait(false);
        if (isDragging) await _page.Mouse.UpAsync().ConfigureAwait(false);
        await SettleAsync().ConfigureAwait(false);
        frames.Add(watched.Frames, watched.LongTasks, watched.Draws);
    }

    public Task CloseAsync() => _page.CloseAsync();

    private Task<double> CellPixelsAsync() => _page.EvaluateAsync<double>("(names) => instruments.matrix.cell(...names).height", _pair);

    /// <summary>Lets the page finish what it is at.</summary>
    private async Task SettleAsync() => await _page.EvaluateAsync("""
        () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 100))))
        """).ConfigureAwait(false);

    private async Task<(float X, float Y)> MiddleAsync()
    {
        LocatorBoundingBoxResult box = await _page.Locator(Matrix).BoundingBoxAsync().ConfigureAwait(false)
            ?? throw new InvalidOperationException("the matrix can't be seen");
        return (box.X + box.Width / 2, box.Y + box.Height / 2);
    }

    private sealed record Watched
    {
        public double[] Frames { get; init; } = [];

        public double[] LongTasks { get; init; } = [];

        public int Draws { get; init; }
    }
}
