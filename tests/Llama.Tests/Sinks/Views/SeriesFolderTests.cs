using Llama.Server.Metrics;
using Llama.Server.Sinks.Records;
using Llama.Server.Sinks.Views;
using static Llama.Tests.Sinks.Rows;

namespace Llama.Tests.Sinks.Views;

public sealed class SeriesFolderTests
{
    private readonly FakeTime _time = new();
    private readonly List<string> _warnings = [];

    [Fact]
    public void A_record_without_flows_passes_as_it_is()
    {
        ReadOnlyMemory<byte> record = Record(writer => writer.Pair("10.0.0.2", Counts(3, 1)));
        Assert.Equal(record, Assert.Single(Take(View(SinkRows.Pairs), record)));
    }

    [Fact]
    public void Flows_are_left_out_of_pairs_and_count_for_nothing()
    {
        SinkView view = View(SinkRows.Pairs, maxSeries: 1);
        ReadOnlyMemory<byte> passed = Assert.Single(Take(view, WithFlows()));
        Assert.Equal([RowKind.Pair], Read(passed).Select(row => row.Kind));
        Assert.Equal("default/a", System.Text.Encoding.UTF8.GetString(new ReportReader(passed.Span).Origin));
        Assert.Contains("llama_sink_folded_rows_total{sink=\"s\"} 0\n", Metrics(view), StringComparison.Ordinal);
    }

    [Fact]
    public void Who_wants_flows_gets_the_record_as_it_is()
    {
        ReadOnlyMemory<byte> record = WithFlows();
        Assert.Equal(record, Assert.Single(Take(View(SinkRows.Flows), record)));
    }

    [Fact]
    public void Pairs_beyond_the_limit_are_summed_by_class_and_keep_their_source()
    {
        SinkView view = View(SinkRows.Pairs, maxSeries: 1);
        ReadOnlyMemory<byte> record = Record(
            writer =>
            {
                writer.Pair("10.0.0.2", Counts(10, 0), tags: ("dst_name", "b"));
                writer.Pair("10.0.0.3", Timed(1, 1_000_000, 3_000_000), Buckets(1_000_000, 3_000_000), tags: [("src_site", "x"), ("dst_name", "c")]);
                writer.Pair("10.0.0.4", Timed(0, 2_000_000), Buckets(2_000_000), tags: ("dst_name", "d"));
                writer.Pair("10.0.0.5", Counts(7, 7), trafficClass: 184);
            },
            tags: [("region", "west"), ("site", "y")]);

        List<ReadRow> rows = Read(Assert.Single(Take(view, record)));

        Assert.Equal(["10.0.0.2", "", ""], rows.Select(row => row.Address));
        Assert.Equal("dst_name=(other),src_name=default/a,src_region=west,src_site=x", rows[1].Tags);
        Assert.Equal((4L, 1L, 2L, 1L), (rows[1][Measure.Sent], rows[1][Measure.Lost], rows[1][Measure.Pairs], rows[1][Measure.LossyPairs]));
        Assert.Equal((2_000_000L, 3L), (rows[1][Measure.RttMean], rows[1].Buckets));
        Assert.Equal(((byte)184, 7L, 1L), (rows[2].Class, rows[2][Measure.Lost], rows[2][Measure.Pairs]));
        Assert.Contains("llama_sink_series{sink=\"s\"} 1\n", Metrics(view), StringComparison.Ordinal);
        Assert.Contains("llama_sink_folded_rows_total{sink=\"s\"} 3\n", Metrics(view), StringComparison.Ordinal);
    }

    [Fact]
    public void Flows_beyond_the_limit_are_left_out_since_their_pair_counts_them()
    {
        SinkView view = View(SinkRows.Flows, maxSeries: 2);
        List<ReadRow> rows = Read(Assert.Single(Take(view, WithFlows())));
        Assert.Equal([RowKind.Pair, RowKind.Flow], rows.Select(row => row.Kind));
        Assert.Contains("llama_sink_folded_rows_total{sink=\"s\"} 1\n", Metrics(view), StringComparison.Ordinal);
    }

