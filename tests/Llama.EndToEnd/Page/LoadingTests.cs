using Microsoft.Playwright;

namespace Llama.EndToEnd.Page;

/// <summary>What a browser fetches, and from where.</summary>
[Collection(nameof(Browsing))]
public sealed class LoadingTests(Chromium chromium, ShownDemo demo)
{
    private const int MostOctets = 300_000;

    [SkippableFact]
    public async Task Every_page_loads_without_a_complaint_and_asks_nobody_but_its_server()
    {
        await using Tab tab = await chromium.OpenAsync(demo.Url);
        foreach (string place in ShownDemo.Places.Values) await ShowAsync(tab, place);

        Assert.True(tab.Complaints.Length == 0, tab.Complaints);
        Assert.DoesNotContain(tab.Asked, address => address.Scheme is not ("data" or "blob") && !address.AbsoluteUri.StartsWith(demo.Url, StringComparison.Ordinal));
    }

    [SkippableFact]
    public async Task All_of_the_page_together_is_under_300_kB()
    {
        await using Tab tab = await chromium.OpenAsync(demo.Url);
        foreach (string place in ShownDemo.Places.Values) await ShowAsync(tab, place);
        await tab.Page.WaitForFunctionAsync("performance.getEntriesByType('resource').length > 3");

        Assert.InRange(await tab.TransferredAsync(), 10_000, MostOctets);
    }

    [SkippableFact]
    public async Task Behind_a_proxy_with_a_path_of_its_own_the_page_finds_its_files_and_numbers()
    {
        // What is asked for beneath the path is handed to the server without it, as such a proxy does.
        await using Tab tab = await chromium.OpenAsync(demo.Url);
        await tab.Page.RouteAsync("**/network/llama/**", async route =>
        {
            string address = route.Request.Url.Replace("/network/llama/", "/", StringComparison.Ordinal);
            if (address.Contains("/intervals", StringComparison.Ordinal)) await route.AbortAsync();
            else await route.FulfillAsync(new() { Response = await route.FetchAsync(new() { Url = address }) });
        });

        await tab.Page.GotoAsync($"{demo.Url}network/llama/#/probes");

        await Assertions.Expect(tab.Page.GetByText("syd1").First).ToBeVisibleAsync(new() { Timeout = 20_000 });
    }

    private static async Task ShowAsync(Tab tab, string place)
    {
        await tab.GoAsync(place);
        await tab.BeLiveAsync();
        await Assertions.Expect(tab.Page.Locator("main")).ToContainTextAsync(new System.Text.RegularExpressions.Regex(@"\w"));
    }
}
