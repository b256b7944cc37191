using Llama.Benchmarks.Gate.History;
using Llama.Engine.Summaries;
using Llama.Storage.History;
using Llama.Storage.History.Blocks;

namespace Llama.Tests.Storage.History.Blocks;

/// <summary>Damage is told from data, and octets that are meant badly do no harm.</summary>
public sealed class BlockDamageTests
{
    private static readonly Block Whole = Realistic();

    [Fact]
    public void Every_truncation_is_damage()
    {
        for (int length = 0; length < Whole.Counts.Length; length++) AssertDamaged(Whole with { Counts = Whole.Counts[..length] });
        for (int length = 1; length < Whole.Detail.Length; length++) AssertDamaged(Whole with { Detail = Whole.Detail[..length] });
    }

    [Fact]
    public void Every_flipped_bit_is_damage()
    {
        for (int bit = 0; bit < 8 * Whole.Counts.Length; bit++) AssertDamaged(Whole with { Counts = Flipped(Whole.Counts, bit) });
        for (int bit = 0; bit < 8 * Whole.Detail.Length; bit++) AssertDamaged(Whole with { Detail = Flipped(Whole.Detail, bit) });
    }

    [Fact]
    public void The_detail_of_another_block_is_damage() => AssertDamaged(Whole with { Detail = Block.Of(new BlockBuilder()).Detail });

    [Fact]
    public void What_only_the_checksum_would_tell_is_read_as_something_or_damage_but_nothing_else()
    {
        var random = new Random(11);
        int read = 0, damaged = 0;
        for (int i = 0; i < 6000; i++)
        {
            Block mutated = Mutated(random).Sealed();
            try
            {
                mutated.Read((HistoryDetail)random.Next(8));
                new BlockBuilder().Add(mutated.Counts, mutated.Detail);
                TellLoss(mutated, random);
                SeekNewest(mutated, random);
                read++;
            }
            catch (InvalidDataException)
            {
                damaged++;
            }
        }

        Assert.True(read > 100 && damaged > 100, $"{read} were read, {damaged} were damaged: the test does not reach what it is about.");
    }

    [Fact]
    public void Nothing_of_a_damaged_block_is_added()
    {
        var random = new Random(12);
        DateTimeOffset noon = ArbitraryTotals.Noon;
        for (int i = 0; i < 500; i++)
        {
            Block mutated = Mutated(random).Sealed();
            var empty = new BlockBuilder();
            var used = new BlockBuilder();
            used.At(1, 0, noon).Intervals = 1;
            if (!IsDamaged(() => empty.Add(mutated.Counts, mutated.Detail))) continue;

            Assert.Equal(0, empty.Count);
            Assert.Throws<InvalidDataException>(() => used.Add(mutated.Counts, mutated.Detail));
            Assert.Equal(1, used.Count);
            Assert.Equal(1, used.At(1, 0, noon).Intervals);
            Assert.Equal(0, used.At(1, 0, noon).Counts.Sent);
        }
    }

    [Fact]
    public void A_later_version_is_refused_by_its_number()
    {
        Block later = (Whole with { Counts = [2, .. Whole.Counts[1..]] }).Sealed();

        Assert.Contains("version 2", Assert.Throws<InvalidDataException>(() => { later.Read(HistoryDetail.Counts); }).Message);
    }

