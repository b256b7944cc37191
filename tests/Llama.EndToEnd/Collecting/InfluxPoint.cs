using System.Text.Json;

namespace Llama.EndToEnd.Collecting;

/// <summary>One point of /influxdata.</summary>
/// <param name="Tags">Its tags as sorted text, so that points can be compared and found.</param>
/// <param name="Loss">Percent.</param>
/// <param name="Lost">Datagrams.</param>
/// <param name="RttMillis">Mean, milliseconds.</param>
/// <param name="Sent">Datagrams.</param>
/// <param name="Frame">Everything else: measurement, time and the names of the members, in order.</param>
internal sealed record InfluxPoint(string Tags, double Loss, double Lost, double RttMillis, double Sent, string Frame)
{
    public static IReadOnlyList<InfluxPoint> Parse(string body)
    {
        using JsonDocument document = JsonDocument.Parse(body);
        return [.. document.RootElement.EnumerateArray().Select(Parse)];
    }

    /// <summary>How bad it is, without the number: what can be compared between two runs.</summary>
    public string LossClass => Loss switch { 0 => "none", 100 => "all", _ => "some" };

    public bool HasTag(string key, string value) => Tags.Contains($"{key}={value}\n", StringComparison.Ordinal);

    private static InfluxPoint Parse(JsonElement point)
    {
        JsonElement fields = point.GetProperty("fields");
        double Field(string name) => fields.GetProperty(name).GetDouble();
        IEnumerable<string> tags = point.GetProperty("tags").EnumerateObject().Select(tag => $"{tag.Name}={tag.Value.GetString()}\n");
        IEnumerable<string> frame = point.EnumerateObject().Select(member => member.Value.ValueKind == JsonValueKind.Object
            ? $"{member.Name}{{{(member.Name == "fields" ? string.Join(',', member.Value.EnumerateObject().Select(field => field.Name)) : "")}}}"
            : $"{member.Name}={member.Value}");
        return new InfluxPoint(
            string.Concat(tags), Field("loss"), Field("lost"), Field("rtt"), Field("sent"), string.Join(' ', frame));
    }
}
