using System.Buffers;
using System.Globalization;
using System.Net;
using System.Text;
using Llama.Mesh;
using Llama.Server.Metrics;
using Llama.Server.Sinks.Records;

namespace Llama.Server.Sinks.Prometheus;

/// <summary>
/// The labels of a row's series: the origin, and then what a collector's own series have. The origin's tags are among the row's with
/// "src_" before them, unless the row has such tags itself. A rolled-up row has class and tags alone, and a point of an original
/// collector the addresses that its tags tell.
/// </summary>
internal static class RowLabels
{
    /// <summary>The label of an origin.</summary>
    public static byte[] Write(ReadOnlySpan<byte> origin) => origin.IsEmpty ? [] : PrometheusText.Label("origin", Text(origin));

    /// <summary>The labels as text format has them between the braces.</summary>
    public static byte[] Write(in ReportReader row)
    {
        var output = new ArrayBufferWriter<byte>(256);
        bool isRolledUp = row.Kind == RowKind.Pair && row.Address.IsEmpty;
        if (!row.Origin.IsEmpty) PrometheusText.AddLabel(output, "origin", Text(row.Origin));
        if (row.Kind == RowKind.Point)
        {
            AddUnlessEmpty(output, "source", Text(row.Tags.Find("src_ip"u8)));
            AddUnlessEmpty(output, "destination", Text(row.Tags.Find("dst_ip"u8)));
        }
        else if (!isRolledUp)
        {
            AddUnlessEmpty(output, "source", Text(row.Source));
            string address = Text(row.Address), host = Text(row.Host);
            PrometheusText.AddLabel(output, "destination", string.Create(CultureInfo.InvariantCulture, $"{(address.Contains(':', StringComparison.Ordinal) ? $"[{address}]" : address)}:{row.Port}"));
            if (!IPAddress.TryParse(host, out _)) AddUnlessEmpty(output, "host", host);
        }

        if (row.Kind == RowKind.Pair) PrometheusText.AddLabel(output, "class", TrafficClass.Name(row.Class));
        var tags = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (TextPair tag in row.Tags) tags.TryAdd(Text(tag.Key), Text(tag.Value));
        if (!isRolledUp)
            foreach (TextPair tag in row.OriginTags) tags.TryAdd("src_" + Text(tag.Key), Text(tag.Value));
        PairLabels.AddTags(output, tags);
        return output.WrittenSpan.ToArray();
    }

    private static void AddUnlessEmpty(ArrayBufferWriter<byte> output, string name, string value)
    {
        if (value.Length > 0) PrometheusText.AddLabel(output, name, value);
    }

    private static string Text(ReadOnlySpan<byte> octets) => Encoding.UTF8.GetString(octets);
}
