using Llama.Engine.Summaries;

namespace Llama.Tests.Cli.Ping;

public class PingTotalsTests
{
    [Fact]
    public void Intervals_add_up_to_one_report_over_their_whole_span()
    {
        IntervalReport total = Pinged.Total(
            [Pinged.Frankfurt],
            Pinged.Report(1, [Pinged.Summary(Pinged.Frankfurt, 10, 2, 1, 100, 110)], SuspectReason.LateSends),
            Pinged.Report(2, [Pinged.Summary(Pinged.Frankfurt, 10, 0, 4, 90, 900, 100)]));

        Summary summary = Assert.Single(total.Summaries);
        Assert.Equal((Pinged.Noon, Pinged.Noon.AddSeconds(2)), (total.Start, total.End));
        Assert.Equal([SuspectReason.LateSends], total.Health.Suspect);
        Assert.Equal((40, 33, 7), (summary.Counts.Sent, summary.Counts.Received, summary.Counts.Lost));
        Assert.Equal((2, 5), (summary.Counts.LostForward!.Value, summary.Counts.LostReverse!.Value));
        Assert.Equal((5, 90_000, 900_000), (summary.Rtt.Count, summary.Rtt.MinNanos!.Value, summary.Rtt.MaxNanos!.Value));
        Assert.Equal(summary.Rtt.Percentile(0.99) - 90_000, summary.DelayVariationNanos);
        Assert.Equal(1500, summary.JitterNanos!.Value, 3);
        Assert.Equal((2000, 3000), (summary.ForwardDelayVariationNanos!.Value, summary.ReverseDelayVariationNanos!.Value));
        Assert.Equal([(40001, 20L, 0L), (40002, 20L, 7L)], summary.Flows.Select(flow => (flow.SourcePort, flow.Counts.Sent, flow.Counts.Lost)));
        Assert.Equal((90_000, 900_000), (summary.Flows[0].RttMinNanos!.Value, summary.Flows[0].RttMaxNanos!.Value));
    }

    [Fact]
    public void An_interval_whose_directions_are_unknown_does_not_hide_those_of_others()
    {
        DatagramCounts counts = Assert.Single(Pinged.Total(
            [Pinged.Frankfurt],
            Pinged.Report(1, [Pinged.Summary(Pinged.Frankfurt, 10, 3, 0, 100)]),
            Pinged.Report(2, [Pinged.Summary(Pinged.Frankfurt, 10, null, null, default)])).Summaries).Counts;

        Assert.Equal((40, 23), (counts.Sent, counts.Lost));
        Assert.Equal((3, 0), (counts.LostForward!.Value, counts.LostReverse!.Value));
    }

    [Fact]
    public void What_was_not_measured_stays_unknown()
    {
        Summary summary = Assert.Single(Pinged.Total(
            [Pinged.Frankfurt], Pinged.Report(1, [Pinged.Summary(Pinged.Frankfurt, 10, null, null, default)])).Summaries);

        Assert.Null(summary.Counts.LostForward);
        Assert.Null(summary.Counts.LostReverse);
        Assert.Null(summary.Rtt.Percentile(0.5));
        Assert.Null(summary.JitterNanos);
        Assert.Null(summary.DelayVariationNanos);
        Assert.Null(summary.Path.ForwardTtl);
        Assert.Null(summary.Flows[0].RttMinNanos);
    }

    [Fact]
    public void Every_target_has_a_summary_in_the_order_given_before_it_was_measured_too()
    {
        IntervalReport total = Pinged.Total(
            [Pinged.Sydney, Pinged.Frankfurt], Pinged.Report(1, [Pinged.Summary(Pinged.Frankfurt, 10, 0, 0, 100)]));

        Assert.Equal(["2001:db8::20", "fra1"], total.Summaries.Select(summary => summary.Target.Host));
        Assert.Equal([0L, 20L], total.Summaries.Select(summary => summary.Counts.Sent));
        Assert.Null(total.Summaries[0].Counts.LossRatio);
    }

    [Fact]
    public void The_path_is_that_of_the_newest_interval_that_knows_it()
    {
        PathMarks path = Assert.Single(Pinged.Total(
            [Pinged.Frankfurt],
            Pinged.Report(1, [Pinged.Summary(Pinged.Frankfurt, 10, 0, 0, new PathMarks { ForwardTtl = 61, ReverseTtl = 60, ForwardRemarked = 3, ForwardTtlChanges = 0 }, 100)]),
            Pinged.Report(2, [Pinged.Summary(Pinged.Frankfurt, 10, 0, 0, new PathMarks { ForwardTtl = 59, ForwardRemarked = 4, ForwardTtlChanges = 1 }, 100)])).Summaries).Path;

        Assert.Equal((59, 60), ((int)path.ForwardTtl!, (int)path.ReverseTtl!));
        Assert.Equal((7, 1), (path.ForwardRemarked!.Value, path.ForwardTtlChanges!.Value));
    }
}
