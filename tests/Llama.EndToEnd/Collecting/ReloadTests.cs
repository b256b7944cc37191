using System.Text.Json;
using Llama.EndToEnd.Harness;
using Llama.EndToEnd.Reflecting;

namespace Llama.EndToEnd.Collecting;

/// <summary>Changing a collector's configuration while it runs.</summary>
public sealed class ReloadTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task SIGHUP_changes_targets_and_tags_as_in_the_original()
    {
        await using RunningReflector reflector = await RunningReflector.Start();
        using var directory = new TemporaryDirectory();
        int api = Ports.Free();
        string before = RecordedCase.Rewrite("reload_a.yaml", reflector.Port, Ports.Free(), api);
        string after = RecordedCase.Rewrite("reload_b.yaml", reflector.Port, Ports.Free(), Ports.Free());
        string file = directory.Write("llama.yaml", before);
        await using RunningCollector collector = await RunningCollector.Up(["collector", "-llama.config", file], api);
        await collector.PointsWhen(points => points.Count == 2 && points.All(point => point.Loss == 0), Deadline, "a summary before");

        await File.WriteAllTextAsync(file, after);
        await collector.Process.Signal("HUP");

        // The tags change at once, also in the summary that is out already: the new map replaces that address's old one.
        await collector.PointsWhen(
            points => points.Any(point => point.HasTag("dst_ip", "127.0.0.1") && point.HasTag("only_in_b", "y") && !point.Tags.Contains("only_in_a", StringComparison.Ordinal)),
            Deadline,
            "new tags");
        await collector.PointsWhen(
            points => points.Count == 2 && points.Any(point => point.HasTag("dst_ip", "127.0.0.3") && point.HasTag("v", "2") && point.Loss == 0),
            Deadline,
            "a summary of the new targets alone");
    }

    [Fact]
    public async Task A_changed_file_is_read_without_being_told_and_flows_that_stay_keep_their_ports()
    {
        await using RunningReflector reflector = await RunningReflector.Start();
        using var directory = new TemporaryDirectory();
        string file = directory.Write("llama.yaml", SmallConfiguration.With(reflector.Port, ["127.0.0.1"], sourcePorts: 2));
        await using RunningCollector collector = await RunningCollector.Start(file);

        // The first interval is cut short and may have datagrams of one flow alone.
        JsonElement before = await collector.ReportWhen(
            report => report.Summary("127.0.0.1").IsClean() && SourcePorts(report).Contains(',', StringComparison.Ordinal), Deadline, "a summary of both flows before");

        directory.Write("llama.yaml", SmallConfiguration.With(reflector.Port, ["127.0.0.1", "127.0.0.2"], sourcePorts: 2));
        JsonElement after = await collector.ReportWhen(
            report => report.Summary("127.0.0.2").IsClean() && report.Summary("127.0.0.1").IsClean(), Deadline, "a summary of the new target");

        Assert.Equal(SourcePorts(before), SourcePorts(after));
    }

    [Theory]
    [InlineData("ports: [not what it should be")]
    [InlineData("")]
    [InlineData("summarization: {interval: 0}\nports: {}\n")]
    public async Task A_broken_file_changes_nothing_and_is_told(string broken)
    {
        await using RunningReflector reflector = await RunningReflector.Start();
        using var directory = new TemporaryDirectory();
        string file = directory.Write("llama.yaml", SmallConfiguration.With(reflector.Port, ["127.0.0.1"]));
        await using RunningCollector collector = await RunningCollector.Start(file);
        await collector.ReportWhen(report => report.Summary("127.0.0.1").IsClean(), Deadline, "a summary before");

        directory.Write("llama.yaml", broken);
        await collector.Process.Signal("HUP");
        await Eventually.Holds(
            () => collector.Process.Error.Contains("llama.yaml", StringComparison.Ordinal) && collector.Process.Error.Contains("not taken over", StringComparison.Ordinal),
            Deadline,
            "the error",
            () => collector.Process.Transcript);

        DateTimeOffset told = DateTimeOffset.UtcNow;
        await collector.ReportWhen(
            report => report.GetProperty("start").GetDateTimeOffset() > told && report.Summary("127.0.0.1").IsClean(), Deadline, "an interval after the error");
    }

    [Fact]
    public async Task A_file_that_is_gone_changes_nothing()
    {
        await using RunningReflector reflector = await RunningReflector.Start();
        using var directory = new TemporaryDirectory();
        string file = directory.Write("llama.yaml", SmallConfiguration.With(reflector.Port, ["127.0.0.1"]));
        await using RunningCollector collector = await RunningCollector.Start(file);

        File.Delete(file);
        await collector.Process.Signal("HUP");

        DateTimeOffset gone = DateTimeOffset.UtcNow;
        await collector.ReportWhen(
            report => report.GetProperty("start") is { ValueKind: JsonValueKind.String } start && start.GetDateTimeOffset() > gone && report.Summary("127.0.0.1").IsClean(),
            Deadline,
            "an interval after the file was gone");
    }

    private static string SourcePorts(JsonElement report) => string.Join(
        ',', report.Summary("127.0.0.1")!.Value.GetProperty("flows").EnumerateArray().Select(flow => flow.GetProperty("source_port").GetInt32()));
}
