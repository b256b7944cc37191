using System.Text.Json;
using Llama.EndToEnd.Collecting;
using Llama.EndToEnd.Harness;

namespace Llama.EndToEnd.Joining;

/// <summary>Hosts that join a mesh by being started.</summary>
public sealed class ProbeTests : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private readonly TemporaryDirectory _state = new();

    public void Dispose() => _state.Dispose();

    [Fact]
    public async Task Probes_that_are_started_measure_each_other_and_nothing_else_has_to_be_done()
    {
        await using RunningServer server = await RunningServer.Start(_state);
        await using RunningProbe a = await RunningProbe.Start(server.Url, "a", _state);
        await a.Says("joined group default as a", Deadline);
        await using RunningProbe b = await RunningProbe.Start(server.Url, "b", _state);
        await using RunningProbe c = await RunningProbe.Start(server.Url, "c", _state);

        JsonElement report = await a.Measures([b.Port, c.Port], Deadline);
        await b.Measures([a.Port, c.Port], Deadline);
        await c.Measures([a.Port, b.Port], Deadline);

        JsonElement tags = report.Summary("127.0.0.1", b.Port)!.Value.GetProperty("tags");
        Assert.Equal("b town", tags.GetProperty("site").GetString());
        Assert.Equal("b.example", tags.GetProperty("dst_name").GetString());
        Assert.Equal("a", tags.GetProperty("src_shortname").GetString());
        Assert.Equal(2, report.GetProperty("summaries").GetArrayLength());
        Assert.Equal(1, await Web.Metric(a.Port, "llama_joined"));
        Assert.True(await Web.Metric(a.Port, "llama_reflector_datagrams_total", "\"reflected\"") > 0);

        await a.Process.Signal("TERM");
        Assert.Equal(0, await a.Process.Exit());
    }

    [Fact]
    public async Task A_probe_that_joins_leaves_the_flows_and_counts_of_the_others_as_they_were()
    {
        await using RunningServer server = await RunningServer.Start(_state);
        await using RunningProbe a = await RunningProbe.Start(server.Url, "a", _state);
        await using RunningProbe b = await RunningProbe.Start(server.Url, "b", _state);
        string before = await a.SourcePorts(b.Port, Deadline);
        double? sent = await Web.Metric(a.Port, "llama_datagrams_sent_total");

        await using RunningProbe c = await RunningProbe.Start(server.Url, "c", _state);
        await a.Measures([b.Port, c.Port], Deadline);
        Assert.Equal(before, await a.SourcePorts(b.Port, Deadline));
        Assert.True(await Web.Metric(a.Port, "llama_datagrams_sent_total", $"127.0.0.1:{b.Port}") > sent);
    }

    [Fact]
    public async Task While_the_server_is_away_probes_go_on_and_start_again_and_when_it_is_back_nothing_has_to_be_done()
    {
        RunningServer server = await RunningServer.Start(_state);
        await using RunningProbe a = await RunningProbe.Start(server.Url, "a", _state);
        RunningProbe b = await RunningProbe.Start(server.Url, "b", _state);
        await a.Measures([b.Port], Deadline);
        await b.Measures([a.Port], Deadline);
        await server.DisposeAsync();

        // Killed, not asked to end.
        await b.DisposeAsync();
        await using RunningProbe again = await RunningProbe.Start(server.Url, "b", _state, b.Port);
        await again.Says("measures as it was told before the restart, 1 target", Deadline);
        await again.Measures([a.Port], Deadline);
        await a.Measures([again.Port], Deadline);

        await using RunningServer back = await RunningServer.Start(_state, server.Port);
        await again.Says("joined group default as b", Deadline);
        await using RunningProbe c = await RunningProbe.Start(server.Url, "c", _state);
        await a.Measures([again.Port, c.Port], Deadline);
    }

    [Fact]
    public async Task A_name_that_is_taken_is_told_and_what_the_holder_does_is_left_alone()
    {
        await using RunningServer server = await RunningServer.Start(_state);
        using var elsewhere = new TemporaryDirectory();
        await using RunningProbe holder = await RunningProbe.Start(server.Url, "a", _state);
        await holder.Says("joined group default as a", Deadline);
        await using RunningProbe late = await RunningProbe.Start(server.Url, "a", elsewhere);
        await late.Says("give this one another name with --shortname (now a)", Deadline);
        Assert.Equal(0, await Web.Metric(late.Port, "llama_joined"));
        Assert.Equal(1, await Web.Metric(holder.Port, "llama_joined"));
    }
}
