using FsCheck;
using FsCheck.Fluent;
using Llama.Storage.History;
using Llama.Storage.History.Reading;

namespace Llama.Tests.Storage.History.Reading;

public sealed class ReadPlanTests
{
    private static readonly long[] SinceEver = [0, 0, 0, 0, 0];
    private static readonly DateTimeOffset Noon = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Whole_span_is_read_as_coarsely_as_it_fits() => Assert.Equal(
        [
            "raw 2026-11-19 22:48:30 .. 2026-11-19 22:49:00",
            "1m 2026-11-19 22:49:00 .. 2026-11-19 22:50:00",
            "10m 2026-11-19 22:50:00 .. 2026-11-19 23:00:00",
            "1h 2026-11-19 23:00:00 .. 2026-11-20 00:00:00",
            "1d 2026-11-20 00:00:00 .. 2026-11-22 00:00:00",
            "1h 2026-11-22 00:00:00 .. 2026-11-22 12:00:00",
            "10m 2026-11-22 12:00:00 .. 2026-11-22 12:20:00",
            "1m 2026-11-22 12:20:00 .. 2026-11-22 12:24:00",
            "raw 2026-11-22 12:24:00 .. 2026-11-22 12:24:01",
        ],
        Plan(Noon.AddDays(-3).AddHours(10).AddMinutes(48).AddSeconds(30), Noon.AddMinutes(24).AddSeconds(1), null, SinceEver));

    [Fact]
    public void Points_are_never_coarser_than_asked_for_while_finer_ones_are_left() => Assert.Equal(
        ["1m 2026-11-22 12:00:00 .. 2026-11-22 14:01:00", "raw 2026-11-22 14:01:00 .. 2026-11-22 14:01:30"],
        Plan(Noon, Noon.AddHours(2).AddSeconds(90), TimeSpan.FromMinutes(5), SinceEver));

    [Fact]
    public void Intervals_by_themselves_come_from_raw_alone() =>
        Assert.Equal(["raw 2026-11-20 12:00:00 .. 2026-11-22 12:00:00"], Plan(Noon.AddDays(-2), Noon, TimeSpan.Zero, SinceEver));

    [Fact]
    public void What_is_kept_coarsely_alone_is_read_from_there_and_not_counted_again() => Assert.Equal(
        ["1h 2026-11-22 10:00:00 .. 2026-11-22 12:00:00", "raw 2026-11-22 12:00:00 .. 2026-11-22 12:30:00"],
        Plan(
            Noon.AddHours(-2.5),
            Noon.AddMinutes(30),
            TimeSpan.FromSeconds(10),
            [Of(Noon.AddMinutes(-20)), Of(Noon.AddMinutes(-20)), Of(Noon.AddMinutes(-20)), 0, 0]));

    [Fact]
    public void Nothing_is_read_of_a_time_that_nothing_is_kept_of() => Assert.Equal(
        ["1d 2026-11-22 00:00:00 .. 2026-11-23 00:00:00"],
        Plan(Noon.AddDays(-30), Noon.AddHours(12), null, [.. Enumerable.Repeat(Of(Noon.AddHours(-12)), 5)]));

    [Fact]
    public void Each_moment_is_read_at_most_once_from_a_level_that_holds_it_and_left_out_only_where_no_point_begins() => Prop.ForAll(
        Cases().ToArbitrary(),
        one =>
        {
            List<Piece> pieces = ReadPlan.Of(one.From, one.To, one.Step, one.Since);
            long behind = one.From;
            foreach (Piece piece in pieces)
            {
                Assert.True(piece.FromTicks < piece.ToTicks && piece.FromTicks < one.To);
                Assert.True(one.Since[(int)piece.Level] <= piece.FromTicks);
                if (piece.Level != HistoryLevel.Raw) Assert.Equal((0, 0), (piece.FromTicks % Ticks(piece.Level), piece.ToTicks % Ticks(piece.Level)));
                AssertNothingBeginsIn(behind, piece.FromTicks, one.Since);
                behind = piece.ToTicks;
            }

            AssertNothingBeginsIn(behind, one.To, one.Since);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(3000));

    [Fact]
    public void Only_edges_are_read_finely_where_all_is_kept() => Prop.ForAll(
        Cases().ToArbitrary(),
        one =>
        {
            List<Piece> pieces = ReadPlan.Of(one.From, one.To, null, SinceEver);

            Assert.Equal(Math.Max(0, one.To - one.From), pieces.Sum(piece => piece.ToTicks - piece.FromTicks));
            foreach (HistoryLevel level in HistoryLevels.All.SkipLast(1))
                Assert.True(pieces.Where(piece => piece.Level == level).Sum(piece => piece.ToTicks - piece.FromTicks) < 2 * Ticks(level + 1));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(1000));

    private sealed record Case(long From, long To, TimeSpan? Step, long[] Since);

    private static Gen<Case> Cases()
    {
        Gen<long> moments = Gen.OneOf(
            Gen.Choose(0, 40 * 86400).Select(second => second * TimeSpan.TicksPerSecond),
            Gen.Choose(0, 40 * 144).Select(span => span * TimeSpan.TicksPerMinute * 10),
            Gen.Choose(0, 40).Select(day => day * TimeSpan.TicksPerDay));
        Gen<TimeSpan?> steps = Gen.Elements<TimeSpan?>(
            null, TimeSpan.Zero, TimeSpan.FromSeconds(90), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(30), TimeSpan.FromHours(1), TimeSpan.FromDays(7));
        Gen<long[]> since = moments.ArrayOf(5).Select(all => all.Select((at, level) => at - at % ((HistoryLevel)level).RowSpan().Ticks).ToArray());
        return Gen.Zip(Gen.Zip(moments, moments), Gen.Zip(steps, since)).Select(one => new Case(one.Item1.Item1, one.Item1.Item2, one.Item2.Item1, one.Item2.Item2));
    }

    // Every ten minutes of it: no level has a point that begins there and holds it.
    private static void AssertNothingBeginsIn(long from, long to, long[] since)
    {
        for (long at = from; at < to; at += TimeSpan.TicksPerMinute * 10)
        {
            foreach (HistoryLevel level in HistoryLevels.All.Where(level => since[(int)level] <= at).Take(1))
                Assert.True(level != HistoryLevel.Raw && at - at % Ticks(level) < from, $"{level} holds {at}");
        }
    }

    private static IEnumerable<string> Plan(DateTimeOffset from, DateTimeOffset to, TimeSpan? step, long[] since) => ReadPlan
        .Of(Of(from), Of(to), step, since)
        .Select(piece => $"{piece.Level.Name()} {HistoryTime.At(piece.FromTicks):yyyy-MM-dd HH:mm:ss} .. {HistoryTime.At(piece.ToTicks):yyyy-MM-dd HH:mm:ss}");

    private static long Of(DateTimeOffset at) => HistoryTime.Of(at);

    private static long Ticks(HistoryLevel level) => level.Step().Ticks;
}
