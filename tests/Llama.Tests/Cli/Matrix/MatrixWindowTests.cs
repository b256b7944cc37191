using Llama.Cli.Matrix;
using Llama.Engine.Summaries;

namespace Llama.Tests.Cli.Matrix;

public class MatrixWindowTests
{
    private readonly MatrixWindow _window = new(3);

    [Fact]
    public void There_is_no_matrix_before_the_first_report() => Assert.Null(_window.Snapshot());

    [Fact]
    public void Reports_of_several_collectors_make_one_matrix()
    {
        _window.Add(Measured.Report(1, [Measured.Pair("a", "b", 50, 10, [0, 0])]));
        _window.Add(Measured.Report(1, [Measured.Pair("b", "a", 60, 10, [1, 0])]));
        MatrixSnapshot matrix = _window.Snapshot()!;
        Assert.Equal(2, _window.NewestCount);
        Assert.Equal(["a", "b"], matrix.Sources);
        Assert.Equal(["a", "b"], matrix.Destinations);
        Assert.Null(matrix["a", "a"]);
        Assert.Equal(0.05, matrix["b", "a"]!.LossRatio);
        Assert.Equal(40, matrix.DatagramsPerSecond);
    }

    [Fact]
    public void Intervals_are_merged_and_the_oldest_falls_out()
    {
        for (int second = 1; second <= 4; second++)
            _window.Add(Measured.Report(second, [Measured.Pair("a", "b", 50, 10, [second, 0], lostForward: second, lostReverse: 0)]));
        MatrixSnapshot matrix = _window.Snapshot()!;
        PairCell cell = matrix["a", "b"]!;
        Assert.Equal(60, cell.Sent);
        Assert.Equal(9, cell.Lost);
        Assert.Equal(9, cell.LostForward);
        Assert.Equal([new FlowLoss(40000, 30, 9), new FlowLoss(40001, 30, 0)], cell.Flows);
        Assert.Equal([0.1, 0.15, 0.2], cell.Trend);
        Assert.Equal(Measured.Noon.AddSeconds(1), matrix.Start);
        Assert.Equal(Measured.Noon.AddSeconds(4), matrix.End);
        Assert.Equal(50_000, cell.MedianNanos!.Value, 500.0);
    }

    [Fact]
    public void A_direction_that_only_some_flows_know_is_taken_from_those()
    {
        Summary pair = Measured.Pair("a", "b", 50, 10, [10, 3]);
        FlowSummary knowing = pair.Flows[1] with { Counts = pair.Flows[1].Counts with { LostForward = 2, LostReverse = 1 } };
        _window.Add(Measured.Report(1, [pair with { Flows = [pair.Flows[0], knowing] }]));
        PairCell cell = _window.Snapshot()!["a", "b"]!;
        Assert.Equal((13, 2, 1), (cell.Lost, cell.LostForward, cell.LostReverse));
    }

    [Fact]
    public void A_pair_is_suspect_when_its_collector_suspects_itself_in_the_last_interval()
    {
        _window.Add(Measured.Report(1, [Measured.Pair("a", "b", 50, 10, [0])], SuspectReason.CpuPressure));
        Assert.Equal(CellState.Suspect, State());
        _window.Add(Measured.Report(2, [Measured.Pair("a", "b", 50, 10, [0])]));
        Assert.Equal(CellState.Fine, State());
    }

    [Theory]
    [InlineData(50, 10, 0, CellState.Fine)]
    [InlineData(5000, 10, 0, CellState.Slow)]
    [InlineData(50, 10, 1, CellState.Lossy)]
    [InlineData(50, 10, 10, CellState.Dead)]
    [InlineData(50, 0, 0, CellState.NotMeasured)]
    public void A_cell_has_the_state_of_its_worst_trait(double rttMicros, int sent, int lost, object state)
    {
        _window.Add(Measured.Report(1, [Measured.Pair("a", "b", rttMicros, sent, [lost])]));
        Assert.Equal((CellState)state, State());
    }

    private CellState State() => _window.Snapshot()!["a", "b"]!.State(slowNanos: 1_000_000);
}
