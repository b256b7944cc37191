using Llama.Cli.Matrix;
using Llama.Engine.Summaries;

namespace Llama.Tests.Cli.Matrix;

public class FindingsTests
{
    [Fact]
    public void Loss_of_all_flows_alike_on_the_way_there_is_told() =>
        Assert.Equal("loses 8.0 % on the way there; flows 1-4 alike", Describe([8, 7, 9, 8], lostForward: 32, lostReverse: 0));

    [Fact]
    public void Loss_on_the_way_back_is_told() =>
        Assert.Equal("loses 8.0 % on the way back; flows 1-4 alike", Describe([8, 7, 9, 8], lostForward: 0, lostReverse: 32));

    [Fact]
    public void Loss_both_ways_is_told_with_its_share() =>
        Assert.Equal("loses 8.0 %, 75 % of it on the way there; flows 1-4 alike", Describe([8, 7, 9, 8], lostForward: 24, lostReverse: 8));

    [Fact]
    public void No_direction_is_named_when_it_is_not_known() =>
        Assert.Equal("loses 8.0 %; flows 1-4 alike", Describe([8, 7, 9, 8], lostForward: null, lostReverse: null));

    [Fact]
    public void A_flow_that_loses_all_is_named() =>
        Assert.Equal("loses 25 %; flow 3 of 4 loses 100 %, the others 0 %", Describe([0, 0, 100, 0], lostForward: null, lostReverse: null));

    [Fact]
    public void Flows_that_lose_more_than_chance_are_named() =>
        Assert.Equal(
            "loses 17 % on the way there; flows 1, 2 of 5 lose 40 %, the others 1.0 %",
            Describe([40, 40, 1, 1, 1], lostForward: 83, lostReverse: 0));

    [Fact]
    public void A_dead_pair_is_told_as_such() =>
        Assert.Equal("loses 100 %, nothing comes back", Describe([100, 100, 100, 100], lostForward: null, lostReverse: null));

    [Fact]
    public void The_worst_come_first_and_the_clean_not_at_all()
    {
        MatrixSnapshot matrix = Matrix(
            Measured.Pair("a", "b", 50, 100, [1]),
            Measured.Pair("a", "c", 50, 100, [0]),
            Measured.Pair("b", "a", 50, 100, [90]),
            Measured.Pair("c", "a", 50, 100, [20]));
        Assert.Equal(["b → a", "c → a"], Findings.Worst(matrix, 2).Select(finding => finding.Where));
        Assert.Equal(3, Findings.Worst(matrix, 10).Count);
    }

    [Fact]
    public void A_way_that_all_its_pairs_lose_on_is_named_first()
    {
        MatrixSnapshot matrix = Matrix(
            Measured.Pair("a", "b", 50, 100, [0], 0, 0),
            Measured.Pair("b", "a", 50, 100, [0], 0, 0),
            Measured.Pair("a", "c", 50, 100, [8], 8, 0),
            Measured.Pair("b", "c", 50, 100, [9], 9, 0),
            Measured.Pair("c", "a", 50, 100, [7], 0, 7),
            Measured.Pair("c", "b", 50, 100, [8], 0, 8));
        Finding first = Findings.Worst(matrix, 3)[0];
        Assert.Equal("into c", first.Where);
        Assert.Equal("loses 8.0 % on all 4 pairs that go this way", first.Text);
    }

    [Fact]
    public void A_way_is_not_blamed_when_one_of_its_pairs_is_clean()
    {
        MatrixSnapshot matrix = Matrix(
            Measured.Pair("a", "c", 50, 100, [8], 8, 0),
            Measured.Pair("b", "c", 50, 100, [0], 0, 0),
            Measured.Pair("c", "a", 50, 100, [7], 0, 7),
            Measured.Pair("c", "b", 50, 100, [8], 0, 8));
        Assert.DoesNotContain(Findings.Worst(matrix, 9), finding => finding.Where.StartsWith("into", StringComparison.Ordinal));
    }

    private static string Describe(int[] lostOfFlows, long? lostForward, long? lostReverse) =>
        Findings.Worst(Matrix(Measured.Pair("a", "b", 50, 100, lostOfFlows, lostForward, lostReverse)), 1).Single().Text;

    private static MatrixSnapshot Matrix(params Summary[] summaries)
    {
        var window = new MatrixWindow(1);
        window.Add(Measured.Report(1, summaries));
        return window.Snapshot()!;
    }
}
