using System.Text.Json;
using Llama.Server.Scraping;

namespace Llama.Tests.Server.Scraping;

/// <summary>What a scraper shows of itself.</summary>
public sealed class ScraperApiTests
{
    [Fact]
    public async Task It_shows_each_collector_and_what_came_of_asking()
    {
        await using var world = new ScrapingWorld();
        world.Collectors.Native("a:5000", TimeSpan.FromSeconds(10), _ => [Reports.Summary("::", Reports.Target("192.0.2.9:8100"), 0, 1000)]);
        await world.StartAsync("a,b");
        await world.PassAsync(9);
        await using ScraperApi api = await ScraperApi.StartAsync("127.0.0.1", 0, world.Scraper);

        RawReply status = await RawHttp.GetAsync(api.Addresses[0], "/status");
        JsonElement[] collectors = [.. JsonDocument.Parse(status.Body).RootElement.GetProperty("collectors").EnumerateArray()];
        Assert.Equal(["a:5000", "b:5000"], collectors.Select(collector => collector.GetProperty("address").GetString()));
        Assert.Equal(("native", 1, 10.0), (collectors[0].GetProperty("kind").GetString(), collectors[0].GetProperty("pairs").GetInt32(), collectors[0].GetProperty("interval_s").GetDouble()));
        Assert.Equal(("unknown", "Connection refused", "unreachable"), (collectors[1].GetProperty("kind").GetString(), collectors[1].GetProperty("problem").GetString(), collectors[1].GetProperty("outcome").GetString()));

        string metrics = (await RawHttp.GetAsync(api.Addresses[0], "/metrics")).Body;
        Assert.Contains("\nllama_scraper_collectors{state=\"up\"} 1\n", metrics, StringComparison.Ordinal);
        Assert.Contains("\nllama_scraper_collectors{state=\"down\"} 1\n", metrics, StringComparison.Ordinal);
        Assert.Contains("\nllama_scraper_scrapes_total{outcome=\"unreachable\"} 1\n", metrics, StringComparison.Ordinal);
        Assert.Contains("\nllama_scraper_scrape_seconds_bucket{le=\"+Inf\"} ", metrics, StringComparison.Ordinal);
        Assert.Contains("\nprocess_start_time_seconds ", metrics, StringComparison.Ordinal);
        Assert.Equal(200, (await RawHttp.GetAsync(api.Addresses[0], "/healthz")).Status);
        Assert.Equal(200, (await RawHttp.GetAsync(api.Addresses[0], "/readyz")).Status);
        Assert.Equal(404, (await RawHttp.GetAsync(api.Addresses[0], "/")).Status);
        Assert.Equal(405, (await RawHttp.SendAsync(api.Addresses[0], "POST", "/status")).Status);
    }

    [Fact]
    public async Task It_is_not_ready_before_it_knows_its_collectors()
    {
        await using ScraperApi api = await ScraperApi.StartAsync("127.0.0.1", 0, new Scraper(new ScraperOptions { Collectors = CollectorLists.Fixed([]), Take = (_, _) => default }));

        RawReply reply = await RawHttp.GetAsync(api.Addresses[0], "/readyz");
        Assert.Equal((503, "it is not known yet which collectors there are"), (reply.Status, reply.Body));
    }
}
