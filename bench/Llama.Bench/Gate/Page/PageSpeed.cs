using Llama.Benchmarks.Gate.History;
using Microsoft.Playwright;

namespace Llama.Benchmarks.Gate.Page;

/// <summary>
/// The web page in a real browser, from a real server that has a million pairs: what it weighs, how soon its matrix can be seen, how
/// evenly it follows the mouse, how soon it shows a new row.
/// </summary>
internal sealed class PageSpeed(Workbench bench) : IMeasurement
{
    private const double KilobytesBar = 300, PictureBarMillis = 1_000, FrameBarMillis = 16.7, UpdateBarMillis = 2_000;
    private const double SmallCell = 4, LargeCell = 20;
    private const int RowsPerSecond = 33;

    // Long, so that nothing becomes stale while all this goes on.
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(5);

    private readonly Samples _kilobytes = new(), _firstKilobytes = new(), _navigation = new(), _again = new(), _answered = new();
    private readonly Samples _picture = new(), _drawing = new(), _update = new(), _updateDrawing = new();
    private readonly FrameTimes _hovering = new(), _panning = new(), _panningLarge = new(), _panningBusy = new();
    private int _updated;

    public string Name => "page";

    public int Rounds => 1;

    private int Probes => bench.IsQuick ? 400 : 1_000;

    private int Repeats => bench.IsQuick ? 2 : 5;

    private string What => $"page, {Probes:N0} x {Probes:N0}";

    private (string Source, string Destination) Middle => (PushingMesh.NameOf(Probes / 2), PushingMesh.NameOf(Probes / 2 + 1));

    public async Task RunRoundAsync(CancellationToken cancellation)
    {
        // Names of probes in networks that nobody has are not to be tried whether they answer.
        string file = Path.Combine(bench.Directory, "page.yaml");
        await File.WriteAllTextAsync(
            file, $"groups:\n  {PushingMesh.Group}: {{interval: {Interval.TotalSeconds}, echo: 'off'}}\n", cancellation).ConfigureAwait(false);
        await using RunningServer server = await RunningServer.StartAsync(bench, 900, cancellation, "--config", file).ConfigureAwait(false);
        var mesh = new PushingMesh(Probes, Interval);
        await mesh.JoinAsync(server.Http, cancellation).ConfigureAwait(false);
        var begin = DateTimeOffset.FromUnixTimeSeconds(DateTimeOffset.UtcNow.ToUnixTimeSeconds() / 30 * 30) - 2 * Interval;
        var options = new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = cancellation };
        await Parallel.ForAsync(0, Probes, options, async (probe, token) =>
            await mesh.PushAsync(server.Http, probe, begin, token).ConfigureAwait(false)).ConfigureAwait(false);

        await using Chromium browser = await Chromium.StartAsync().ConfigureAwait(false);
        using CancellationTokenRegistration ending = cancellation.Register(() => _ = browser.DisposeAsync().AsTask());
        await WeighAsync(browser, server).ConfigureAwait(false);
        for (int i = 0; i < Repeats; i++) await LoadAsync(browser, server).ConfigureAwait(false);

        await using IBrowserContext profile = await browser.NewProfileAsync().ConfigureAwait(false);
        OpenPage page = await OpenPage.GoAsync(profile, server.Address, Probes, Middle).ConfigureAwait(false);
        for (int i = 0; i < Repeats; i++) await UseAsync(page, PushNextAsync).ConfigureAwait(false);
        for (int i = 0; i < 2 * Repeats; i++)
        {
            (double numbers, double picture) = await page.UpdateAsync(() => PushNextAsync(cancellation)).ConfigureAwait(false);
            _update.Add(picture);
            _updateDrawing.Add(picture - numbers);
        }

