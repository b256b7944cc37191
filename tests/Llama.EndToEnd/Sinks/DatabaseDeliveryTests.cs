using System.Globalization;
using System.Text.Json;
using Llama.EndToEnd.Collecting;
using Llama.EndToEnd.Harness;
using Llama.EndToEnd.Reflecting;

namespace Llama.EndToEnd.Sinks;

/// <summary>Reports on their way from the real collector into a real database, while either is killed.</summary>
public sealed class DatabaseDeliveryTests : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private readonly TemporaryDirectory _state = new();

    public void Dispose() => _state.Dispose();

    [SkippableFact]
    public async Task InfluxDb_has_each_interval_once_though_it_and_the_collector_were_killed()
    {
        string file = Path.Combine(_state.FullName, "lines.jsonl");
        await using RealServer influx = await RealServer.StartAsync(DatabaseServers.InfluxDb);
        await using RunningReflector reflector = await RunningReflector.Start();
        string configuration = _state.Write("collector.yml", SmallConfiguration.With(reflector.Port, ["127.0.0.1", "127.0.0.2"]));
        string[] sinks = ["--sink", $"influx:{influx.Url}/llama", "--sink", $"jsonl:{file}", "--spool", Path.Combine(_state.FullName, "spool")];

        RunningCollector collector = await RunningCollector.Start(configuration, sinks);
        try
        {
            await MoreIntervals(file, 2, collector);
            await influx.KillAsync();
            await MoreIntervals(file, 3, collector);
            await influx.StartAsync();
            await MoreIntervals(file, 1, collector);
            await collector.DisposeAsync();

            collector = await RunningCollector.Start(configuration, sinks);
            await MoreIntervals(file, 2, collector);
            await influx.KillAsync();
            await MoreIntervals(file, 1, collector);
            await collector.DisposeAsync();

            // The one that starts finds what the killed one could not deliver.
            await influx.StartAsync();
            collector = await RunningCollector.Start(configuration, sinks);
            await MoreIntervals(file, 2, collector);
            await collector.Process.Signal("TERM");
            Assert.Equal(0, await collector.Process.Exit());
        }
        finally
        {
            await collector.DisposeAsync();
        }

        var told = Lines(file).GroupBy(Key).ToDictionary(lines => lines.Key, lines => Counts(lines.First()));
        Dictionary<string, (long Sent, long Lost)> written = await WrittenAsync(influx);
        Assert.Equal(told.OrderBy(line => line.Key, StringComparer.Ordinal), written.OrderBy(line => line.Key, StringComparer.Ordinal));
    }

    /// <summary>Waits until the file tells of so many intervals that it did not tell of.</summary>
    private static Task MoreIntervals(string file, int count, RunningCollector collector)
    {
        int before = Ends(file);
        return Eventually.Holds(() => Ends(file) >= before + count, Deadline, $"{count} more intervals in the file", () => collector.Process.Transcript);
    }

    private static int Ends(string file) => Lines(file).Select(line => line.GetProperty("end").GetString()).Distinct().Count();

    /// <summary>All points of the database. Each pair has one in an interval at most, since time and tags tell it from others.</summary>
    private static async Task<Dictionary<string, (long Sent, long Lost)>> WrittenAsync(RealServer influx)
    {
        const string query = """SELECT "sent", "lost" FROM "raw_stats" GROUP BY "dst_ip" """;
        using var answer = JsonDocument.Parse(await Web.Get(influx.Port, $"/query?db=llama&epoch=s&q={Uri.EscapeDataString(query)}"));
        return answer.RootElement.GetProperty("results")[0].GetProperty("series").EnumerateArray()
            .SelectMany(series => series.GetProperty("values").EnumerateArray().Select(value => (Destination: series.GetProperty("tags").GetProperty("dst_ip").GetString(), Value: value)))
            .ToDictionary(point => $"{point.Destination} {point.Value[0].GetInt64()}", point => (point.Value[1].GetInt64(), point.Value[2].GetInt64()));
    }

    private static string Key(JsonElement line)
    {
        DateTimeOffset end = DateTimeOffset.Parse(line.GetProperty("end").GetString()!, CultureInfo.InvariantCulture);

        // Whole seconds, rounded up, as they stand in the database.
        return $"{line.GetProperty("destination").GetProperty("address").GetString()} {(end.ToUnixTimeMilliseconds() + 999) / 1000}";
    }

    private static (long Sent, long Lost) Counts(JsonElement line)
    {
        JsonElement datagrams = line.GetProperty("datagrams");
        return (datagrams.GetProperty("sent").GetInt64(), datagrams.GetProperty("lost").GetInt64());
    }

    private static List<JsonElement> Lines(string file)
    {
        if (!File.Exists(file)) return [];
        var lines = new List<JsonElement>();
        foreach (string text in File.ReadAllText(file).Split('\n')[..^1])
        {
            try
            {
                lines.Add(JsonDocument.Parse(text).RootElement);
            }
            catch (JsonException)
            {
                // A kill cut it off; it comes again whole.
            }
        }

        return lines;
    }
}
