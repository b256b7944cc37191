using FsCheck;
using FsCheck.Fluent;
using Llama.Engine.Summaries;
using Llama.Mesh.Membership;
using Llama.Server.Intake;

namespace Llama.Tests.Server.Intake;

/// <summary>What is counted once and remembered, against all of it counted anew.</summary>
public class GroupTallyTests
{
    private static readonly GroupSnapshot Members = ServedIntake.Group("g", "a", "b", "c");

    /// <summary>Who reports, of how long ago, what of each destination was sent and lost, and how much time passes then.</summary>
    private static readonly Gen<(string Source, int AgoSeconds, bool IsSuspect, (string To, byte Class, int Sent, int Lost)[] Pairs, int PassSeconds)> AnyReport =
        from source in Gen.Elements("a", "b", "x")
        from ago in Gen.Frequency((5, Gen.Constant(0)), (1, Gen.Choose(-4, 12).Select(tens => 10 * tens)))
        from isSuspect in Gen.Frequency((4, Gen.Constant(false)), (1, Gen.Constant(true)))
        from pairs in AnyPair.ArrayOf()
        from pass in Gen.Frequency((3, Gen.Constant(0)), (3, Gen.Constant(10)), (1, Gen.Choose(0, 200)))
        select (source, ago, isSuspect, pairs, pass);

    private static Gen<(string To, byte Class, int Sent, int Lost)> AnyPair =>
        from to in Gen.Elements("a", "b", "c", "d", "e")
        from @class in Gen.Elements<byte>(0, 184)
        from sent in Gen.Choose(0, 5)
        from lost in Gen.Choose(0, sent)
        select (to, @class, sent, lost);

    [Fact]
    public void It_is_what_counting_all_newest_results_anew_gives() => Prop.ForAll(AnyReport.ListOf().ToArbitrary(), reports =>
    {
        var time = new StandingTime();
        time.Pass(TimeSpan.FromHours(1));
        var newest = new NewestPairs(ServedIntake.Options(() => [Members]), time);
        var shown = new Dictionary<(string Source, string To, byte Class), (ReportMark Report, int Sent, int Lost)>();
        foreach (var told in reports)
        {
            Take(newest, shown, told, time);
            time.Pass(TimeSpan.FromSeconds(told.PassSeconds));
            Check(newest, shown, time.GetUtcNow());
        }
    }).Check(Config.QuickThrowOnFailure);

    private static void Take(
        NewestPairs newest,
        Dictionary<(string Source, string To, byte Class), (ReportMark Report, int Sent, int Lost)> shown,
        (string Source, int AgoSeconds, bool IsSuspect, (string To, byte Class, int Sent, int Lost)[] Pairs, int PassSeconds) told,
        StandingTime time)
    {
        DateTimeOffset now = time.GetUtcNow();
        var report = new PushedReport { Start = now.AddSeconds(-10 - told.AgoSeconds), End = now.AddSeconds(-told.AgoSeconds), IsSuspect = told.IsSuspect };
        var mark = new ReportMark(report.Start, report.End, report.IsSuspect, time.GetTimestamp());
        foreach ((string to, byte @class, int sent, int lost) in told.Pairs)
        {
            report.Add(new PushedPair { Destination = to, Class = @class, Counts = new DatagramCounts { Sent = sent, Received = sent - lost, Lost = lost } });
            if (!shown.TryGetValue((told.Source, to, @class), out var held) || mark.Supersedes(held.Report, now))
                shown[(told.Source, to, @class)] = (mark, sent, lost);
        }

        (PairGroup group, PairSource source) = newest.SourceOf("g", told.Source)!.Value;
        newest.Take(group, source, report);
    }

    private static void Check(
        NewestPairs newest, Dictionary<(string Source, string To, byte Class), (ReportMark Report, int Sent, int Lost)> shown, DateTimeOffset now)
    {
        GroupTally tally = GroupTally.Of(newest.Find("g")!, Members, now, DateTimeOffset.MinValue, mostWorst: 3);

        var fresh = shown.Where(pair => pair.Value.Sent > 0 && !pair.Value.Report.IsStale(now)).ToList();
        Assert.Equal(fresh.Count, tally.Measured);
        Assert.Equal(shown.Values.Count(pair => pair.Sent > 0 && pair.Report.IsStale(now)), tally.Stale);
        Assert.Equal(fresh.Count(pair => pair.Value.Lost > 0), tally.Lossy);
        Assert.Equal(fresh.Count(pair => pair.Value.Report.IsSuspect), tally.Suspect);
        Assert.Equal((fresh.Sum(pair => pair.Value.Sent), fresh.Sum(pair => pair.Value.Lost)), (tally.Sent, tally.Lost));
        Assert.Equal(
            fresh.Where(pair => pair.Value.Lost > 0)
                .OrderByDescending(pair => (double)pair.Value.Lost / pair.Value.Sent).ThenByDescending(pair => pair.Value.Lost)
                .ThenBy(pair => pair.Key.Source, StringComparer.Ordinal).ThenBy(pair => pair.Key.To, StringComparer.Ordinal).ThenBy(pair => pair.Key.Class)
                .Take(3).Select(pair => pair.Key),
            tally.Worst.Select(pair => (pair.Source, pair.Destination, pair.Class)));
    }
}
