using System.Globalization;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Llama.Server.Sinks.Influx;

namespace Llama.Tests.Sinks.Influx;

public sealed class LineNumbersTests
{
    [Theory]
    [InlineData(0, "0")]
    [InlineData(71_418, "0.071418")]
    [InlineData(1, "0.000001")]
    [InlineData(1_500_000, "1.5")]
    [InlineData(12_000_000, "12")]
    [InlineData(long.MaxValue, "9223372036854.775807")]
    public void Nanoseconds_are_exact_milliseconds(long nanos, string millis) => Assert.Equal(millis, Text(to => LineNumbers.WriteMillionths(nanos, to)));

    [Theory]
    [InlineData(0, 120, "0")]
    [InlineData(120, 120, "100")]
    [InlineData(1, 3, "33.333333")]
    [InlineData(2, 3, "66.666667")]
    [InlineData(1, 8, "12.5")]
    [InlineData(long.MaxValue - 1, long.MaxValue, "100")]
    public void Loss_is_a_percentage_with_six_places(long lost, long sent, string percent) => Assert.Equal(percent, Text(to => LineNumbers.WritePercent(lost, sent, to)));

    [Theory]
    [InlineData(0, "0")]
    [InlineData(-5.5, "-5.5")]
    [InlineData(1e21, "1000000000000000000000")]
    [InlineData(1e-7, "0.0000001")]
    [InlineData(-1.25e-9, "-0.00000000125")]
    [InlineData(1.2345678901234567e17, "123456789012345660")]
    [InlineData(123456789.123456789, "123456789.12345679")]
    public void Numbers_have_no_exponent(double value, string expected) => Assert.Equal(expected, Text(to => LineNumbers.Write(value, to)));

    [Fact]
    public void Any_number_comes_back_exactly() => Prop.ForAll(
        ArbMap.Default.GeneratorFor<long>().Select(BitConverter.Int64BitsToDouble).Where(double.IsFinite).ToArbitrary(),
        value =>
        {
            string text = Text(to => LineNumbers.Write(value, to));
            return double.Parse(text, CultureInfo.InvariantCulture) == value && !text.Contains('E');
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void The_longest_number_has_room()
    {
        Assert.EndsWith("5", Text(to => LineNumbers.Write(-double.Epsilon, to)), StringComparison.Ordinal);
        Assert.Equal(310, Text(to => LineNumbers.Write(double.MinValue, to)).Length);
    }

    private static string Text(Func<byte[], int> write)
    {
        byte[] to = new byte[LineNumbers.Longest];
        return Encoding.UTF8.GetString(to, 0, write(to));
    }
}
