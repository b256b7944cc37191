using System.Net;
using Llama.Cli.Commands;
using Llama.Cli.Serving;
using Llama.Engine.Summaries;
using Llama.Mesh.Membership;
using Llama.Mesh.Plans;
using Llama.Server.Loading;

namespace Llama.Tests.Cli.Serving;

public sealed class ServingTextTests
{
    [Fact]
    public void A_forecast_of_the_defaults_says_what_a_full_mesh_costs()
    {
        GroupForecast forecast = Assert.Single(PlanForecast.Of(
            ServerConfiguration.Empty, ["default"], group => new ExampleMembers { Count = 50 }.Of(group, new FullPlan())));

        string text = ForecastText.Of(forecast);

        Assert.Contains("default: 50 probes, each tests all others", text, StringComparison.Ordinal);
        Assert.Contains("2,450, 9,800 flows", text, StringComparison.Ordinal);
        Assert.Contains("784 datagrams/s", text, StringComparison.Ordinal);
        Assert.Contains("seen after 58 s", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("100", "wan", 100)]
    [InlineData("wan=300,lan=40", "lan", 40)]
    [InlineData("7, wan=300", "lan", 7)]
    public void Numbers_of_probes_are_for_all_groups_or_for_one(string text, string group, int expected)
    {
        Assert.Equal(expected, ProbeCounts.Parse(text).Value!.Of(group));
    }

    [Theory]
    [InlineData("0")]
    [InlineData("many")]
    [InlineData("wan=")]
    [InlineData("1000000")]
    public void What_is_no_number_of_probes_is_told(string text)
    {
        Assert.NotNull(ProbeCounts.Parse(text).Problem);
    }

    [Fact]
    public void Few_that_come_and_go_are_told_one_by_one_and_many_as_a_number()
    {
        MeshEvent[] many = [.. Enumerable.Range(1, 9).Select(i => Event(i, MeshEventKind.Joined, $"p{i}"))];

        Assert.Equal(["g/p1 joined (192.0.2.1, port 8100)"], EventTeller.Lines(many[..1], isVerbose: false));
        Assert.Equal(["9 probes joined"], EventTeller.Lines(many, isVerbose: false));
        Assert.Equal(9, EventTeller.Lines(many, isVerbose: true).Count());
    }

    [Fact]
    public void A_name_cannot_move_the_cursor_of_who_reads_the_log()
    {
        string line = Assert.Single(EventTeller.Lines([Event(1, MeshEventKind.Joined, "\e[2Jx")], isVerbose: true));

        Assert.Equal("g/?[2Jx joined (192.0.2.1, port 8100)", line);
    }

    [Fact]
    public void A_load_test_ends_in_a_table()
    {
        var times = new LatencyHistogram([new LatencyBucket(LogLinear.IndexOf(2_000_000), 10)], 20_000_000, 2_000_000, 2_000_000);

        string table = LoadtestCommand.Table(new LoadTestResult([new LoadStepResult(LoadStep.Join, times, 3, 5000, TimeSpan.FromSeconds(2))], null));

        Assert.Equal(
            ["join", "10", "3", "5", "2.00", "ms", "2.00", "ms", "2.00", "ms", "2.00", "ms", "0.5"],
            table.Split('\n')[1].Split(' ', StringSplitOptions.RemoveEmptyEntries));
    }

    private static MeshEvent Event(long sequence, MeshEventKind kind, string name) =>
        new(sequence, DateTimeOffset.UnixEpoch, kind, "g", name, IPAddress.Parse("192.0.2.1"), 8100, null);
}
