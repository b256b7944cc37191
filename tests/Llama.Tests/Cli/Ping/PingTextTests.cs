using Llama.Cli.Ping;
using Llama.Engine.Summaries;

namespace Llama.Tests.Cli.Ping;

public class PingTextTests
{
    [Theory]
    [InlineData(0, "0.000")]
    [InlineData(48_200, "0.048")]
    [InlineData(9_999_400, "9.999")]
    [InlineData(9_999_600, "10.00")]
    [InlineData(23_412_000, "23.41")]
    [InlineData(99_996_000, "100.0")]
    [InlineData(142_340_000, "142.3")]
    [InlineData(999_960_000, "1000")]
    [InlineData(12_345_000_000, "12345")]
    public void Durations_are_milliseconds_with_four_digits(double nanos, string text) => Assert.Equal(text, PingText.Millis(nanos));

    [Theory]
    [InlineData(0, "0.0%")]
    [InlineData(0.00001, "<0.1%")]
    [InlineData(0.0005, "0.1%")]
    [InlineData(0.081, "8.1%")]
    [InlineData(0.9994, "99.9%")]
    [InlineData(0.99999, ">99.9%")]
    [InlineData(1, "100.0%")]
    public void Only_nothing_is_no_loss_and_only_all_is_all(double share, string text) => Assert.Equal(text, PingText.Percent(share));

    [Theory]
    [InlineData(64, 62, "0/2")]
    [InlineData(null, 61, "?/3")]
    [InlineData(60, 250, "4/?")]
    [InlineData(null, null, "-")]
    public void Hops_are_what_is_missing_from_64(int? there, int? back, string text) =>
        Assert.Equal(text, PingText.Hops(new PathMarks { ForwardTtl = (byte?)there, ReverseTtl = (byte?)back }));

    [Theory]
    [InlineData(0xB8, 0xB8, "EF")]
    [InlineData(null, null, "EF")]
    [InlineData(0, 0xB8, "EF>CS0")]
    [InlineData(0xB8, 0x88, "EF>EF>AF41")]
    [InlineData(null, 0x01, "EF>?>0x01")]
    public void A_class_that_was_changed_is_shown_with_what_became_of_it(int? there, int? back, string text) =>
        Assert.Equal(text, PingText.Class(Pinged.Expedited, new PathMarks { ForwardTos = (byte?)there, ReverseTos = (byte?)back }));

    [Fact]
    public void Bars_lie_between_the_smallest_and_the_largest_time()
    {
        LatencyHistogram rtt = Pinged.Histogram([.. Enumerable.Repeat(1000.0, 90), .. Enumerable.Repeat(2000.0, 9), 4000]);

        long[] counts = RttBars.Counts(rtt, 30);
        Assert.Equal((30, 90, 9, 1), (counts.Length, counts[0], counts[15], counts[29]));
        Assert.Equal("1.000 █              ▃             ▂ 4.000", RttBars.Line(rtt, 30, unicode: true));
        Assert.Equal("1.000 @              -             : 4.000", RttBars.Line(rtt, 30, unicode: false));
    }

    [Fact]
    public void A_narrow_distribution_is_not_stretched_and_a_small_one_not_torn_apart()
    {
        Assert.Equal(5, RttBars.Counts(Pinged.Histogram([.. Enumerable.Range(0, 400).Select(i => 1000 + i / 4.0)]), 40).Length);
        Assert.Equal(8, RttBars.Counts(Pinged.Histogram(1, 10, 100, 1000), 40).Length);
        Assert.Equal([3L], RttBars.Counts(Pinged.Histogram(100, 100, 100), 40));
        Assert.Null(RttBars.Line(Pinged.Histogram(100), 40, unicode: true));
        Assert.Null(RttBars.Line(LatencyHistogram.Empty, 40, unicode: true));
    }
}
