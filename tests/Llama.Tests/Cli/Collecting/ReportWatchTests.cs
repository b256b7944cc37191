using System.Net;
using Llama.Cli;
using Llama.Cli.Collecting;
using Llama.Engine;
using Llama.Engine.Summaries;

namespace Llama.Tests.Cli.Collecting;

public sealed class ReportWatchTests
{
    private readonly StringWriter _written = new();
    private readonly ReportWatch _watch;

    public ReportWatchTests() => _watch = new ReportWatch(new Log(_written, TimeProvider.System));

    [Fact]
    public void Target_that_cannot_be_sent_to_is_told_once_and_again_when_it_can()
    {
        _watch.Look(Report([Refused(1), Refused(2)]));
        _watch.Look(Report([Refused(1), Refused(2)]));
        _watch.Look(Report([Refused(2)]));
        string[] lines = Lines();
        Assert.Equal(2, lines.Length);
        Assert.Contains("warn the kernel refuses to send to 192.0.2.1:8100 and 1 others", lines[0], StringComparison.Ordinal);
        Assert.Contains("info the kernel no longer refuses to send to 192.0.2.1:8100", lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public void Suspicion_is_told_when_it_begins_changes_and_ends()
    {
        _watch.Look(Report([], SuspectReason.CpuPressure));
        _watch.Look(Report([], SuspectReason.CpuPressure));
        _watch.Look(Report([], SuspectReason.CpuPressure, SuspectReason.ReceiveDrops));
        _watch.Look(Report([]));
        string[] lines = Lines();
        Assert.Equal(3, lines.Length);
        Assert.Contains("short of CPU", lines[0], StringComparison.Ordinal);
        Assert.Contains("net.core.rmem_max", lines[1], StringComparison.Ordinal);
        Assert.Contains("no longer suspect", lines[2], StringComparison.Ordinal);
    }

    private static Summary Refused(int host) => new()
    {
        Source = IPAddress.Any,
        Target = new Target { Host = $"192.0.2.{host}" },
        Destination = new IPEndPoint(IPAddress.Parse($"192.0.2.{host}"), 8100),
        Class = 0,
        Counts = new DatagramCounts { SendErrors = 3 },
        Rtt = LatencyHistogram.Empty,
        Path = default,
        Flows = [],
    };

    private static IntervalReport Report(Summary[] summaries, params SuspectReason[] suspect) => new()
    {
        Start = DateTimeOffset.UnixEpoch,
        End = DateTimeOffset.UnixEpoch.AddSeconds(30),
        Summaries = summaries,
        Health = new CollectorHealth { Suspect = suspect },
    };

    private string[] Lines() => _written.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);
}
