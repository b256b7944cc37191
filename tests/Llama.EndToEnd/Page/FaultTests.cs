using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Llama.EndToEnd.Harness;
using Microsoft.Playwright;

namespace Llama.EndToEnd.Page;

/// <summary>Where the demo's fault is: named by the overview, and by the page of a pair as far as the flow and the direction.</summary>
[Collection(nameof(Browsing))]
public sealed class FaultTests(Chromium chromium, ShownDemo demo)
{
    private const string Near = "iad1", Far = "syd1";

    // Of the flows that are heard at all: of fewer, nobody can tell a direction.
    private const int EnoughLost = 20;

    [SkippableFact]
    public async Task The_pair_page_tells_flows_and_direction_as_the_API_does()
    {
        long at = 0;
        (int Port, int Lost, double Loss, double There, double Back)[] flows = await Eventually.Get(
            async () =>
            {
                at = await demo.PastMomentAsync();
                JsonElement answer = await Answer.JsonAsync(demo.Url, $"api/v2/flows?source={Near}&destination={Far}&from={at - 60_000}&to={at}");
                (int Port, int Lost, double Loss, double There, double Back)[] now = [.. answer.GetProperty("flows").EnumerateArray().Select(flow => (
                    flow.GetProperty("source_port").GetInt32(),
                    flow.GetProperty("lost").GetInt32(),
                    flow.GetProperty("loss").GetDouble(),
                    Sum(flow, "loss_forward"),
                    Sum(flow, "loss_reverse")))];
                return now.Length > 1 && now[1..].Sum(flow => flow.Lost) >= EnoughLost ? now : null;
            },
            TimeSpan.FromSeconds(60),
            "enough loss to judge by",
            () => demo.Transcript);
        Assert.Equal(1, flows[0].Loss);
        Assert.All(flows[1..], flow => Assert.True(flow.Loss < 0.5));
        Assert.True(flows.Sum(flow => flow.There) > flows.Sum(flow => flow.Back));

        await using Tab tab = await chromium.OpenAsync(demo.Url, $"#/pair?source={Near}&destination={Far}&at={at}&hours=0.25");
        ILocator column = tab.Page.GetByRole(AriaRole.Region, new() { Name = $"{Near} to {Far}", Exact = true });
        ILocator listed = column.GetByRole(AriaRole.Region, new() { Name = $"Flows from {Near} to {Far}" }).GetByRole(AriaRole.Listitem);
        await Assertions.Expect(listed).ToHaveCountAsync(flows.Length, new() { Timeout = Picture.DeadlineMs });

        await Assertions.Expect(listed.First).ToHaveTextAsync(new Regex($@"^\s*{flows[0].Port}\s*no reply\s*100 %"));
        Assert.Equal(
            flows.Select(flow => flow.Port).Order(),
            (await listed.Locator(".label .number").AllInnerTextsAsync()).Select(text => int.Parse(text, CultureInfo.InvariantCulture)).Order());
        ILocator verdict = tab.Page.GetByRole(AriaRole.Region, new() { Name = "Flows", Exact = true });
        await Assertions.Expect(verdict).ToContainTextAsync("1 of 4 flows loses");
        await Assertions.Expect(verdict.GetByRole(AriaRole.Listitem)).ToHaveTextAsync(new Regex($"port {flows[0].Port} 100 % no reply at all"));
        ILocator direction = tab.Page.GetByRole(AriaRole.Region, new() { Name = "Direction" });
        await Assertions.Expect(direction.Locator("h2")).ToContainTextAsync($"Lost on the way {Near} → {Far}");

        // Both directions stand side by side, with their charts.
        ILocator other = tab.Page.GetByRole(AriaRole.Region, new() { Name = $"{Far} to {Near}", Exact = true });
        Assert.All([await column.BoundingBoxAsync(), await other.BoundingBoxAsync()], box => Assert.True(box!.Width > 300 && box.Height > 300));
        Assert.All([await column.Locator("canvas").CountAsync(), await other.Locator("canvas").CountAsync()], charts => Assert.True(charts >= 3));
        Assert.Empty(tab.Complaints);
    }

    [SkippableFact]
    public async Task The_overview_names_who_explains_the_loss_and_leads_to_it()
    {
        await demo.PastMomentAsync();
        await using Tab tab = await chromium.OpenAsync(demo.Url, "#/overview");
        ILocator first = tab.Page.GetByRole(AriaRole.Region, new() { Name = "What stands out" }).GetByRole(AriaRole.Listitem).First;
        var explained = new Regex($@"\d of \d+ lossy pairs\s+have\s+(destination {Far}|{Far}\s+at one end)");
        await Assertions.Expect(first).ToContainTextAsync(explained, new() { Timeout = Picture.DeadlineMs });
        ILocator worst = tab.Page.GetByRole(AriaRole.Region, new() { Name = "Worst pairs" }).Locator("tbody tr").First;
        await Assertions.Expect(worst).ToContainTextAsync(Far);
        await Assertions.Expect(tab.Page.Locator("main")).ToContainTextAsync($"{ShownDemo.Probes.Count * (ShownDemo.Probes.Count - 1)}");

        await first.GetByRole(AriaRole.Link, new() { Name = "Worst:" }).ClickAsync();
        await Assertions.Expect(tab.Page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToContainTextAsync(Far);
        Assert.Empty(tab.Complaints);
    }

    private static double Sum(JsonElement flow, string metric) =>
        flow.GetProperty("metrics").GetProperty(metric).EnumerateArray()
            .Where(value => value.ValueKind == JsonValueKind.Number).Sum(value => value.GetDouble());
}
