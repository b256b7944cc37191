using Llama.Server.Collecting;

namespace Llama.Tests.Server;

public class QuantityTests
{
    [Theory]
    [InlineData(0, "0ns")]
    [InlineData(840, "840ns")]
    [InlineData(999.6, "1.0us")]
    [InlineData(4_800, "4.8us")]
    [InlineData(48_000, "48us")]
    [InlineData(480_000, "480us")]
    [InlineData(999_600, "1.0ms")]
    [InlineData(9_940_000, "9.9ms")]
    [InlineData(9_960_000, "10ms")]
    [InlineData(61_200_000, "61ms")]
    [InlineData(1_240_000_000, "1.2s")]
    [InlineData(90_000_000_000, "90s")]
    public void Durations_take_the_unit_that_fits(double nanos, string text)
    {
        Assert.Equal(text, Quantity.Duration(nanos, unicode: false));
        Assert.Equal(text.Replace("us", "µs", StringComparison.Ordinal), Quantity.Duration(nanos, unicode: true));
    }

    [Theory]
    [InlineData(0, "0%")]
    [InlineData(0.00001, "<.1%")]
    [InlineData(0.0006, "0.1%")]
    [InlineData(0.081, "8.1%")]
    [InlineData(0.0996, "10%")]
    [InlineData(0.12, "12%")]
    [InlineData(0.994, "99%")]
    [InlineData(0.9999, ">99%")]
    [InlineData(1, "100%")]
    public void Only_nothing_is_0_percent_and_only_all_is_100(double share, string text) => Assert.Equal(text, Quantity.Share(share));

    [Fact]
    public void No_duration_takes_more_than_five_columns_and_no_share_more_than_four()
    {
        for (double nanos = 1; nanos < 9e12; nanos *= 1.01) Assert.InRange(Quantity.Duration(nanos, unicode: true).Length, 1, 5);
        for (double share = 0; share <= 1; share += 0.0001) Assert.InRange(Quantity.Share(share).Length, 2, 4);
    }
}
