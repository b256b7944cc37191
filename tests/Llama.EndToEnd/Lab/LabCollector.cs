using System.Net;
using Llama.EndToEnd.Harness;

namespace Llama.EndToEnd.Lab;

/// <summary>A `llama collector` on a host of a lab, every interval of which is kept.</summary>
internal sealed class LabCollector : IAsyncDisposable
{
    public const int IntervalSeconds = 2;

    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(200);
    private readonly CancellationTokenSource _ending = new();
    private readonly TemporaryDirectory _directory;
    private readonly NetworkNamespace _space;
    private readonly IPEndPoint _api;
    private readonly List<MeasuredInterval> _intervals = [];
    private readonly Task _polling;
    private bool _disposed;

    public LabCollector(LlamaProcess process, TemporaryDirectory directory, NetworkNamespace space, IPEndPoint api)
    {
        Process = process;
        _directory = directory;
        _space = space;
        _api = api;
        _polling = PollAsync();
    }

    public LlamaProcess Process { get; }

    /// <summary>What it measures from now on, in this many whole intervals.</summary>
    public async Task<Measured> MeasureAsync(int intervals = 2, TimeSpan? deadline = null)
    {
        DateTimeOffset from = DateTimeOffset.UtcNow;
        MeasuredInterval[] measured = await IntervalsAsync(
            all => [.. Whole(all).Where(interval => interval.Start >= from)], wanted => wanted.Length >= intervals, $"{intervals} whole intervals", deadline);
        return new Measured(measured[..intervals]);
    }

    /// <summary>All that it has sent until now, and what became of it.</summary>
    public async Task<Measured> EverythingAsync()
    {
        DateTimeOffset until = DateTimeOffset.UtcNow;
        return new Measured(await IntervalsAsync(all => all, all => all.Length > 0 && all[^1].End >= until, "an interval that ends after now"));
    }

    /// <summary>The next interval that is as wanted.</summary>
    public async Task<Measured> MeasureUntilAsync(Func<Measured, bool> wanted, TimeSpan deadline, string what)
    {
        DateTimeOffset from = DateTimeOffset.UtcNow;
        MeasuredInterval[] found = await IntervalsAsync(
            all => [.. Whole(all).Where(interval => interval.Start >= from && wanted(new Measured([interval]))).Take(1)], some => some.Length > 0, what, deadline);
        return new Measured(found);
    }

    public async ValueTask DisposeAsync()
    {
        if (_disposed) return;
        _disposed = true;
        await _ending.CancelAsync();
        await Process.DisposeAsync();

        // What went wrong with it, a test that asked has been told.
        await Task.WhenAny(_polling);
        _directory.Dispose();
        _ending.Dispose();
    }

    // The first one begins when the collector does, and may end before it has sent anything.
    private static IEnumerable<MeasuredInterval> Whole(MeasuredInterval[] all) => all.Skip(1);

    private async Task<MeasuredInterval[]> IntervalsAsync(
        Func<MeasuredInterval[], MeasuredInterval[]> choose, Func<MeasuredInterval[], bool> enough, string what, TimeSpan? deadline = null) =>
        await Eventually.Get(
            () =>
            {
                if (Process.HasExited) throw new InvalidOperationException(Process.Transcript);
                if (_polling.IsFaulted) throw new InvalidOperationException("The collector's API failed.", _polling.Exception);
                MeasuredInterval[] chosen;
                lock (_intervals) chosen = choose([.. _intervals]);
                return Task.FromResult(enough(chosen) ? chosen : null);
            },
            deadline ?? TimeSpan.FromSeconds(60),
            what,
            () => $"{LastBody}\n{Process.Transcript}");

    private string LastBody
    {
        get
        {
            lock (_intervals) return _intervals.Count > 0 ? _intervals[^1].Json.GetRawText() : "no interval yet";
        }
    }

    private async Task PollAsync()
    {
        while (!_ending.IsCancellationRequested)
        {
            try
            {
                string body = await _space.RunAsync("curl", ["--silent", "--fail", "--max-time", "5", $"http://{_api}/api/v2/summaries?buckets=false"]);
                if (MeasuredInterval.Read(body) is { } interval) Keep(interval);
            }
            catch (ToolException)
            {
                // Not up yet, or about to end.
            }

            await Task.Delay(Poll, CancellationToken.None);
        }
    }

    private void Keep(MeasuredInterval interval)
    {
        lock (_intervals)
        {
            if (_intervals.Count > 0 && _intervals[^1].Start == interval.Start) return;
            if (_intervals.Count > 0 && _intervals[^1].End != interval.Start)
                throw new InvalidOperationException($"An interval between {_intervals[^1].End:O} and {interval.Start:O} was not seen: this machine is too busy.");
            _intervals.Add(interval);
        }
    }
}
