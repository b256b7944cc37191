using Llama.Server.Metrics;
using Llama.Server.Sinks.Records;
using Llama.Server.Sinks.Views;
using Llama.Storage.Spooling;
using static Llama.Tests.Sinks.Rows;

namespace Llama.Tests.Sinks.Views;

public sealed class RollUpTests
{
    private readonly FakeTime _time = new();
    private readonly List<ReadOnlyMemory<byte>> _ready = [];
    private long _at;

    [Fact]
    public void Rows_of_an_interval_are_summed_by_tags_of_both_ends()
    {
        SinkView view = View("region");
        Take(view, Record(
            writer =>
            {
                writer.Pair("10.0.0.2", Counts(10, 1), tags: [("region", "wrong"), ("dst_region", "east")]);
                writer.Pair("10.0.0.3", Counts(20, 0), tags: ("region", "east"));
                writer.Pair("10.0.0.4", Counts(5, 5));
                writer.AddFlow(5000, Counts(5, 5));
            },
            origin: "default/a",
            tags: [("region", "west")]));
        Take(view, Record(writer => writer.Pair("10.0.0.2", Counts(40, 2), tags: [("dst_region", "east"), ("src_region", "west")]), origin: "default/b"));
        Take(view, Record(writer => writer.Pair("10.0.0.2", Counts(7, 0), trafficClass: 184, tags: ("src_region", "west")), origin: "default/c"));

        ReadOnlyMemory<byte> window = Assert.Single(Ripe(view));

        var reader = new ReportReader(window.Span);
        Assert.Equal((Start, Start.AddSeconds(30), 0, 0), (reader.Start, reader.End, reader.Origin.Length, reader.OriginTags.Count));
        List<ReadRow> rows = Read(window);
        Assert.Equal(
            ["0 dst_region=east,src_region=west: 3 of 70, 3 pairs, 2 lossy", "0 dst_region=(none),src_region=west: 5 of 5, 1 pairs, 1 lossy",
                "184 dst_region=(none),src_region=west: 0 of 7, 1 pairs, 0 lossy"],
            rows.Select(row => $"{row.Class} {row.Tags}: {row[Measure.Lost]} of {row[Measure.Sent]}, {row[Measure.Pairs]} pairs, {row[Measure.LossyPairs]} lossy"));
        Assert.All(rows, row => Assert.Equal("", row.Address));
    }

    [Fact]
    public void Percentiles_are_those_of_all_replies_together()
    {
        SinkView view = View("region");
        long[] near = [.. Enumerable.Repeat(1_000_000L, 90)], far = [.. Enumerable.Repeat(50_000_000L, 10)];
        Take(view, Record(writer =>
        {
            writer.Pair("10.0.0.2", Timed(0, near), Buckets(near));
            writer.Pair("10.0.0.3", Timed(0, far), Buckets(far));
        }));
        ReadRow row = Assert.Single(Read(Assert.Single(Ripe(view))));
        Assert.Equal((5_900_000L, 1_000_000L, 50_000_000L, 100L), (row[Measure.RttMean], row[Measure.RttMin], row[Measure.RttMax], row.Buckets));
        Assert.InRange(row[Measure.RttP50]!.Value, 990_000, 1_010_000);
        Assert.InRange(row[Measure.RttP90]!.Value, 990_000, 1_010_000);
        Assert.InRange(row[Measure.RttP99]!.Value, 49_500_000, 50_500_000);
    }

    [Fact]
    public void Percentiles_are_unknown_when_one_row_came_without_its_buckets()
    {
        SinkView view = View("region");
        Take(view, Record(writer =>
        {
            writer.Pair("10.0.0.2", Timed(0, 1_000_000), Buckets(1_000_000));
            Measures averaged = Timed(0, 3_000_000);
            averaged[Measure.RttP99] = 3_000_000;
            writer.Pair("10.0.0.3", averaged);
        }));
        ReadRow row = Assert.Single(Read(Assert.Single(Ripe(view))));
        Assert.Equal((2_000_000L, null, null, 0L), (row[Measure.RttMean], row[Measure.RttP50], row[Measure.RttP99], row.Buckets));
    }

    [Fact]
    public void A_pair_that_lost_everything_takes_no_percentile_away()
    {
        SinkView view = View("region");
        Take(view, Record(writer =>
        {
            writer.Pair("10.0.0.2", Timed(0, 1_000_000), Buckets(1_000_000));
            writer.Pair("10.0.0.3", Counts(5, 5));
        }));
        ReadRow row = Assert.Single(Read(Assert.Single(Ripe(view))));
        Assert.Equal((1_000_000L, 5L), (row[Measure.RttP99], row[Measure.Lost]));
    }

