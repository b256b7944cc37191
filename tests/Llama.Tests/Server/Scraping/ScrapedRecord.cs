using System.Globalization;
using System.Text;
using Llama.Server.Sinks.Records;

namespace Llama.Tests.Server.Scraping;

/// <summary>A record as a test looks at it.</summary>
internal sealed record ScrapedRecord(string Origin, DateTimeOffset Start, DateTimeOffset End, RecordFlags Flags, string OriginTags, IReadOnlyList<ScrapedRow> Rows)
{
    /// <summary>The points as the Go scraper writes them.</summary>
    public string GoLines => string.Concat(Rows.Select(row => row.GoLine + "\n"));

    public static ScrapedRecord Read(ReadOnlySpan<byte> record)
    {
        var reader = new ReportReader(record);
        var rows = new List<ScrapedRow>();
        while (reader.NextRow())
        {
            rows.Add(new ScrapedRow
            {
                Kind = reader.Kind,
                Name = reader.Kind == RowKind.Point ? Encoding.UTF8.GetString(reader.Measurement) : $"{Encoding.UTF8.GetString(reader.Source)}>{Encoding.UTF8.GetString(reader.Address)}:{reader.Port}/{reader.Class}",
                Host = Encoding.UTF8.GetString(reader.Host),
                Tags = Texts(reader.Tags),
                Fields = Fields(reader.Fields),
                Measures = reader.Measures,
                Buckets = Buckets(reader.Buckets),
                Seconds = reader.UnixSeconds,
                SourcePort = reader.SourcePort,
            });
        }

        return new ScrapedRecord(
            Encoding.UTF8.GetString(reader.Origin), reader.Start, reader.End, reader.Flags, string.Join(',', Texts(reader.OriginTags).Select(tag => $"{tag.Key}={tag.Value}")), rows);
    }

    private static List<KeyValuePair<string, string>> Texts(TextPairs pairs)
    {
        var texts = new List<KeyValuePair<string, string>>();
        foreach (TextPair pair in pairs) texts.Add(new(Encoding.UTF8.GetString(pair.Key), Encoding.UTF8.GetString(pair.Value)));
        return texts;
    }

    private static List<KeyValuePair<string, double>> Fields(FieldList list)
    {
        var fields = new List<KeyValuePair<string, double>>();
        foreach (Field field in list) fields.Add(new(Encoding.UTF8.GetString(field.Name), field.Value));
        return fields;
    }

    private static List<(int, long)> Buckets(BucketList list)
    {
        var buckets = new List<(int, long)>();
        foreach (Llama.Engine.Summaries.LatencyBucket bucket in list) buckets.Add((bucket.Index, bucket.Count));
        return buckets;
    }
}

/// <summary>A row as a test looks at it.</summary>
internal sealed record ScrapedRow
{
    public required RowKind Kind { get; init; }

    /// <summary>The measurement of a point; who sent to whom of a pair.</summary>
    public required string Name { get; init; }

    public required string Host { get; init; }

    public required IReadOnlyList<KeyValuePair<string, string>> Tags { get; init; }

    public required IReadOnlyList<KeyValuePair<string, double>> Fields { get; init; }

    public required Measures Measures { get; init; }

    public required IReadOnlyList<(int Index, long Count)> Buckets { get; init; }

    public long? Seconds { get; init; }

    public int SourcePort { get; init; }

    /// <summary>Line protocol as the Go scraper's client writes it, with its faults.</summary>
    public string GoLine
    {
        get
        {
            IEnumerable<string> tags = Tags.Where(tag => tag.Value.Length > 0).OrderBy(tag => tag.Key, StringComparer.Ordinal).Select(tag => $",{Escape(tag.Key)}={Escape(tag.Value)}");
            IEnumerable<string> fields = Fields.OrderBy(one => one.Key, StringComparer.Ordinal).Select(one => $"{Escape(one.Key)}={Number(one.Value)}");
            string name = Name.Replace(",", "\\,", StringComparison.Ordinal).Replace(" ", "\\ ", StringComparison.Ordinal);
            string time = Seconds is { } seconds ? string.Create(CultureInfo.InvariantCulture, $" {seconds}") : "";
            return $"{name}{string.Concat(tags)} {string.Join(',', fields)}{time}";
        }
    }

    private static string Escape(string text) =>
        text.Replace(",", "\\,", StringComparison.Ordinal).Replace("=", "\\=", StringComparison.Ordinal).Replace(" ", "\\ ", StringComparison.Ordinal);

    /// <summary>The shortest digits that mean the number, without an exponent: Decimal has them all in these cases.</summary>
    private static string Number(double value) =>
        decimal.Parse(value.ToString("R", CultureInfo.InvariantCulture), NumberStyles.Float, CultureInfo.InvariantCulture).ToString("0.############################", CultureInfo.InvariantCulture);
}
