using System.Globalization;
using System.Text;
using Llama.Mesh;
using Llama.Server.Sinks.Records;

namespace Llama.Server.Sinks.OpenTelemetry;

/// <summary>A series that rows belong to: its attributes, and when it was last heard of.</summary>
internal sealed class OtlpSeries(KeyValuePair<string, object?>[] attributes)
{
    /// <summary>The tags of the row, and where it measured from and to under the names that other sinks have for it.</summary>
    public KeyValuePair<string, object?>[] Attributes { get; } = attributes;

    public DateTimeOffset HeardOf { get; set; }

    /// <summary>The series of the row that is being read.</summary>
    public static OtlpSeries Of(scoped in ReportReader row)
    {
        var attributes = new SortedDictionary<string, object?>(StringComparer.Ordinal);
        foreach (TextPair tag in row.Tags)
            if (!tag.Key.IsEmpty && !tag.Value.IsEmpty) attributes[Encoding.UTF8.GetString(tag.Key)] = Encoding.UTF8.GetString(tag.Value);
        if (row.Kind != RowKind.Point && !row.Address.IsEmpty)
        {
            attributes.TryAdd("src_ip", Encoding.UTF8.GetString(row.Source));
            attributes.TryAdd("dst_ip", Encoding.UTF8.GetString(row.Address));
            attributes.TryAdd("dst_port", row.Port.ToString(CultureInfo.InvariantCulture));
            attributes.TryAdd("class", TrafficClass.Name(row.Class));
            if (row.Kind == RowKind.Flow) attributes.TryAdd("src_port", row.SourcePort.ToString(CultureInfo.InvariantCulture));
        }

        return new OtlpSeries([.. attributes]);
    }
}