    [Fact]
    public void A_small_block_is_the_octets_it_always_was()
    {
        var totals = new PairTotals
        {
            Start = ArbitraryTotals.Noon,
            End = ArbitraryTotals.Noon.AddSeconds(30),
            Intervals = 1,
            Counts = new DatagramCounts { Sent = 12, Received = 11, Lost = 1, LostForward = 1, LostReverse = 0, Duplicates = 2 },
            RttCount = 11,
            RttSumNanos = 11_500_000,
            RttMinNanos = 1_000_000,
            RttMaxNanos = 1_200_000,
            ForwardDelayVariationNanos = 60_000,
            Path = new PathMarks { ForwardTtl = 57, ForwardTos = 0, ForwardRemarked = 0, ForwardTtlChanges = 1 },
        };
        totals.SetJitter(40_000, 11);
        totals.SetBuckets([new(LogLinear.IndexOf(1_000_000), 9), new(LogLinear.IndexOf(1_200_000), 2)]);
        totals.AddFlow(new FlowTotals { SourcePort = 40_000, Sent = 6, Lost = 0, LostForward = 0, LostReverse = 0, RttMinNanos = 1_000_000, RttMeanNanos = 1_030_000 });
        totals.AddFlow(new FlowTotals { SourcePort = 40_001, Sent = 6, Lost = 1, LostForward = 1, LostReverse = 0, RttMinNanos = 1_010_000, RttMeanNanos = 1_060_000 });

        Block block = Block.Of(
            new Point(3, 184, ArbitraryTotals.Noon, totals), new Point(4, 184, ArbitraryTotals.Noon, totals), new Point(4, 184, ArbitraryTotals.Noon.AddSeconds(30), totals));

        Assert.Equal(
            "018f47868c011e8f0d180205417103d009bfdef2831ad4000aa821924a969103d02a13708060e0140650ff7fbc7868bfff8047fac941df99d71c",
            Convert.ToHexStringLower(block.Counts));
        Assert.Equal(
            "837d15f424044a071c8044a076a805550ad53a0ac845541f9402010080402a22a441be82644a09748054bc94b53119986b30df02d01d0781d003304039c0e1a8"
            + "057bc5d81c3500af78bb0386a015ef17600018fc63f830f5e4faf27d69c2b1020000",
            Convert.ToHexStringLower(block.Detail));
    }

    private static Block Realistic()
    {
        var reports = new RealisticReports(seed: 10, pairs: 4, flows: 3, datagrams: 12);
        var points = new List<Point>();
        for (int i = 0; i < 5; i++)
        {
            HistoryReport report = reports.NewReport();
            reports.Fill(report, ArbitraryTotals.Noon.AddSeconds(30 * i), TimeSpan.FromSeconds(30));
            points.AddRange(report.Pairs.Select((pair, place) => new Point(place, 0, report.Start, pair.Totals)));
        }

        return Block.Of(points);
    }

    private static void TellLoss(Block block, Random random)
    {
        long from = HistoryTime.Of(ArbitraryTotals.Noon.AddSeconds(random.Next(-10, 200)));
        var sum = new LossSum();
        var reader = new CountsReader(block.Counts, out _);
        while (reader.NextPlainPairs() > 0 || reader.NextPair())
            if (random.Next(3) > 0) reader.TellLoss(from, from + random.NextInt64(long.MaxValue - from), ref sum);
    }

    private static void SeekNewest(Block block, Random random)
    {
        long from = HistoryTime.Of(ArbitraryTotals.Noon.AddSeconds(random.Next(-10, 200)));
        var part = (HistoryDetail)random.Next(8);
        var totals = new PairTotals();
        var reader = new BlockReader(block.Counts, block.Detail);
        while (reader.NextPair())
            if (reader.SeekNewest(from, from + random.NextInt64(long.MaxValue - from), part)) reader.AddTo(totals, part);
    }

    private static Block Mutated(Random random)
    {
        byte[] counts = [.. Whole.Counts], detail = [.. Whole.Detail];
        for (int i = random.Next(1, 4); i > 0; i--)
        {
            byte[] octets = random.Next(2) == 0 ? counts : detail;
            int place = random.Next(random.Next(2) == 0 ? octets.Length : 40);
            octets[place] = random.Next(3) switch { 0 => 0, 1 => 0xFF, _ => (byte)random.Next(256) };
        }

        counts[0] = Whole.Counts[0];
        return random.Next(5) == 0 ? new Block(counts, detail[..random.Next(1, detail.Length)]) : new Block(counts, detail);
    }

    private static byte[] Flipped(byte[] octets, int bit)
    {
        byte[] flipped = [.. octets];
        flipped[bit / 8] ^= (byte)(1 << (bit % 8));
        return flipped;
    }

    private static bool IsDamaged(Action action)
    {
        try
        {
            action();
            return false;
        }
        catch (InvalidDataException)
        {
            return true;
        }
    }

    private static void AssertDamaged(Block block) => Assert.Throws<InvalidDataException>(() => { block.Read(HistoryDetail.All); });
}
