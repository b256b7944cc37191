using Llama.Server.Scraping;

namespace Llama.Tests.Server.Scraping;

/// <summary>When a collector of ours is asked.</summary>
public sealed class NativeScheduleTests
{
    private static readonly DateTimeOffset Noon = Reports.Noon;

    [Theory]
    [InlineData(10, 1, 0)]
    [InlineData(10, 1, 3.7)]
    [InlineData(10, 1, 9.9)]
    [InlineData(10, 1, -3600)]
    [InlineData(10, 1, 86400.3)]
    [InlineData(30, 2, 17)]
    [InlineData(60, 5, 31)]
    [InlineData(1, 1.5, 0.4)]
    [InlineData(2, 0.2, 1.9)]
    public void Whatever_the_clocks_say_no_interval_is_missed_and_few_questions_are_in_vain(double interval, double lag, double skew)
    {
        foreach (double phase in (double[])[0, 0.3, 0.5, 0.99])
        {
            Run run = Play(interval, longest: 60, lag, skew, intervals: 60, first: 0.37 * interval, phase);

            Assert.Equal(0, run.Missed);
            Assert.Equal(60, run.New);
            Assert.InRange(run.Unchanged, 1, 20);
            Assert.InRange(run.LastWaited / interval, 0, 0.6);
        }
    }

    [Fact]
    public void Collectors_that_publish_at_one_moment_are_asked_at_many()
    {
        double[] waited = [.. Enumerable.Range(0, 11).Select(i => Play(30, longest: 60, lag: 2, skew: 0, intervals: 50, first: 3, phase: i / 10.0).LastWaited)];

        Assert.True(waited.Max() - waited.Min() > 10);
        Assert.True(waited.Select(seconds => (int)seconds).Distinct().Count() >= 8, string.Join(' ', waited));
    }

    [Fact]
    public void A_scraper_that_asks_more_often_than_a_collector_reports_is_not_kept_waiting_by_a_new_interval()
    {
        Run run = Play(60, longest: 10, lag: 1, skew: 0, intervals: 20, first: 5);

        Assert.Equal(0, run.Missed);
        Assert.InRange(run.LongestPause, 0, 12.5);
        Assert.InRange(run.Unchanged / 20.0, 3, 9);
    }

    [Fact]
    public void A_first_interval_that_is_cut_short_does_not_bring_a_flood_of_questions()
    {
        var schedule = new NativeSchedule(TimeSpan.FromSeconds(30), 0.5);
        DateTimeOffset now = Noon;
        now += schedule.AfterNew(Noon.AddSeconds(-2), Noon.AddSeconds(-1), now);
        int questions = 0;
        for (; now < Noon.AddSeconds(30); questions++) now += schedule.AfterUnchanged(now);

        Assert.InRange(questions, 5, 60);
    }

    [Fact]
    public void Before_the_first_report_it_is_asked_eight_times_in_an_interval()
    {
        var schedule = new NativeSchedule(TimeSpan.FromSeconds(16), 0.5);
        Assert.Equal(TimeSpan.FromSeconds(2), schedule.AfterUnchanged(Noon));
    }

    /// <summary>Asks a collector that publishes each interval some time after its end, by a clock that is off, as the schedule says.</summary>
    private static Run Play(double interval, double longest, double lag, double skew, int intervals, double first, double phase = 0.375)
    {
        var schedule = new NativeSchedule(TimeSpan.FromSeconds(longest), phase);
        var run = new Run();
        double now = first;
        long? known = null;
        while (run.New < intervals)
        {
            long newest = (long)Math.Floor((now - lag) / interval) - 1;
            DateTimeOffset at = Noon.AddSeconds(now);
            TimeSpan pause;
            if (newest == known)
            {
                run.Unchanged++;
                pause = schedule.AfterUnchanged(at);
            }
            else
            {
                if (known is { } before) run.Missed += newest - before - 1;
                known = newest;
                run.New++;
                run.LastWaited = now - lag - (newest + 1) * interval;
                pause = schedule.AfterNew(Noon.AddSeconds(newest * interval + skew), Noon.AddSeconds((newest + 1) * interval + skew), at);
            }

            Assert.True(pause > TimeSpan.Zero);
            run.LongestPause = Math.Max(run.LongestPause, pause.TotalSeconds);
            now += pause.TotalSeconds;
        }

        return run;
    }

    private sealed class Run
    {
        public int New { get; set; }

        public int Unchanged { get; set; }

        public long Missed { get; set; }

        public double LastWaited { get; set; }

        public double LongestPause { get; set; }
    }
}
