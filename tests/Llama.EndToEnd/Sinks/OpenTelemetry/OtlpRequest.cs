using Google.Protobuf;

namespace Llama.EndToEnd.Sinks.OpenTelemetry;

/// <summary>A data point as it arrived.</summary>
internal sealed record OtlpPoint
{
    public required string Resource { get; init; }

    public required string Metric { get; init; }

    public required string Unit { get; init; }

    public required string Attributes { get; init; }

    /// <summary>gauge, sum or histogram.</summary>
    public required string Kind { get; init; }

    public bool IsCumulative { get; init; }

    public bool IsMonotonic { get; init; }

    public ulong Start { get; init; }

    public double Value { get; init; }

    public ulong Count { get; init; }

    public IReadOnlyList<ulong> BucketCounts { get; init; } = [];

    public IReadOnlyList<double> Bounds { get; init; } = [];
}

/// <summary>
/// Reads the protobuf of an ExportMetricsServiceRequest as far as the tests look at it. Field numbers are those of opentelemetry-proto 1.3,
/// metrics.proto, common.proto and resource.proto.
/// </summary>
internal static class OtlpRequest
{
    public static IReadOnlyList<OtlpPoint> Read(byte[] body)
    {
        var points = new List<OtlpPoint>();
        foreach ((int field, ByteString resourceMetrics) in Messages(body))
        {
            if (field != 1) continue;
            string resource = "";
            foreach ((int part, ByteString content) in Messages(resourceMetrics))
            {
                if (part == 1) resource = Attributes(content, 1);
                if (part != 2) continue;
                foreach ((int inScope, ByteString metric) in Messages(content))
                    if (inScope == 2) ReadMetric(resource, metric, points);
            }
        }

        return points;
    }

    private static void ReadMetric(string resource, ByteString metric, List<OtlpPoint> points)
    {
        string name = "", unit = "";
        foreach ((int field, ByteString content) in Messages(metric))
        {
            if (field == 1) name = content.ToStringUtf8();
            if (field == 3) unit = content.ToStringUtf8();
            string? kind = field switch { 5 => "gauge", 7 => "sum", 9 => "histogram", _ => null };
            if (kind is null) continue;
            ulong temporality = Number(content, 2), monotonic = Number(content, 3);
            foreach ((int part, ByteString point) in Messages(content))
            {
                if (part != 1) continue;
                points.Add(ReadPoint(point, kind == "histogram") with
                {
                    Resource = resource,
                    Metric = name,
                    Unit = unit,
                    Kind = kind,
                    IsCumulative = temporality == 2,
                    IsMonotonic = monotonic == 1,
                });
            }
        }
    }

    private static OtlpPoint ReadPoint(ByteString point, bool isHistogram)
    {
        var read = new OtlpPoint { Resource = "", Metric = "", Unit = "", Kind = "", Attributes = Attributes(point, isHistogram ? 9 : 7) };
        CodedInputStream input = point.CreateCodedInput();
        for (uint tag = input.ReadTag(); tag != 0; tag = input.ReadTag())
        {
            switch (WireFormat.GetTagFieldNumber(tag), isHistogram)
            {
                case (2, _):
                    read = read with { Start = input.ReadFixed64() };
                    break;
                case (4, false):
                    read = read with { Value = input.ReadDouble() };
                    break;
                case (6, false):
                    read = read with { Value = input.ReadSFixed64() };
                    break;
                case (4, true):
                    read = read with { Count = input.ReadFixed64() };
                    break;
                case (5, true):
                    read = read with { Value = input.ReadDouble() };
                    break;
                case (6, true):
                    read = read with { BucketCounts = Packed(input, packed => packed.ReadFixed64()) };
                    break;
                case (7, true):
                    read = read with { Bounds = Packed(input, packed => packed.ReadDouble()) };
                    break;
                default:
                    input.SkipLastField();
                    break;
            }
        }

        return read;
    }

    private static List<T> Packed<T>(CodedInputStream input, Func<CodedInputStream, T> read)
    {
        var values = new List<T>();
        CodedInputStream packed = input.ReadBytes().CreateCodedInput();
        while (!packed.IsAtEnd) values.Add(read(packed));
        return values;
    }

    /// <summary>key=value, sorted, with commas between them.</summary>
    private static string Attributes(ByteString message, int number)
    {
        var attributes = new List<string>();
        foreach ((int field, ByteString pair) in Messages(message))
        {
            if (field != number) continue;
            string key = "", value = "";
            foreach ((int part, ByteString content) in Messages(pair))
            {
                if (part == 1) key = content.ToStringUtf8();
                if (part == 2) value = Messages(content).FirstOrDefault(any => any.Field == 1).Content?.ToStringUtf8() ?? "?";
            }

            attributes.Add($"{key}={value}");
        }

        return string.Join(',', attributes.Order(StringComparer.Ordinal));
    }

    private static ulong Number(ByteString message, int number)
    {
        CodedInputStream input = message.CreateCodedInput();
        for (uint tag = input.ReadTag(); tag != 0; tag = input.ReadTag())
        {
            if (WireFormat.GetTagFieldNumber(tag) == number && WireFormat.GetTagWireType(tag) == WireFormat.WireType.Varint) return input.ReadUInt64();
            input.SkipLastField();
        }

        return 0;
    }

    private static List<(int Field, ByteString Content)> Messages(byte[] body) => Messages(ByteString.CopyFrom(body));

    /// <summary>The fields that have a length: messages and texts.</summary>
    private static List<(int Field, ByteString Content)> Messages(ByteString message)
    {
        var found = new List<(int, ByteString)>();
        CodedInputStream input = message.CreateCodedInput();
        for (uint tag = input.ReadTag(); tag != 0; tag = input.ReadTag())
        {
            if (WireFormat.GetTagWireType(tag) == WireFormat.WireType.LengthDelimited) found.Add((WireFormat.GetTagFieldNumber(tag), input.ReadBytes()));
            else input.SkipLastField();
        }

        return found;
    }
}
