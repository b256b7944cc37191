using Llama.Benchmarks.Gate;
using Llama.Benchmarks.Gate.Page;

namespace Llama.Tests.Gate;

/// <summary>The arithmetic of the gate of `make bench`.</summary>
public sealed class GateArithmeticTests
{
    [Theory]
    [InlineData(0.5, 2.5)]
    [InlineData(0, 1)]
    [InlineData(1, 4)]
    public void Percentiles_lie_between_the_two_values_that_are_nearest(double share, double expected)
    {
        Assert.Equal(expected, Samples.Percentile([3, 1, 4, 2], share));
    }

    [Fact]
    public void A_row_shows_median_and_spread_and_judges_the_median()
    {
        var samples = new Samples();
        foreach (double value in (double[])[3, 1, 8]) samples.Add(value);

        ResultRow row = ResultRow.Of("what", "<= 4", samples, "0.0", "us", value => value <= 4);

        Assert.Equal(new ResultRow("what", "<= 4", "3.0 us", "1.0 to 8.0", true), row);
    }

    [Fact]
    public void Without_a_round_nothing_is_said_to_be_met()
    {
        Assert.Null(ResultRow.Of("what", "<= 4", new Samples(), "0.0", "us", _ => true).IsMet);
    }

    [Fact]
    public void Cores_are_read_as_the_kernel_lists_them()
    {
        Assert.Equal([0, 1, 2, 5], Cores.Parse("0-2,5"));
    }

    [Fact]
    public void Counters_are_summed_over_their_series_and_over_no_other_metric()
    {
        CollectorCounts counts = CollectorCounts.Parse("""
            # TYPE llama_datagrams_sent_total counter
            llama_datagrams_sent_total{destination="a"} 5
            llama_datagrams_sent_total{destination="b"} 7
            llama_datagrams_lost_total{destination="a"} 2
            llama_datagrams_lost_by_direction_total{direction="forward"} 1
            llama_interval_end_timestamp_seconds 10.5
            """);

        Assert.Equal(new CollectorCounts(Sent: 12, Lost: 2, Skipped: 0, ReceiveDrops: 0, UntilSeconds: 10.5), counts);
    }

    [Fact]
    public void Frames_are_late_beyond_a_sixtieth_of_a_second_and_not_for_how_the_browser_rounds()
    {
        var frames = new FrameTimes();

        frames.Add([100, 116.7, 133.4, 166.7, 216.7], [60, 80], 3);
        frames.Add([900, 916.7], [], 1);

        Assert.Equal(5, frames.Count);
        Assert.Equal(16.7, frames.MedianMillis, 3);
        Assert.Equal(40, frames.LatePercent, 3);
        Assert.Equal(20, frames.VeryLatePercent, 3);
        Assert.Equal(80, frames.DrawnPercent, 3);
        Assert.Equal(80, frames.LongestTaskMillis);
    }
}
