using FsCheck;
using FsCheck.Fluent;
using Llama.Storage.Spooling;

namespace Llama.Tests.Storage.Spooling;

/// <summary>Damage costs the records that it hits, and these are counted.</summary>
public sealed class SpoolDamageTests
{
    private const int Header = 32;

    private static readonly SpoolLimits Limits = new() { SegmentBytes = 600 };

    private static readonly Gen<(int Records, int Acknowledged)> Sizes = Gen.Zip(Gen.Choose(1, 40), Gen.Choose(0, 40));

    [Fact]
    public void Octets_flipped_anywhere_cost_the_records_they_are_in() => Prop.ForAll(
        Gen.Zip(Sizes, Gen.Zip(Gen.Choose(0, 1_000_000), Gen.Choose(1, 255)).ListOf().Resize(6).Select(flips => flips.ToList())).ToArbitrary(),
        plan =>
        {
            ((int records, int acknowledged), List<(int At, int Mask)> flips) = plan;
            Damage(records, acknowledged, (copy, extents) =>
            {
                var hit = new HashSet<int>();
                foreach (IGrouping<int, (int At, int Mask)> flip in flips.GroupBy(flip => flip.At % extents.Sum(extent => extent.Length)))
                {
                    int at = flip.Key;
                    int index = 0;
                    for (; at >= extents[index].Length; index++) at -= extents[index].Length;
                    byte[] octets = File.ReadAllBytes(extents[index].Path);
                    octets[extents[index].Offset + at] ^= (byte)flip.First().Mask;
                    File.WriteAllBytes(extents[index].Path, octets);
                    hit.Add(extents[index].Record);
                }

                return hit;
            });
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(60));

    [Fact]
    public void A_segment_cut_at_any_octet_keeps_all_before() => Prop.ForAll(
        Gen.Zip(Sizes, Gen.Zip(Gen.Choose(0, 1000), Gen.Choose(0, 2000))).ToArbitrary(),
        plan =>
        {
            ((int records, int acknowledged), (int segment, int cut)) = plan;
            Damage(records, acknowledged, (copy, extents) =>
            {
                // Mostly the last one, as after a loss of power.
                List<string> paths = [.. extents.Select(extent => extent.Path).Distinct()];
                string path = segment < 700 ? paths[^1] : paths[segment % paths.Count];
                using FileStream file = new(path, FileMode.Open);
                long kept = cut % (file.Length + 1);
                file.SetLength(kept);
                return extents.Where(extent => extent.Path == path && extent.Offset + extent.Length > kept).Select(extent => extent.Record).ToHashSet();
            });
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(60));

    [Fact]
    public void The_last_segment_is_cut_at_every_single_octet()
    {
        using var folder = new SpoolFolder();
        using Spool spool = folder.Open(Limits with { SegmentBytes = 10_000 }, "a");
        for (int i = 0; i < 4; i++) spool.Append(SpoolFolder.Record(i, 5 + 9 * i));
        long length = spool.Bytes;
        for (long cut = 0; cut <= length; cut++)
        {
            string copy = folder.Copy();
            using (FileStream file = new(SpoolFolder.Segments(copy).Single(), FileMode.Open)) file.SetLength(cut);
            long sound = 0;
            List<int> expected = [];
            for (int i = 0; i < 4 && sound + Header + 5 + 9 * i <= cut; i++)
            {
                sound += Header + 5 + 9 * i;
                expected.Add(i);
            }

            folder.Warnings.Clear();
            using Spool reopened = folder.OpenAt(copy, Limits, "a");

            Assert.Equal(expected, SpoolFolder.ReadAll(reopened.Reader("a")));
            Assert.Equal(cut == sound ? 0 : 1, folder.Warnings.Count);
            Assert.Equal(0, reopened.Reader("a").State.DroppedRecords);
            Assert.Equal(sound, SpoolFolder.Segments(copy).Sum(path => new FileInfo(path).Length));
        }
    }

    [Fact]
    public void Zeros_that_a_loss_of_power_left_are_cut_off()
    {
        using var folder = new SpoolFolder();
        using Spool spool = folder.Open(Limits, "a");
        spool.Append(SpoolFolder.Record(0, 50));
        string copy = folder.Copy();
        using (FileStream file = new(SpoolFolder.Segments(copy).Single(), FileMode.Open)) file.SetLength(5000);

        using Spool reopened = folder.OpenAt(copy, Limits, "a");

        Assert.Equal(82, reopened.Bytes);
        Assert.Equal([0], SpoolFolder.ReadAll(reopened.Reader("a"), acknowledge: true));
        Assert.Contains("its end is torn, as after a loss of power or a full disk; cut off, 4918 octets", Assert.Single(folder.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_segment_is_skipped_and_counted()
    {
        using var folder = new SpoolFolder();
        using (Spool spool = folder.Open(Limits, "a"))
        {
            for (int i = 0; i < 12; i++) spool.Append(SpoolFolder.Record(i, 118));
        }

        File.Delete(SpoolFolder.Segments(folder.Path)[1]);
        using Spool reopened = folder.Open(Limits, "a");
        SpoolReader reader = reopened.Reader("a");

        Assert.Equal([0, 1, 2, 3, 8, 9, 10, 11], SpoolFolder.ReadAll(reader, acknowledge: true));
        Assert.Equal(new SpoolState(0, 0, TimeSpan.Zero, 4), reader.State);
    }

    [Fact]
    public void A_segment_that_goes_missing_while_it_is_read_is_skipped()
    {
        using var folder = new SpoolFolder();
        using Spool spool = folder.Open(Limits, "a");
        for (int i = 0; i < 9; i++) spool.Append(SpoolFolder.Record(i, 118));
        File.Delete(SpoolFolder.Segments(folder.Path)[0]);

        Assert.Equal([4, 5, 6, 7, 8], SpoolFolder.ReadAll(spool.Reader("a"), acknowledge: true));
        Assert.Equal(new SpoolState(0, 0, TimeSpan.Zero, 4), spool.Reader("a").State);
    }

    [Fact]
    public void A_damaged_place_begins_with_the_oldest_and_a_torn_one_with_the_one_before()
    {
        using var folder = new SpoolFolder();
        using (Spool spool = folder.Open(Limits, "a"))
        {
            for (int i = 0; i < 4; i++) spool.Append(SpoolFolder.Record(i, 50));
            SpoolBatch batch = spool.Reader("a").Read(4, 1000)!;
            spool.Reader("a").Acknowledge(batch.Starts[1], [1]);
            spool.Reader("a").Acknowledge(batch.Starts[2], [2]);
        }

        // The acknowledgements are the second and third writing: slots 0 and 1.
        Flip(Path.Combine(folder.Path, "a.place"), 128 + 20);
        using (Spool spool = folder.Open(Limits, "a"))
        {
            Assert.Equal([1], spool.Reader("a").Note.ToArray());
            Assert.Equal([1, 2, 3], SpoolFolder.ReadAll(spool.Reader("a")));
        }

        Flip(Path.Combine(folder.Path, "a.place"), 20, 128 + 20);
        using (Spool spool = folder.Open(Limits, "a"))
        {
            Assert.Empty(spool.Reader("a").Note.ToArray());
            Assert.Equal([0, 1, 2, 3], SpoolFolder.ReadAll(spool.Reader("a")));
            Assert.Contains("a: how far this reader had come is damaged", Assert.Single(folder.Warnings), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Damage_that_is_read_twice_is_told_and_counted_once()
    {
        using var folder = new SpoolFolder();
        using Spool spool = folder.Open(Limits with { SegmentBytes = 10_000 }, "a");
        for (int i = 0; i < 5; i++) spool.Append(SpoolFolder.Record(i, 50));
        Flip(SpoolFolder.Segments(folder.Path).Single(), 2 * 82 + 40);
        SpoolReader reader = spool.Reader("a");

        for (int i = 0; i < 3; i++)
        {
            Assert.Equal([0, 1, 3, 4], SpoolFolder.ReadAll(reader));
            Assert.Equal(0, reader.State.DroppedRecords);
            reader.Rewind();
        }

        SpoolFolder.ReadAll(reader, acknowledge: true);
        Assert.Equal(1, reader.State.DroppedRecords);
        Assert.Single(folder.Warnings);
    }

    [Fact]
    public void A_spool_inside_a_damaged_record_is_not_taken_for_the_records_that_follow()
    {
        using var inner = new SpoolFolder();
        using Spool other = inner.Open(Limits, "a");
        for (int i = 0; i < 3; i++) other.Append(SpoolFolder.Record(100 + i, 20));
        using var folder = new SpoolFolder();
        using Spool spool = folder.Open(Limits, "a");
        for (int i = 0; i < 3; i++) spool.Append(SpoolFolder.Record(i, 20));
        spool.Append(File.ReadAllBytes(SpoolFolder.Segments(inner.Path).Single()));
        spool.Append(SpoolFolder.Record(4, 20));
        Flip(SpoolFolder.Segments(folder.Path).Single(), 3 * 52 + 4);

        Assert.Equal([0, 1, 2, 4], SpoolFolder.ReadAll(spool.Reader("a"), acknowledge: true));
        Assert.Equal(1, spool.Reader("a").State.DroppedRecords);
    }

    private static void Flip(string path, params int[] places)
    {
        byte[] octets = File.ReadAllBytes(path);
        foreach (int place in places) octets[place] ^= 0x10;
        File.WriteAllBytes(path, octets);
    }

    /// <summary>Fills a spool, kills its process, does something to the files, and looks at what is there then.</summary>
    private static void Damage(int records, int acknowledged, Func<string, List<Extent>, HashSet<int>> damage)
    {
        using var folder = new SpoolFolder();
        List<Extent> extents = [];
        string copy;
        acknowledged = Math.Min(acknowledged, records);
        using (Spool spool = folder.Open(Limits, "a", "b"))
        {
            for (int i = 0; i < records; i++) spool.Append(SpoolFolder.Record(i, 4 + i * 37 % 300));
            SpoolReader reader = spool.Reader("a");
            List<SpoolPosition> starts = [];
            while (reader.Read(10, 10_000) is { } batch)
            {
                starts.AddRange(batch.Starts);
                if (starts.Count >= acknowledged) reader.Acknowledge(acknowledged == starts.Count ? batch.End : starts[acknowledged]);
            }

            copy = folder.Copy();
            for (int i = 0; i < records; i++)
            {
                extents.Add(new Extent(i, Path.Combine(copy, $"{starts[i].Segment:D20}.segment"), (int)starts[i].Offset, Header + 4 + i * 37 % 300));
            }
        }

        HashSet<int> hit = damage(copy, extents);
        List<int> left = [.. Enumerable.Range(0, records).Where(record => !hit.Contains(record))];

        // What was torn off the end is as if it had never been, unless a reader has been behind it.
        int next = Math.Max(acknowledged, left.Count == 0 ? 0 : left[^1] + 1);
        using Spool reopened = folder.OpenAt(copy, Limits, "a", "b");
        reopened.Append(SpoolFolder.Record(1000, 100));
        foreach ((string name, int from) in (ReadOnlySpan<(string, int)>)[("a", acknowledged), ("b", 0)])
        {
            SpoolReader reader = reopened.Reader(name);
            Assert.Equal([.. left.Where(record => record >= from), 1000], SpoolFolder.ReadAll(reader, acknowledge: true, maxRecords: 3));
            Assert.Equal(new SpoolState(0, 0, TimeSpan.Zero, Enumerable.Range(from, next - from).Count(hit.Contains)), reader.State);
        }
    }

    private sealed record Extent(int Record, string Path, int Offset, int Length);
}
