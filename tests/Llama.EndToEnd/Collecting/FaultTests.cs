using System.Net;
using System.Text.Json;
using Llama.EndToEnd.Harness;
using Llama.EndToEnd.Reflecting;

namespace Llama.EndToEnd.Collecting;

/// <summary>What goes wrong around a collector, and what it makes of it.</summary>
public sealed class FaultTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    [Theory]
    [InlineData("kernel")]
    [InlineData("portable")]
    public async Task Targets_that_cannot_be_reached_or_resolved_do_not_stop_the_others(string network)
    {
        await using RunningReflector reflector = await RunningReflector.Start("--network", network);
        using var directory = new TemporaryDirectory();

        // The kernel refuses to send to the first (a broadcast), the second has no address, the third is not ours to ask.
        string file = directory.Write("llama.yaml", SmallConfiguration.With(
            reflector.Port, ["255.255.255.255", "no-such-host.invalid", "2001:db8::1", "127.0.0.1"]));
        await using RunningCollector collector = await RunningCollector.Start(file, "--network", network);

        await collector.ReportWhen(report => report.Summary("127.0.0.1").IsClean(), Deadline, "a summary of the target that works");

        Assert.Contains("no-such-host.invalid", collector.Process.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_target_that_dies_is_all_loss_and_measures_again_when_it_returns()
    {
        int port = Ports.Free();
        using var directory = new TemporaryDirectory();
        string file = directory.Write("llama.yaml", SmallConfiguration.With(port, ["127.0.0.1"]));
        await using RunningCollector collector = await RunningCollector.Start(file);
        await using (LlamaProcess.Start("reflector", "-port", $"{port}"))
            await collector.ReportWhen(report => report.Summary("127.0.0.1").IsClean(), Deadline, "a clean interval");

        JsonElement dead = await collector.ReportWhen(report => report.Summary("127.0.0.1").IsDead(), Deadline, "an interval of loss");
        JsonElement summary = dead.Summary("127.0.0.1")!.Value;
        Assert.Null(summary.Count("lost_forward"));
        Assert.Equal(JsonValueKind.Null, summary.GetProperty("rtt").GetProperty("mean_ns").ValueKind);

        await using LlamaProcess again = LlamaProcess.Start("reflector", "-port", $"{port}");
        await collector.ReportWhen(report => report.Summary("127.0.0.1").IsClean(), Deadline, "a clean interval again");
    }

    [Theory]
    [InlineData(true, "lost_forward", "lost_reverse")]
    [InlineData(false, "lost_reverse", "lost_forward")]
    public async Task Loss_on_the_way_is_told_apart_by_direction(bool forward, string there, string elsewhere)
    {
        await using RunningReflector reflector = await RunningReflector.Start();
        int port = Ports.Free();
        await using var hop = new LossyHop(port, reflector.At(IPAddress.Loopback), dropEvery: 4, forward);
        using var directory = new TemporaryDirectory();
        string file = directory.Write("llama.yaml", SmallConfiguration.With(port, ["127.0.0.1"], cyclesPerSecond: 40));
        await using RunningCollector collector = await RunningCollector.Start(file);

        JsonElement report = await collector.ReportWhen(
            report => report.Summary("127.0.0.1") is { } summary && summary.Count("sent") >= 38, Deadline, "a whole interval");

        JsonElement summary = report.Summary("127.0.0.1")!.Value;
        Assert.InRange(summary.Count("lost") ?? -1, 9, 11);
        Assert.InRange(summary.Count(there) ?? -1, summary.Count("lost")!.Value - 1, summary.Count("lost")!.Value);
        Assert.Equal(0, summary.Count(elsewhere));
    }

    [Theory]
    [InlineData("kernel")]
    [InlineData("portable")]
    public async Task Either_network_measures_loopback(string network)
    {
        await using RunningReflector reflector = await RunningReflector.Start("--network", network);
        using var directory = new TemporaryDirectory();
        string file = directory.Write("llama.yaml", SmallConfiguration.With(reflector.Port, ["127.0.0.1", "127.0.0.9"], sourcePorts: 3));
        await using RunningCollector collector = await RunningCollector.Start(file, "--network", network);

        JsonElement report = await collector.ReportWhen(
            report => report.Summary("127.0.0.1") is { } one && one.Count("sent") >= 27 && report.Summary("127.0.0.9").IsClean(), Deadline, "a whole interval");

        JsonElement summary = report.Summary("127.0.0.1")!.Value;
        Assert.Equal(summary.Count("sent"), summary.Count("received"));
        Assert.Equal(3, summary.GetProperty("flows").GetArrayLength());
        Assert.InRange(summary.GetProperty("rtt").GetProperty("p50_ns").GetInt64(), 1, 50_000_000);
        Assert.Equal(0, summary.Count("lost_forward"));
    }

    [Fact]
    public async Task Thousands_of_targets_are_all_measured()
    {
        await using RunningReflector reflector = await RunningReflector.Start("-max-pps", "unlimited", "--max-pps-per-source", "unlimited");
        using var directory = new TemporaryDirectory();
        const int Targets = 2500;
        IEnumerable<string> addresses = Enumerable.Range(0, Targets).Select(i => $"127.9.{i / 250}.{i % 250 + 1}");
        string file = directory.Write("llama.yaml", SmallConfiguration.With(reflector.Port, addresses, timeoutMillis: 1000, cyclesPerSecond: 1));
        await using RunningCollector collector = await RunningCollector.Start(file);

        await collector.PointsWhen(
            points => points.Count == Targets && points.All(point => point is { Sent: > 0, Loss: 0 }), Deadline, "an interval without loss");
    }

    [Fact]
    public async Task Both_ends_with_one_key_measure_and_with_two_keys_do_not()
    {
        using var directory = new TemporaryDirectory();
        string key = directory.Write("one.key", "the key of this test, long enough");
        string otherKey = directory.Write("other.key", "some other key, just as long");
        await using RunningReflector reflector = await RunningReflector.Start("--key-file", key);
        string file = directory.Write("llama.yaml", SmallConfiguration.With(reflector.Port, ["127.0.0.1"]));
        await using RunningCollector knows = await RunningCollector.Start(file, "--key-file", key);
        await using RunningCollector stranger = await RunningCollector.Start(file, "--key-file", otherKey);

        await knows.ReportWhen(report => report.Summary("127.0.0.1").IsClean(), Deadline, "a clean interval");
        await stranger.ReportWhen(report => report.Summary("127.0.0.1").IsDead(), Deadline, "an interval of loss");
    }

    [Theory]
    [InlineData("TERM")]
    [InlineData("INT")]
    public async Task A_signal_ends_it_at_once_and_in_peace(string signal)
    {
        using var directory = new TemporaryDirectory();
        string file = directory.Write("llama.yaml", SmallConfiguration.With(Ports.Free(), ["127.0.0.1"], timeoutMillis: 30_000));
        await using RunningCollector collector = await RunningCollector.Start(file);

        await collector.Process.Signal(signal);

        Assert.Equal(0, await collector.Process.Exit(TimeSpan.FromSeconds(5)));
    }

    [Fact]
    public async Task The_api_says_what_the_original_says_before_there_is_a_summary()
    {
        using var directory = new TemporaryDirectory();
        string file = directory.Write("llama.yaml", SmallConfiguration.With(Ports.Free(), ["127.0.0.1"], timeoutMillis: 30_000));
        await using RunningCollector collector = await RunningCollector.Start(file);

        Assert.Equal("[]", await Web.Get(collector.ApiPort, "/influxdata"));
        Assert.Equal("ok", await Web.Get(collector.ApiPort, "/status"));
    }
}