    [Fact]
    public void Jitter_and_delay_variation_are_means_over_the_replies_and_ttl_has_none()
    {
        SinkView view = View("region");
        Take(view, Record(writer =>
        {
            Measures one = Timed(0, 1_000, 1_000, 1_000);
            (one[Measure.Jitter], one[Measure.DelayVariation], one[Measure.ForwardTtl]) = (100, 400, 60);
            writer.Pair("10.0.0.2", one);
            Measures other = Timed(0, 9_000);
            (other[Measure.Jitter], other[Measure.ForwardTtl]) = (500, 58);
            writer.Pair("10.0.0.3", other);
        }));
        ReadRow row = Assert.Single(Read(Assert.Single(Ripe(view))));
        Assert.Equal((200L, 400L, null, null), (row[Measure.Jitter], row[Measure.DelayVariation], row[Measure.ForwardTtl], row[Measure.ReverseDelayVariation]));
    }

    [Fact]
    public void What_nobody_measured_stays_unknown()
    {
        SinkView view = View("region");
        Take(view, Record(writer => writer.Pair("10.0.0.2", Counts(3, 3))));
        ReadRow row = Assert.Single(Read(Assert.Single(Ripe(view))));
        foreach (Measure measure in (Measure[])[Measure.LostForward, Measure.RttMean, Measure.RttMin, Measure.RttP50, Measure.Jitter, Measure.ForwardRemarked])
            Assert.Null(row[measure]);
    }

    [Fact]
    public void Suspect_reports_are_counted_and_left_out()
    {
        SinkView view = View("region");
        Take(view, Record(writer => writer.Pair("10.0.0.2", Counts(10, 10)), flags: RecordFlags.Suspect));
        Assert.Null(view.OldestHeld);
        Take(view, Record(writer => writer.Pair("10.0.0.2", Counts(10, 0)), origin: "default/b"));
        Assert.Equal((10L, 0L), Assert.Single(Read(Assert.Single(Ripe(view)))) is var row ? (row[Measure.Sent], row[Measure.Lost]) : default);
        Assert.Contains("llama_sink_suspect_rows_total{sink=\"s\"} 1\n", Metrics(view), StringComparison.Ordinal);
    }

    [Fact]
    public void An_interval_is_given_out_when_it_has_been_over_for_the_grace()
    {
        SinkView view = View("region");
        Take(view, Record(writer => writer.Pair("10.0.0.2", Counts(1, 0))));
        _time.Pass(TimeSpan.FromSeconds(59));
        view.TakeRipe(_ready);
        Assert.Empty(_ready);
        Assert.Equal(new SpoolPosition(1, 0), view.OldestHeld);
        _time.Pass(TimeSpan.FromSeconds(1));
        view.TakeRipe(_ready);
        Assert.Single(_ready);
        Assert.Null(view.OldestHeld);
    }

    [Fact]
    public void Rows_of_a_closed_interval_are_late_and_counted_once()
    {
        SinkView view = View("region");
        Take(view, Record(writer => writer.Pair("10.0.0.2", Counts(1, 0))));
        Ripe(view);
        Take(view, Record(writer => writer.Pair("10.0.0.2", Counts(1, 0))));
        Assert.Empty(Ripe(view));
        Assert.Contains("llama_sink_late_rows_total{sink=\"s\"} 1\n", Metrics(view), StringComparison.Ordinal);

        // The same again, from the acknowledgement before.
        byte[] note = view.Note.ToArray();
        Assert.InRange(note.Length, 1, 64);
        var restarted = View("region");
        restarted.Restore(note);
        _at = 0;
        Take(restarted, Record(writer => writer.Pair("10.0.0.2", Counts(1, 0))));
        Take(restarted, Record(writer => writer.Pair("10.0.0.2", Counts(1, 0))));
        Assert.Empty(Ripe(restarted));
        Assert.Contains("llama_sink_late_rows_total{sink=\"s\"} 0\n", Metrics(restarted), StringComparison.Ordinal);
    }

    [Fact]
    public void A_backlog_is_given_out_as_it_is_read_and_each_interval_whole()
    {
        SinkView view = View("region");
        _time.Pass(TimeSpan.FromHours(10));
        for (int interval = 0; interval < 100; interval++)
            for (int origin = 0; origin < 20; origin++)
                Take(view, Record(writer => writer.Pair("10.0.0.2", Counts(1, 0)), origin: $"default/{origin}", start: Start.AddSeconds(30 * interval)));

        Assert.InRange(_ready.Count, 90, 99);
        Assert.All(_ready, window => Assert.Equal(20L, Read(window)[0][Measure.Sent]));
        Assert.Equal(100, Ripe(view).Count);
    }

    [Fact]
    public void Some_clocks_that_are_wrong_close_nothing()
    {
        SinkView view = View("region");
        _time.Pass(TimeSpan.FromHours(10));
        for (int interval = 0; interval < 20; interval++)
            for (int origin = 0; origin < 20; origin++)
            {
                TimeSpan wrong = TimeSpan.FromHours(origin switch { < 4 => 5, < 8 => -5, _ => 0 });
                Take(view, Record(writer => writer.Pair("10.0.0.2", Counts(1, 0), tags: ("region", wrong.Hours.ToString(null, null))), start: Start.AddSeconds(30 * interval) + wrong));
            }

        long right = Ripe(view).SelectMany(Read).Where(row => row.Tags == "dst_region=0,src_region=(none)").Sum(row => row[Measure.Sent]!.Value);
        Assert.Equal(20 * 12, right);
    }

