using System.Net;
using System.Text.Json;

namespace Llama.Tests.Server.Scraping;

/// <summary>One run of the Go scraper, as it was recorded: fixtures/scraper.</summary>
internal sealed record RecordedCase(string Name, JsonElement Root)
{
    public static string Folder { get; } = Path.Combine(AppContext.BaseDirectory, "fixtures", "scraper");

    public static IEnumerable<string> Names => Directory.GetFiles(Folder, "*.json").Select(file => Path.GetFileNameWithoutExtension(file)).Order(StringComparer.Ordinal);

    /// <summary>The flags that follow the ones every case has.</summary>
    public string[] Arguments => [.. Root.GetProperty("args").EnumerateArray().Select(argument => argument.GetString()!)];

    /// <summary>What the first write to InfluxDB held; null where there was none.</summary>
    public string? FirstWrite => Root.GetProperty("influx_requests").EnumerateArray().Select(request => request.GetProperty("body").GetString()).FirstOrDefault();

    public static RecordedCase Read(string name)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Folder, name + ".json")));
        return new RecordedCase(name, document.RootElement.Clone());
    }

    /// <summary>Answers a path as the recorded collector did; one that it was not asked for is not there.</summary>
    public HttpResponseMessage Answer(string path)
    {
        JsonElement asked = Root.GetProperty("collector_requests").EnumerateArray().FirstOrDefault(request => request.GetProperty("path").GetString() == path);
        if (asked.ValueKind == JsonValueKind.Undefined) return ScriptedCollectors.NotFound();
        JsonElement response = asked.GetProperty("response");
        HttpResponseMessage reply = ScriptedCollectors.Reply((HttpStatusCode)response.GetProperty("status").GetInt32(), response.GetProperty("body").GetString()!, "text/plain");
        foreach (JsonElement header in response.GetProperty("headers").EnumerateArray())
            if (header[0].GetString() == "Location") reply.Headers.Location = new Uri(header[1].GetString()!, UriKind.RelativeOrAbsolute);
        return reply;
    }
}
