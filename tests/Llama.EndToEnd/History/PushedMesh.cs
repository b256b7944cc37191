using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace Llama.EndToEnd.History;

/// <summary>
/// Probes that push made-up reports: what each pair sent and lost in an interval follows from the source, the interval and the
/// destination alone, so that what a server keeps of it can be checked.
/// </summary>
internal sealed class PushedMesh(string group, int sources, int destinations, DateTimeOffset begin, TimeSpan interval)
{
    public string Group => group;

    public int Sources => sources;

    public static string NameOf(int source) => $"s{source}";

    public DateTimeOffset StartOf(int index) => begin + index * interval;

    /// <summary>What all pairs of a source sent in an interval.</summary>
    public long SentBy(int source, int index) => Enumerable.Range(0, destinations).Sum(destination => Sent(source, index, destination));

    /// <summary>What they lost.</summary>
    public long LostBy(int source, int index) => Enumerable.Range(0, destinations).Sum(destination => Lost(source, index, destination));

    /// <summary>Registers all sources.</summary>
    public async Task JoinAsync(HttpClient http)
    {
        for (int source = 0; source < sources; source++)
        {
            using HttpResponseMessage reply = await http.PutAsJsonAsync(
                $"/api/v2/groups/{group}/probes/{NameOf(source)}", new { address = $"198.18.0.{source + 1}", port = 8100, instance = NameOf(source), pushes = true });
            reply.EnsureSuccessStatusCode();
        }
    }

    /// <summary>Pushes an interval of a source.</summary>
    public async Task<HttpStatusCode> PushAsync(HttpClient http, int source, int index)
    {
        using var content = new StringContent(Body(source, index), Encoding.UTF8, "application/json");
        using HttpResponseMessage reply = await http.PostAsync("/api/v2/summaries", content);
        return reply.StatusCode;
    }

    /// <summary>What the server has of each interval of a source: start, sent and lost over all destinations.</summary>
    public async Task<Dictionary<DateTimeOffset, (long Sent, long Lost)>> KeptAsync(HttpClient http, int source, int count)
    {
        string query = $"group={group}&source={NameOf(source)}&destination_by=group&step=0&metrics=sent,lost";
        JsonElement answer = await http.GetFromJsonAsync<JsonElement>($"/api/v2/series?{query}&from={Text(StartOf(0))}&to={Text(StartOf(count))}");
        var kept = new Dictionary<DateTimeOffset, (long, long)>();
        foreach (JsonElement series in answer.GetProperty("series").EnumerateArray())
        {
            JsonElement metrics = series.GetProperty("metrics");
            foreach ((int place, JsonElement at) in series.GetProperty("at_ms").EnumerateArray().Index())
            {
                kept.Add(
                    DateTimeOffset.FromUnixTimeMilliseconds(at.GetInt64()),
                    (metrics.GetProperty("sent")[place].GetInt64(), metrics.GetProperty("lost")[place].GetInt64()));
            }
        }

        return kept;
    }

    /// <summary>What the server says all pairs sent and lost over all intervals together.</summary>
    public async Task<(long Sent, long Lost)> TotalAsync(HttpClient http, int count)
    {
        JsonElement matrix = await http.GetFromJsonAsync<JsonElement>(
            $"/api/v2/matrix?group={group}&metrics=sent,lost&from={Text(StartOf(0))}&to={Text(StartOf(count))}");
        JsonElement metrics = matrix.GetProperty("metrics");
        return (Sum(metrics.GetProperty("sent")), Sum(metrics.GetProperty("lost")));
    }

    private static long Sum(JsonElement rows) =>
        rows.EnumerateArray().Sum(row => row.EnumerateArray().Where(cell => cell.ValueKind == JsonValueKind.Number).Sum(cell => cell.GetInt64()));

    private static string Text(DateTimeOffset time) => time.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static long Sent(int source, int index, int destination) => 20 + (source * 31 + index * 7 + destination * 3) % 50;

    private static long Lost(int source, int index, int destination) => (source + index + destination) % 5;

    private string Body(int source, int index) => JsonSerializer.Serialize(new
    {
        probe = new { group, name = NameOf(source), instance = NameOf(source) },
        reports = new[]
        {
            new
            {
                start = Text(StartOf(index)),
                end = Text(StartOf(index + 1)),
                summaries = Enumerable.Range(0, destinations).Select(destination => Summary(source, index, destination)).ToArray(),
            },
        },
    });

    private object Summary(int source, int index, int destination)
    {
        (long sent, long lost) = (Sent(source, index, destination), Lost(source, index, destination));
        long received = sent - lost;
        return new
        {
            source = "::",
            destination = new { host = $"198.18.1.{destination + 1}", address = $"198.18.1.{destination + 1}", port = 8100 },
            @class = 0,
            tags = new Dictionary<string, string> { ["dst_shortname"] = $"d{destination}", ["group"] = group },
            datagrams = new { sent, received, lost, lost_forward = lost, lost_reverse = 0, late = 0, duplicates = 0, reordered = 0, send_errors = 0 },
            rtt = new { count = received, sum_ns = received * 1_000_000, min_ns = 1_000_000, max_ns = 1_000_000, buckets = new[] { new[] { 829L, received } } },
            path = new { },
            flows = Array.Empty<object>(),
        };
    }
}