    [Fact]
    public void Flows_of_a_folded_pair_are_left_out()
    {
        SinkView view = View(SinkRows.Flows, maxSeries: 1);
        Take(view, Record(writer => writer.Pair("10.0.0.9", Counts(1, 0))));
        ReadRow row = Assert.Single(Read(Assert.Single(Take(view, WithFlows()))));
        Assert.Equal(("", 4L), (row.Address, row[Measure.Sent]));
    }

    [Fact]
    public void Points_beyond_the_limit_are_folded_like_pairs()
    {
        SinkView view = View(SinkRows.Pairs, maxSeries: 1);
        ReadOnlyMemory<byte> record = Record(writer =>
        {
            writer.Point(Of((Measure.Sent, 10), (Measure.Lost, 4)), ("dst_ip", "10.0.0.2"));
            writer.Point(Of((Measure.Sent, 10), (Measure.Lost, 4), (Measure.RttMean, 500)), ("dst_ip", "10.0.0.3"), ("src_name", "a"));
        });
        List<ReadRow> rows = Read(Assert.Single(Take(view, record)));
        Assert.Equal([RowKind.Point, RowKind.Pair], rows.Select(row => row.Kind));
        Assert.Equal(("dst_name=(other),src_name=a", 6L, 500L), (rows[1].Tags, rows[1][Measure.Received], rows[1][Measure.RttMean]));
    }

    [Fact]
    public void The_same_addresses_seen_by_two_origins_are_two_series()
    {
        SinkView view = View(SinkRows.Pairs);
        Take(view, Record(writer => writer.Pair("10.0.0.2", Counts(1, 0)), origin: "default/a"));
        Take(view, Record(writer => writer.Pair("10.0.0.2", Counts(1, 0)), origin: "default/b"));
        Assert.Contains("llama_sink_series{sink=\"s\"} 2\n", Metrics(view), StringComparison.Ordinal);
    }

    [Fact]
    public void The_operator_is_told_once_an_hour()
    {
        SinkView view = View(SinkRows.Pairs, maxSeries: 1);
        for (int minutes = 0; minutes < 80; minutes++)
        {
            Take(view, Record(writer =>
            {
                writer.Pair("10.0.0.2", Counts(1, 0));
                writer.Pair("10.0.0.3", Counts(1, 0));
            }));
            _time.Pass(TimeSpan.FromMinutes(1));
        }

        Assert.Equal(2, _warnings.Count);
        Assert.Contains("more than 1 series", _warnings[0], StringComparison.Ordinal);
    }

    [Fact]
    public void A_damaged_record_passes_nothing()
    {
        ReadOnlyMemory<byte> record = WithFlows();
        var ready = new List<ReadOnlyMemory<byte>>();
        foreach (SinkRows rows in Enum.GetValues<SinkRows>())
            Assert.Throws<InvalidDataException>(() => View(rows).Take(record[..^1], new(1, 0), ready));
        Assert.Empty(ready);
    }

    private static ReadOnlyMemory<byte> WithFlows() => Record(writer =>
    {
        writer.Pair("10.0.0.2", Counts(4, 2));
        writer.AddFlow(5000, Counts(2, 2));
        writer.AddFlow(5001, Counts(2, 0));
    });

    private static List<ReadOnlyMemory<byte>> Take(SinkView view, ReadOnlyMemory<byte> record)
    {
        var ready = new List<ReadOnlyMemory<byte>>();
        view.Take(record, new(1, 0), ready);
        return ready;
    }

    private static string Metrics(SinkView view)
    {
        var output = new System.Buffers.ArrayBufferWriter<byte>();
        SinkView.WriteMetrics(new PrometheusText(output), [("s", view)]);
        return System.Text.Encoding.UTF8.GetString(output.WrittenSpan);
    }

    private SinkView View(SinkRows rows, int maxSeries = 0) =>
        new(new SinkViewOptions { Rows = rows, By = ["region"], MaxSeries = maxSeries, Warn = _warnings.Add }, _time);
}
