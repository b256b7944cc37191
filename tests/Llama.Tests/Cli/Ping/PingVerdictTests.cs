using Llama.Cli.Ping;
using Llama.Engine.Summaries;

namespace Llama.Tests.Cli.Ping;

public class PingVerdictTests
{
    [Fact]
    public void A_target_that_answered_once_is_reachable() => Assert.Empty(Problems(Pinged.Options, Pinged.Summary(Pinged.Frankfurt, 10, 19, 0, 100)));

    [Fact]
    public void One_target_of_several_without_a_reply_is_a_problem()
    {
        string problem = Assert.Single(Problems(
            Pinged.Options, Pinged.Summary(Pinged.Frankfurt, 10, 0, 0, 100), Pinged.Summary(Pinged.Sydney, 10, null, null, default)));

        Assert.StartsWith("[2001:db8::20]:9300: no reply to 20 datagrams", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_sent_is_no_problem_but_a_refusal_to_send_is()
    {
        Assert.Empty(Problems(Pinged.Options));
        Summary refused = Pinged.Summary(Pinged.Frankfurt, 0, 0, 0);
        refused = refused with { Flows = [refused.Flows[0] with { Counts = new DatagramCounts { SendErrors = 3 } }] };
        Assert.Contains("the kernel refused to send", Assert.Single(Problems(Pinged.Options, refused)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, 0.0, false)]
    [InlineData(1, 0.0, true)]
    [InlineData(1, 0.05, false)]
    [InlineData(2, 0.05, true)]
    public void Loss_fails_when_it_is_above_the_threshold(long lostOfTwenty, double most, bool fails)
    {
        IReadOnlyList<string> problems = Problems(
            Pinged.Options with { FailLoss = most }, Pinged.Summary(Pinged.Frankfurt, 10, lostOfTwenty, 0, 100));

        Assert.Equal(fails ? 1 : 0, problems.Count);
        if (most == 0.05 && fails) Assert.Equal("fra1 (192.0.2.20): lost 10.0%, more than --fail-loss 5%", problems[0]);
    }

    [Theory]
    [InlineData(30, false)]
    [InlineData(20, false)]
    [InlineData(19, true)]
    public void Round_trips_fail_by_their_median(double millis, bool fails)
    {
        IReadOnlyList<string> problems = Problems(
            Pinged.Options with { FailRtt = TimeSpan.FromMilliseconds(millis) },
            Pinged.Summary(Pinged.Frankfurt, 10, 0, 0, 19_000, 20_000, 900_000) with { Rtt = Pinged.Histogram(20_000, 20_000, 20_000) });

        Assert.Equal(fails ? 1 : 0, problems.Count);
        if (fails) Assert.Equal("fra1 (192.0.2.20): the median round trip takes 20.00 ms, more than --fail-rtt 19ms", problems[0]);
    }

    private static IReadOnlyList<string> Problems(PingOptions options, params Summary[] summaries) =>
        PingVerdict.Problems(Pinged.Total([Pinged.Frankfurt, Pinged.Sydney], Pinged.Report(1, summaries)), options);
}
