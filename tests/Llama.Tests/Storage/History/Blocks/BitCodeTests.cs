using FsCheck;
using FsCheck.Fluent;
using Llama.Storage.History.Blocks;

namespace Llama.Tests.Storage.History.Blocks;

public sealed class BitCodeTests
{
    private static readonly Arbitrary<(ulong Value, int Order)[]> Numbers = Gen.Zip(
        Gen.Zip(Gen.Choose(0, 64), Gen.Choose(0, int.MaxValue)).Select(ends => ends.Item1 == 64 ? ulong.MaxValue : ((ulong)ends.Item2 * 0x9E3779B97F4A7C15) >> (63 - ends.Item1)),
        Gen.Choose(0, 63)).ArrayOf().ToArbitrary();

    [Fact]
    public void Any_number_comes_back_from_a_code_of_any_order() => Prop.ForAll(Numbers, numbers =>
    {
        var writer = new BitWriter();
        foreach ((ulong value, int order) in numbers)
        {
            writer.WriteCode(value, order);
            writer.WriteSized(value);
        }

        int bits = writer.Bits;
        var reader = new BitReader(writer.Octets());
        foreach ((ulong value, int order) in numbers)
        {
            Assert.Equal(value, reader.Code(order));
            Assert.Equal(value, reader.Sized());
        }

        Assert.Equal(bits, reader.Position);
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(500));

    [Theory]
    [InlineData(0, 0, 1)]
    [InlineData(1, 0, 3)]
    [InlineData(3, 0, 5)]
    [InlineData(7, 3, 4)]
    [InlineData(8, 3, 6)]
    [InlineData(long.MaxValue, 63, 64)]
    public void A_code_is_as_long_as_its_order_says(ulong value, int order, int bits)
    {
        var writer = new BitWriter();

        writer.WriteCode(value, order);

        Assert.Equal(bits, writer.Bits);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(8)]
    [InlineData(9)]
    [InlineData(20)]
    public void Reading_on_behind_the_end_is_damage(int octets)
    {
        Assert.Throws<InvalidDataException>(() => new BitReader(new byte[octets]).Code(0));
        Assert.Throws<InvalidDataException>(() =>
        {
            var reader = new BitReader(Enumerable.Repeat((byte)0xFF, octets).ToArray());
            for (int i = 0; i <= 8 * octets; i++) reader.Code(0);
        });
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.4)]
    [InlineData(1)]
    [InlineData(127)]
    [InlineData(128.5)]
    [InlineData(200_000)]
    [InlineData(1e12)]
    [InlineData(9.2e18)]
    public void A_rounded_duration_is_within_one_percent_and_stays_what_it_is(double nanos)
    {
        foreach (int bits in new[] { RoundedNanos.CoarseBits, RoundedNanos.FineBits })
        {
            double rounded = RoundedNanos.Nanos(RoundedNanos.Round(nanos, bits), bits);

            Assert.InRange(rounded, nanos * 0.99, nanos * 1.01);
            Assert.Equal(rounded, RoundedNanos.Nanos(RoundedNanos.Round(rounded, bits), bits));
        }
    }
}