        // The next interval of one probe after the other.
        Task PushNextAsync(CancellationToken token) => mesh.PushAsync(server.Http, _updated++ % Probes, begin + Interval, token);
    }

    public IEnumerable<ResultRow> Rows()
    {
        yield return ResultRow.Of("page: octets of all its places, packed, with headers", $"< {KilobytesBar} kB", _kilobytes, "0.0", "kB", size => size < KilobytesBar);
        yield return ResultRow.Of("page: octets of its matrix alone", "", _firstKilobytes, "0.0", "kB");
        yield return ResultRow.Of($"{What}: last octet of the numbers to picture", $"< {PictureBarMillis:N0} ms", _picture, "N0", "ms", millis => millis < PictureBarMillis);
        yield return ResultRow.Of($"{What}: of that, from numbers to picture", "", _drawing, "N0", "ms");
        yield return ResultRow.Of($"{What}: navigation to last octet of the numbers, nothing in the cache", "", _answered, "N0", "ms");
        yield return ResultRow.Of($"{What}: navigation to first matrix, nothing in the cache", "", _navigation, "N0", "ms");
        yield return ResultRow.Of($"{What}: navigation to first matrix, once more", "", _again, "N0", "ms");
        foreach (ResultRow row in Rows("hovering, all in view", _hovering)) yield return row;
        foreach (ResultRow row in Rows($"panning, cells of {SmallCell} px", _panning)) yield return row;
        foreach (ResultRow row in Rows($"panning, cells of {LargeCell} px", _panningLarge)) yield return row;
        foreach (ResultRow row in Rows($"panning, cells of {SmallCell} px, {RowsPerSecond} new rows/s", _panningBusy)) yield return row;
        yield return ResultRow.Of($"{What}: one row pushed to picture", $"< {UpdateBarMillis:N0} ms", _update, "N0", "ms", millis => millis < UpdateBarMillis);
        yield return ResultRow.Of($"{What}: of that, from numbers to picture", "", _updateDrawing, "N0", "ms");
    }

    private async Task WeighAsync(Chromium browser, RunningServer server)
    {
        await using IBrowserContext profile = await browser.NewProfileAsync().ConfigureAwait(false);
        IReadOnlyList<int> octets = await PageWeight.OfAsync(
            profile, server.Address, "#/matrix", "#/overview", $"#/pair?source={Middle.Source}&destination={Middle.Destination}", "#/probes").ConfigureAwait(false);
        _firstKilobytes.Add(octets[0] / 1000.0);
        _kilobytes.Add(octets[^1] / 1000.0);
    }

    private async Task LoadAsync(Chromium browser, RunningServer server)
    {
        await using IBrowserContext profile = await browser.NewProfileAsync().ConfigureAwait(false);
        foreach (Samples navigation in (Samples[])[_navigation, _again])
        {
            OpenPage page = await OpenPage.GoAsync(profile, server.Address, Probes, Middle).ConfigureAwait(false);
            FirstPicture first = await page.FirstPictureAsync().ConfigureAwait(false);
            navigation.Add(first.Seen);
            _picture.Add(first.Seen - first.Answered);
            _drawing.Add(first.Seen - first.Read);
            if (navigation == _navigation) _answered.Add(first.Answered);
            await page.CloseAsync().ConfigureAwait(false);
        }
    }

    private async Task UseAsync(OpenPage page, Func<CancellationToken, Task> push)
    {
        TimeSpan span = TimeSpan.FromSeconds(bench.Seconds(4, 2));
        await page.ShowAllAsync().ConfigureAwait(false);
        await page.WatchAsync(_hovering, span, isDragging: false).ConfigureAwait(false);
        await page.ZoomAsync(SmallCell).ConfigureAwait(false);
        await page.WatchAsync(_panning, span, isDragging: true).ConfigureAwait(false);
        await page.ZoomAsync(LargeCell).ConfigureAwait(false);
        await page.WatchAsync(_panningLarge, span, isDragging: true).ConfigureAwait(false);

        await page.ShowAllAsync().ConfigureAwait(false);
        await page.ZoomAsync(SmallCell).ConfigureAwait(false);
        using var ending = new CancellationTokenSource();
        Task pushing = PushAsync(push, ending.Token);
        await page.WatchAsync(_panningBusy, span, isDragging: true).ConfigureAwait(false);
        await ending.CancelAsync().ConfigureAwait(false);
        await pushing.ConfigureAwait(false);
    }

    private static async Task PushAsync(Func<CancellationToken, Task> push, CancellationToken ending)
    {
        try
        {
            using var beat = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / RowsPerSecond));
            while (await beat.WaitForNextTickAsync(ending).ConfigureAwait(false)) await push(CancellationToken.None).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The watching is over.
        }
    }

    private IEnumerable<ResultRow> Rows(string gesture, FrameTimes frames)
    {
        string who = $"{What}, {gesture}";
        if (frames.Count == 0)
        {
            yield return ResultRow.NotMeasured($"{who}: frame", $"<= {FrameBarMillis} ms", "no round succeeded");
            yield break;
        }

        string tasks = frames.LongestTaskMillis is { } longest ? $"longest task {longest:N0} ms" : "no task over 50 ms";
        yield return new ResultRow(
            $"{who}: frame", $"<= {FrameBarMillis} ms", $"{frames.MedianMillis:0.0} ms", $"{frames.Count:N0} frames, {frames.DrawnPercent:N0} % drawn; {tasks}", Math.Round(frames.MedianMillis, 1) <= FrameBarMillis);
        yield return new ResultRow($"{who}: frame, p99", "", $"{frames.P99Millis:0.0} ms", "", null);
        yield return new ResultRow($"{who}: frames over 16.7 ms / over 33 ms", "", $"{frames.LatePercent:0.0} / {frames.VeryLatePercent:0.0} %", "", null);
    }
}
