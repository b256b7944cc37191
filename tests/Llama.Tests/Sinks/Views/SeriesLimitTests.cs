using FsCheck;
using FsCheck.Fluent;
using Llama.Server.Sinks.Records;
using Llama.Server.Sinks.Views;

namespace Llama.Tests.Sinks.Views;

public sealed class SeriesLimitTests
{
    [Fact]
    public void Series_beyond_the_limit_are_not_admitted_and_known_ones_stay_so()
    {
        var limit = new SeriesLimit(2, new FakeTime());
        Assert.Equal([true, true, false, true], new[] { 1UL << 40, 2UL << 40, 3UL << 40, 1UL << 40 }.Select(limit.Admit));
        Assert.Equal(2, limit.Count);
    }

    [Fact]
    public void A_series_without_rows_makes_room_within_an_hour()
    {
        var time = new FakeTime();
        var limit = new SeriesLimit(2, time);
        limit.Admit(1UL << 40);
        limit.Admit(2UL << 40);
        for (int minutes = 0; minutes < 60; minutes += 10)
        {
            Assert.True(limit.Admit(1UL << 40));
            time.Pass(TimeSpan.FromMinutes(10));
            limit.Forget();
        }

        Assert.Equal(1, limit.Count);
        Assert.Equal([true, true, false], new[] { 1UL << 40, 3UL << 40, 2UL << 40 }.Select(limit.Admit));
    }

    [Fact]
    public void A_million_series_take_some_17_octets_each()
    {
        var limit = new SeriesLimit(1_000_000, new FakeTime());
        var random = new System.Random(1);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1_000_000; i++) limit.Admit((ulong)random.NextInt64());

        // Half of this is tables that it grew out of.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 16_000_000, 34_000_000);
        Assert.Equal(1_000_000, limit.Count);
    }

    [Fact]
    public void Any_series_are_counted_as_a_set_counts_them() => Prop.ForAll(ArbMap.Default.ArbFor<ulong[]>(), hashes =>
    {
        var limit = new SeriesLimit(0, new FakeTime());
        foreach (ulong hash in hashes) limit.Admit(hash << 2);
        return limit.Count == hashes.Select(hash => hash << 2).Distinct().Count();
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Texts_are_told_apart_by_where_they_end()
    {
        Assert.NotEqual(Hash("ab", "c"), Hash("a", "bc"));
        Assert.NotEqual(Hash("12345678", ""), Hash("12345678"));
        Assert.NotEqual(Hash("a\0", "b"), Hash("a", "b"));
        Assert.Equal(Hash("region", "west"), Hash("region", "west"));

        ulong Hash(params string[] texts)
        {
            var hash = new SeriesHash(42);
            foreach (string text in texts) hash.Add(System.Text.Encoding.UTF8.GetBytes(text));
            return hash.Value;
        }
    }

    [Fact]
    public void Series_that_differ_in_one_number_have_different_hashes()
    {
        var hashes = new HashSet<ulong>();
        for (int port = 0; port < 300_000; port++)
        {
            var hash = new SeriesHash(7);
            hash.Add((ulong)port);
            hashes.Add(hash.Value >> 2);
        }

        Assert.Equal(300_000, hashes.Count);
    }

    [Fact]
    public void Class_address_port_tags_and_kind_make_a_series_and_numbers_do_not()
    {
        (string What, Action<ReportWriter> Row)[] rows =
        [
            ("plain", writer => writer.Pair("10.0.0.2", Rows.Counts(3, 1))),
            ("class", writer => writer.Pair("10.0.0.2", Rows.Counts(3, 1), trafficClass: 184)),
            ("address", writer => writer.Pair("10.0.0.3", Rows.Counts(3, 1))),
            ("tags", writer => writer.Pair("10.0.0.2", Rows.Counts(3, 1), tags: ("region", "west"))),
            ("kind", writer => writer.Point(Rows.Counts(3, 1), ("region", "west"))),
        ];
        var hashes = rows.Select(row => Identity(row.Row)).ToHashSet();
        Assert.Equal(rows.Length, hashes.Count);
        Assert.Contains(Identity(writer => writer.Pair("10.0.0.2", Rows.Counts(99, 0))), hashes);

        ulong Identity(Action<ReportWriter> row)
        {
            var reader = new ReportReader(Rows.Record(row).Span);
            reader.NextRow();
            return SeriesHash.Of(reader, 1).Value;
        }
    }
}
