using System.Buffers.Binary;
using Llama.Storage.History;
using Llama.Storage.History.Blocks;
using Llama.Storage.Spooling;

namespace Llama.Tests.Storage.History.Blocks;

/// <summary>A block that was written.</summary>
internal sealed record Block(byte[] Counts, byte[] Detail)
{
    /// <summary>A block of points.</summary>
    public static Block Of(params IEnumerable<Point> points)
    {
        var builder = new BlockBuilder();
        foreach (Point point in points) builder.At(point.Destination, point.Class, point.Moment).Add(point.Totals);
        return Of(builder);
    }

    /// <summary>The block that a builder writes.</summary>
    public static Block Of(BlockBuilder builder)
    {
        builder.Write(out ReadOnlySpan<byte> counts, out ReadOnlySpan<byte> detail);
        return new Block(counts.ToArray(), detail.ToArray());
    }

    /// <summary>All of its points, one by one.</summary>
    public List<Point> Read(HistoryDetail detail)
    {
        var points = new List<Point>();
        var reader = new BlockReader(Counts, Detail);
        while (reader.NextPair()) ReadPair(ref reader, detail, points);
        return points;
    }

    /// <summary>The points of the pair that a reader has come to.</summary>
    public static void ReadPair(ref BlockReader reader, HistoryDetail detail, List<Point> points)
    {
        while (reader.NextPoint())
        {
            var totals = new PairTotals();
            reader.AddTo(totals, detail);
            points.Add(new Point(reader.Destination, reader.Class, reader.Moment, totals));
        }
    }

    /// <summary>The same with checksums that are right, whatever else it holds.</summary>
    public Block Sealed()
    {
        byte[] counts = [.. Counts];
        BinaryPrimitives.WriteUInt32BigEndian(counts.AsSpan(^8), Crc32C.Of(Detail));
        BinaryPrimitives.WriteUInt32BigEndian(counts.AsSpan(^4), Crc32C.Of(counts.AsSpan(..^4)));
        return this with { Counts = counts };
    }
}
