using System.Text.Json;
using Llama.EndToEnd.Collecting;
using Llama.EndToEnd.Harness;
using Llama.EndToEnd.Joining;
using Llama.EndToEnd.Reflecting;

namespace Llama.EndToEnd.History;

/// <summary>What was measured outlives the process that took it.</summary>
public sealed class KeptHistoryTests : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_server_that_was_killed_shows_at_once_what_was_measured_last()
    {
        double stored;
        int port;
        await using (RunningServer server = await RunningServer.Start(_directory))
        {
            port = server.Port;
            await using RunningProbe a = await RunningProbe.Start(server.Url, "a", _directory);
            await using RunningProbe b = await RunningProbe.Start(server.Url, "b", _directory);
            await Stored(server, reports: 6);
            await MatrixWhen(server, matrix => Loss(matrix, "a", "b") is not null && Loss(matrix, "b", "a") is not null);
            stored = await Web.Metric(port, "llama_history_reports_total", "stored") ?? 0;

            // Killed with its probes, not asked to end.
        }

        await using RunningServer again = await RunningServer.Start(_directory, port);

        JsonElement matrix = await Matrix(again);
        Assert.NotNull(Loss(matrix, "a", "b"));
        Assert.NotNull(Loss(matrix, "b", "a"));
        Assert.True(await Kept(again) >= stored, again.Process.Transcript);
        Assert.DoesNotContain("damaged", again.Process.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_demo_goes_on_with_its_history_where_it_is_given_a_directory()
    {
        string data = Path.Combine(_directory.FullName, "demo");
        double first = await DemoAsync(data);
        double second = await DemoAsync(data);

        Assert.True(first > 0, "the first run kept nothing");
        Assert.True(second > first, $"{first} reports after the first run, {second} after the second");
    }

    [Fact]
    public async Task The_built_in_scrape_fills_the_history_from_a_collector_of_ours_and_from_a_recorded_original()
    {
        await using ScriptedOriginal original = ScriptedOriginal.Start(RecordedCase.BodiesOf("full"));
        await using RunningReflector reflector = await RunningReflector.Start();
        await using RunningCollector collector = await RunningCollector.Start(_directory.Write("llama.yaml", SmallConfiguration.With(reflector.Port, ["127.0.0.1"])));
        int port;
        await using (RunningServer server = await RunningServer.Start(
            _directory, null, "--scrape", "1", "--scrape-collectors", $"127.0.0.1:{original.Port},127.0.0.1:{collector.ApiPort}"))
        {
            port = server.Port;
            await using RunningProbe a = await RunningProbe.Start(server.Url, "a", _directory, null, "--push", "off");
            await using RunningProbe b = await RunningProbe.Start(server.Url, "b", _directory, null, "--push", "off");
            await MatrixWhen(server, matrix =>
                Loss(matrix, "a", "b") is not null
                && Loss(matrix, "o", "beta") == 0
                && Loss(matrix, $"127.0.0.1:{collector.ApiPort}", "127.0.0.1") is not null);
            Assert.Equal(0, await Web.Metric(port, "llama_server_pushed_reports_total"));
            await Stored(server, reports: 10);
        }

        await using RunningServer again = await RunningServer.Start(_directory, port);
        JsonElement kept = await Matrix(again);
        Assert.Equal(0, Loss(kept, "o", "beta"));
        Assert.Equal(JsonValueKind.Null, Cell(kept, "o", "beta", "rtt_p50")!.Value.ValueKind);
        Assert.NotNull(Loss(kept, "a", "b"));
        Assert.NotNull(Loss(kept, $"127.0.0.1:{collector.ApiPort}", "127.0.0.1"));
    }

    [Fact]
    public async Task A_server_that_is_told_to_keep_nothing_keeps_nothing()
    {
        await using RunningServer server = await RunningServer.Start(_directory, null, "--retention", "none");

        Assert.False(File.Exists(Path.Combine(_directory.FullName, "server", "history.db")));
        Assert.Null(await Web.Metric(server.Port, "llama_history_reports_total"));
    }

    /// <summary>Runs the demo for some seconds, and tells how many reports its directory holds then.</summary>
    private async Task<double> DemoAsync(string data)
    {
        (int exitCode, _, string error) = await LlamaProcess.Run("demo", "--for", "6s", "--probes", "3", "--data", data);
        Assert.True(exitCode == 0, error);
        await using RunningServer server = await RunningServer.StartAt(data);
        return await Kept(server);
    }

    /// <summary>How many reports are kept.</summary>
    private static async Task<double> Kept(RunningServer server) => await Web.Metric(server.Port, "llama_history_known_reports") ?? 0;

    private static Task Stored(RunningServer server, int reports) => Eventually.Get(
        async () => await Web.Metric(server.Port, "llama_history_reports_total", "stored") >= reports ? "" : null,
        Deadline,
        $"{reports} reports in the history",
        () => server.Process.Transcript);

    private static Task<JsonElement> MatrixWhen(RunningServer server, Func<JsonElement, bool> wanted) => Unboxed(Eventually.Get(
        async () => await Matrix(server) is var matrix && wanted(matrix) ? (object)matrix : null, Deadline, "a matrix as wanted", () => server.Process.Transcript));

    private static async Task<JsonElement> Unboxed(Task<object> matrix) => (JsonElement)await matrix;

    private static async Task<JsonElement> Matrix(RunningServer server) =>
        JsonDocument.Parse(await Web.Get(server.Port, "/api/v2/matrix?group=default&metrics=loss,rtt_p50")).RootElement;

    private static double? Loss(JsonElement matrix, string source, string destination) =>
        Cell(matrix, source, destination, "loss") is { ValueKind: JsonValueKind.Number } value ? value.GetDouble() : null;

    private static JsonElement? Cell(JsonElement matrix, string source, string destination, string metric)
    {
        int row = Place("sources", source), column = Place("destinations", destination);
        return row < 0 || column < 0 ? null : matrix.GetProperty("metrics").GetProperty(metric)[row][column];

        int Place(string member, string name) => matrix.GetProperty(member).EnumerateArray().Select(one => one.GetString()).ToList().IndexOf(name);
    }
}
