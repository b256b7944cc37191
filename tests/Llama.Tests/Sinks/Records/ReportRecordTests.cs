using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Llama.Engine.Summaries;
using Llama.Server.Sinks.Records;

namespace Llama.Tests.Sinks.Records;

public sealed class ReportRecordTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 22, 3, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_record_gives_back_what_was_written()
    {
        var writer = new ReportWriter();
        Write(writer);
        var reader = new ReportReader(writer.Record.Span);
        Assert.Equal(RecordFlags.Suspect, reader.Flags);
        Assert.Equal((Start, Start.AddSeconds(30)), (reader.Start, reader.End));
        Assert.Equal("default/a", Text(reader.Origin));
        Assert.Equal("west", Text(reader.OriginTags.Find("region"u8)));

        Assert.True(reader.NextRow());
        Assert.Equal(RowKind.Pair, reader.Kind);
        Assert.Equal(("10.0.0.1", "b.example", "10.0.0.2"), (Text(reader.Source), Text(reader.Host), Text(reader.Address)));
        Assert.Equal((8100, (byte)184), (reader.Port, reader.Class));
        Assert.Equal("Zürich", Text(reader.Tags.Find("city"u8)));
        Assert.Equal((30L, 2L, null, 71_418L), (reader.Measures[Measure.Sent], reader.Measures[Measure.Lost], reader.Measures[Measure.LostForward], reader.Measures[Measure.RttMean]));
        var buckets = new List<LatencyBucket>();
        foreach (LatencyBucket bucket in reader.Buckets) buckets.Add(bucket);
        Assert.Equal([new LatencyBucket(700, 20), new LatencyBucket(801, 8)], buckets);

        Assert.True(reader.NextRow());
        Assert.Equal((RowKind.Flow, 50_000, 15L), (reader.Kind, reader.SourcePort, reader.Measures[Measure.Sent]));
        Assert.Equal("Zürich", Text(reader.Tags.Find("city"u8)));

        Assert.True(reader.NextRow());
        Assert.Equal((RowKind.Point, "raw_stats", (long?)-1), (reader.Kind, Text(reader.Measurement), reader.UnixSeconds));
        var fields = new List<(string, double)>();
        foreach (Field field in reader.Fields) fields.Add((Text(field.Name), field.Value));
        Assert.Equal([("loss", 6.666667), ("rtt", 1e21)], fields);
        Assert.False(reader.NextRow());
    }

    [Fact]
    public void A_row_can_be_copied_into_another_record()
    {
        var writer = new ReportWriter();
        Write(writer);
        var reader = new ReportReader(writer.Record.Span);
        Assert.True(reader.NextRow());

        var copy = new ReportWriter();
        copy.Begin(Start, Start.AddSeconds(30), RecordFlags.None, "default/a"u8);
        copy.EndOriginTags();
        copy.AddRow(reader.Row);
        var again = new ReportReader(copy.Record.Span);
        Assert.True(again.NextRow());
        Assert.Equal(("10.0.0.2", 30L), (Text(again.Address), again.Measures[Measure.Sent]));
        Assert.False(again.NextRow());
    }

    [Fact]
    public void What_is_negative_was_not_measured()
    {
        Measures measures = default;
        measures[Measure.Sent] = 5;
        measures[Measure.Sent] = -1;
        Assert.Null(measures[Measure.Sent]);
        Assert.Equal(0u, measures.Known);
    }

    [Fact]
    public void Any_numbers_come_back() => Prop.ForAll(Gen.ArrayOf(Gen.Choose(-1, int.MaxValue).Select(value => (long)value << 20), Measures.Count).ToArbitrary(), values =>
    {
        Measures measures = default;
        for (int i = 0; i < values.Length; i++) measures[(Measure)i] = values[i];
        var writer = new ReportWriter();
        writer.Begin(Start, Start.AddSeconds(1), RecordFlags.None, ""u8);
        writer.EndOriginTags();
        writer.AddFlow(65_535, measures);
        var reader = new ReportReader(writer.Record.Span);
        reader.NextRow();
        for (int i = 0; i < values.Length; i++)
            if (reader.Measures[(Measure)i] != (values[i] < 0 ? null : values[i])) return false;
        return true;
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Damage_ends_in_one_kind_of_exception() => Prop.ForAll(ArbMap.Default.ArbFor<(int At, byte To, int Cut)>(), damage =>
    {
        var writer = new ReportWriter();
        Write(writer);
        byte[] record = writer.Record.ToArray();
        record[(uint)damage.At % record.Length] = damage.To;
        ReadOnlySpan<byte> cut = record.AsSpan(0, record.Length - (int)((uint)damage.Cut % record.Length));
        try
        {
            var reader = new ReportReader(cut);
            while (reader.NextRow())
            {
                foreach (TextPair tag in reader.Tags) _ = tag.Value.Length;
                foreach (LatencyBucket bucket in reader.Buckets) _ = bucket.Count;
                foreach (Field field in reader.Fields) _ = field.Value;
            }
        }
        catch (InvalidDataException)
        {
            return true;
        }

        return true;
    }).QuickCheckThrowOnFailure();

    private static void Write(ReportWriter writer)
    {
        Measures measures = default;
        measures[Measure.Sent] = 30;
        measures[Measure.Lost] = 2;
        measures[Measure.RttMean] = 71_418;
        writer.Begin(Start, Start.AddSeconds(30), RecordFlags.Suspect, "default/a"u8);
        writer.AddTag("region", "west");
        writer.EndOriginTags();
        writer.BeginPair("10.0.0.1"u8, "b.example"u8, "10.0.0.2"u8, 8100, 184);
        writer.AddTag("city", "Zürich");
        writer.EndPair(measures, [new LatencyBucket(700, 20), new LatencyBucket(801, 8)]);
        measures[Measure.Sent] = 15;
        writer.AddFlow(50_000, measures);
        writer.BeginPoint("raw_stats"u8, -1);
        writer.AddTag("dst_ip", "10.0.0.2");
        writer.EndPointTags(measures);
        writer.AddField("loss"u8, 6.666667);
        writer.AddField("rtt"u8, 1e21);
        writer.EndPoint();
    }

    private static string Text(ReadOnlySpan<byte> utf8) => Encoding.UTF8.GetString(utf8);
}
