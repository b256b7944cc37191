using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Llama.Server.Sinks.Records;

namespace Llama.Tests.Sinks.Influx;

/// <summary>What the original's scraper read from a collector and wrote to InfluxDB, as it was recorded.</summary>
internal sealed partial class ScrapedCase
{
    public static readonly DateTimeOffset End = new(2026, 11, 22, 0, 30, 30, TimeSpan.Zero);

    private readonly JsonElement _case;

    private ScrapedCase(JsonElement recorded) => _case = recorded;

    /// <summary>What the collector answered.</summary>
    public string Answer => _case.GetProperty("collector_requests")[0].GetProperty("response").GetProperty("body").GetString()!;

    /// <summary>The first request to InfluxDB.</summary>
    public JsonElement Request => _case.GetProperty("influx_requests")[0];

    /// <summary>Its body, with the stamp that we add where the original writes none.</summary>
    public string StampedBody => Request.GetProperty("body").GetString()!.Replace("\n", $" {End.ToUnixTimeSeconds()}\n", StringComparison.Ordinal);

    public static ScrapedCase Read(string name)
    {
        using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "fixtures", "scraper", $"{name}.json")));
        return new ScrapedCase(json.RootElement.Clone());
    }

    public string? Header(string name) => Request.GetProperty("headers").EnumerateArray()
        .Where(header => header[0].GetString() == name).Select(header => header[1].GetString()).FirstOrDefault();

    /// <summary>What the collector answered as a record.</summary>
    public byte[] Record()
    {
        var writer = new ReportWriter();
        writer.Begin(End.AddSeconds(-30), End, RecordFlags.Reckoned, "127.0.0.1:9500"u8);
        writer.AddTag("ignored", "points have their own");
        writer.EndOriginTags();
        foreach (JsonElement point in JsonDocument.Parse(Answer).RootElement.EnumerateArray())
        {
            // Cut to seconds as the original does it: .NET would round nanoseconds up to its ticks.
            DateTimeOffset time = point.TryGetProperty("time", out JsonElement given) ? DateTimeOffset.Parse(Fraction().Replace(given.GetString()!, ""), null) : default;
            writer.BeginPoint(Encoding.UTF8.GetBytes(point.GetProperty("measurement").GetString()!), time == default ? null : time.ToUnixTimeSeconds());
            if (point.TryGetProperty("tags", out JsonElement tags) && tags.ValueKind == JsonValueKind.Object)
                foreach (JsonProperty tag in tags.EnumerateObject()) writer.AddTag(tag.Name, tag.Value.GetString()!);
            writer.EndPointTags(default);
            foreach (JsonProperty field in point.GetProperty("fields").EnumerateObject()) writer.AddField(Encoding.UTF8.GetBytes(field.Name), field.Value.GetDouble());
            writer.EndPoint();
        }

        return writer.Record.ToArray();
    }

    [GeneratedRegex(@"\.\d+")]
    private static partial Regex Fraction();
}
