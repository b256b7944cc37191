using FsCheck;
using FsCheck.Fluent;
using Llama.Storage.History;
using Llama.Storage.History.Blocks;

namespace Llama.Tests.Storage.History.Blocks;

/// <summary>What goes into a block comes out of it.</summary>
public sealed class BlockRoundTripTests
{
    [Fact]
    public void What_was_put_in_comes_out_in_order() => Prop.ForAll(ArbitraryTotals.Points, points =>
    {
        Block block = Block.Of(points);
        List<Point> read = block.Read(HistoryDetail.All);

        Assert.Equal(Ordered(points).Select(Key), read.Select(Key));
        foreach ((Point expected, Point actual) in Ordered(points).Zip(read)) TotalsAssert.Same(expected.Totals, actual.Totals);
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(400));

    internal static IEnumerable<Point> Ordered(IEnumerable<Point> points) =>
        points.OrderBy(point => point.Destination).ThenBy(point => point.Class).ThenBy(point => point.Moment);

    internal static (int Destination, byte Class, DateTimeOffset Moment) Key(Point point) => (point.Destination, point.Class, point.Moment);
}

/// <summary>A block that was written.</summary>
internal sealed record Block(byte[] Counts, byte[] Detail)
{
    public static Block Of(params IEnumerable<Point> points)
    {
        var builder = new BlockBuilder();
        foreach (Point point in points) builder.At(point.Destination, point.Class, point.Moment).Add(point.Totals);
        return Of(builder);
    }

    public static Block Of(BlockBuilder builder)
    {
        builder.Write(out ReadOnlySpan<byte> counts, out ReadOnlySpan<byte> detail);
        return new Block(counts.ToArray(), detail.ToArray());
    }

    public List<Point> Read(HistoryDetail detail)
    {
        var points = new List<Point>();
        var reader = new BlockReader(Counts, Detail);
        while (reader.NextPair())
        {
            while (reader.NextPoint())
            {
                var totals = new PairTotals();
                reader.AddTo(totals, detail);
                points.Add(new Point(reader.Destination, reader.Class, reader.Moment, totals));
            }
        }

        return points;
    }
}