    [Fact]
    public void An_interval_of_the_future_is_not_waited_for()
    {
        SinkView view = View("region");
        Take(view, Record(writer => writer.Pair("10.0.0.2", Counts(1, 0)), start: Start.AddDays(365)));
        Assert.Null(view.OldestHeld);
        Assert.Contains("llama_sink_late_rows_total{sink=\"s\"} 1\n", Metrics(view), StringComparison.Ordinal);
    }

    [Fact]
    public void A_wall_clock_that_was_a_year_ahead_makes_nothing_late_for_a_year()
    {
        SinkView view = View("region");
        _time.StepWall(TimeSpan.FromDays(365));
        view.TakeRipe(_ready);
        _time.StepWall(-TimeSpan.FromDays(365));
        Take(view, Record(writer => writer.Pair("10.0.0.2", Counts(1, 0))));
        Assert.Single(Ripe(view));
    }

    [Fact]
    public void Points_of_original_collectors_are_summed_in_the_interval_that_they_lie_in()
    {
        SinkView view = View("region");
        for (int i = 0; i < 3; i++)
        {
            Take(view, Record(
                writer => writer.Point(Of((Measure.Sent, 10), (Measure.Lost, 1), (Measure.RttMean, 1_000 * (i + 1))), ("src_region", "west"), ("region", "east")),
                origin: $"10.0.0.{i}:5000", flags: RecordFlags.Reckoned, start: Start.AddSeconds(i * 4.3), seconds: 30 + i / 10.0));
        }

        ReadOnlyMemory<byte> window = Assert.Single(Ripe(view));
        Assert.Equal((Start, RecordFlags.Reckoned), new ReportReader(window.Span) is var reader ? (reader.Start, reader.Flags) : default);
        ReadRow row = Assert.Single(Read(window));
        Assert.Equal(("dst_region=east,src_region=west", 30L, 27L, 2_000L, null), (row.Tags, row[Measure.Sent], row[Measure.Received], row[Measure.RttMean], row[Measure.RttP99]));
    }

    [Fact]
    public void Destinations_beyond_the_limit_are_one()
    {
        SinkView view = new(new SinkViewOptions { Rows = SinkRows.RolledUp, By = ["host"], MaxSeries = 2 }, _time);
        Take(view, Record(
            writer =>
            {
                for (int i = 0; i < 5; i++) writer.Pair("10.0.0.2", Counts(10, 0), tags: ("host", $"h{i}"));
            },
            tags: [("host", "a")]));
        Assert.Equal(
            ["dst_host=h0,src_host=a: 10", "dst_host=h1,src_host=a: 10", "dst_host=(other),src_host=a: 30"],
            Read(Assert.Single(Ripe(view))).Select(row => $"{row.Tags}: {row[Measure.Sent]}"));
        Assert.Contains("llama_sink_folded_rows_total{sink=\"s\"} 3\n", Metrics(view), StringComparison.Ordinal);
    }

    [Fact]
    public void Sums_stop_at_the_largest_number()
    {
        SinkView view = View("region");
        Take(view, Record(writer =>
        {
            writer.Pair("10.0.0.2", Counts(long.MaxValue, 0));
            writer.Pair("10.0.0.3", Counts(long.MaxValue, 0));
        }));
        Assert.Equal(long.MaxValue, Assert.Single(Read(Assert.Single(Ripe(view))))[Measure.Sent]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(64)]
    public void A_note_of_another_kind_is_as_none(int length)
    {
        SinkView view = View("region");
        view.Restore(new byte[length]);
        Take(view, Record(writer => writer.Pair("10.0.0.2", Counts(1, 0))));
        Assert.Single(Ripe(view));
    }

    private static string Metrics(SinkView view)
    {
        var output = new System.Buffers.ArrayBufferWriter<byte>();
        SinkView.WriteMetrics(new PrometheusText(output), [("s", view)]);
        return System.Text.Encoding.UTF8.GetString(output.WrittenSpan);
    }

    private SinkView View(params string[] by) => new(new SinkViewOptions { Rows = SinkRows.RolledUp, By = by }, _time);

    private void Take(SinkView view, ReadOnlyMemory<byte> record) => view.Take(record, new SpoolPosition(1, _at++), _ready);

    /// <summary>What is ready once all is over.</summary>
    private List<ReadOnlyMemory<byte>> Ripe(SinkView view)
    {
        _time.Pass(TimeSpan.FromHours(10));
        view.TakeRipe(_ready);
        List<ReadOnlyMemory<byte>> all = [.. _ready];
        _ready.Clear();
        return all;
    }
}
