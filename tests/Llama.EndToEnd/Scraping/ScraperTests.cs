using System.Text.Json;
using Llama.EndToEnd.Collecting;
using Llama.EndToEnd.Harness;
using Llama.EndToEnd.Joining;
using Llama.EndToEnd.Reflecting;

namespace Llama.EndToEnd.Scraping;

/// <summary>A real scraper of real collectors.</summary>
public sealed class ScraperTests : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Each_interval_of_a_collector_is_scraped_once_beside_one_that_is_dead()
    {
        await using RunningReflector reflector = await RunningReflector.Start();
        string file = _directory.Write("llama.yaml", SmallConfiguration.With(reflector.Port, ["127.0.0.1"]));
        await using RunningCollector collector = await RunningCollector.Start(file);
        int dead = Ports.Free();
        await using RunningScraper scraper = await RunningScraper.Start(_directory, "-llama.collector-hosts", $"127.0.0.1,127.0.0.1:{dead}", "-llama.collector-port", $"{collector.ApiPort}", "-llama.interval=1");

        JsonElement alive = await scraper.CollectorWhen($"127.0.0.1:{collector.ApiPort}", state => state.GetProperty("reports").GetInt64() >= 8, Deadline);
        Assert.Equal(("native", 1, 1.0), (alive.GetProperty("kind").GetString(), alive.GetProperty("pairs").GetInt32(), alive.GetProperty("interval_s").GetDouble()));
        Assert.Equal("Connection refused", (await scraper.CollectorWhen($"127.0.0.1:{dead}", _ => true, Deadline)).GetProperty("problem").GetString());
        double? reports = await Web.Metric(scraper.Port, "llama_scraper_reports_total", "native");
        Assert.InRange(await Web.Metric(scraper.Port, "llama_scraper_scrapes_total", "taken") ?? 0, reports ?? 0, reports + 1 ?? 0);

        await scraper.Process.Signal("TERM");
        Assert.Equal(0, await scraper.Process.Exit());
    }

    [Fact]
    public async Task Probes_of_a_server_are_scraped_as_they_come_and_go()
    {
        await using RunningServer server = await RunningServer.Start(_directory);
        await using RunningProbe a = await RunningProbe.Start(server.Url, "a", _directory);
        await using RunningScraper scraper = await RunningScraper.Start(_directory, "--server", server.Url, "--group", "default", "--interval", "1");
        await scraper.CollectorWhen($"127.0.0.1:{a.Port}", state => state.GetProperty("name").GetString() == "default/a" && state.GetProperty("reports").GetInt64() > 1, Deadline);

        await using RunningProbe b = await RunningProbe.Start(server.Url, "b", _directory);
        await scraper.CollectorWhen($"127.0.0.1:{b.Port}", state => state.GetProperty("reports").GetInt64() > 1, Deadline);
        using var client = new HttpClient();
        await a.Process.Signal("STOP");
        try
        {
            using HttpResponseMessage gone = await client.DeleteAsync(new Uri($"{server.Url}/api/v2/groups/default/probes/a"));
            Assert.Equal(System.Net.HttpStatusCode.NoContent, gone.StatusCode);
            await scraper.Says("scrapes 1 collectors: 0 new, 1 gone", Deadline);
        }
        finally
        {
            await a.Process.Signal("CONT");
        }
    }

    [Fact]
    public async Task A_list_in_a_file_is_followed()
    {
        string list = _directory.Write("collectors", "127.0.0.1:1\n");
        await using RunningScraper scraper = await RunningScraper.Start(_directory, "--collector-hosts", $"@{list}", "--interval", "1");
        await scraper.CollectorWhen("127.0.0.1:1", state => state.GetProperty("failures").GetInt32() > 0, Deadline);

        await File.WriteAllTextAsync(list, "127.0.0.1:2\n");
        await scraper.CollectorWhen("127.0.0.1:2", _ => true, Deadline);
        await scraper.Says("scrapes 1 collectors: 1 new, 1 gone", Deadline);
    }
}
