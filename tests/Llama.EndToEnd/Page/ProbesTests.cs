using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using Llama.EndToEnd.Harness;
using Llama.EndToEnd.Joining;
using Microsoft.Playwright;

namespace Llama.EndToEnd.Page;

/// <summary>The members of a group: how they are, and how one goes that is not there any more.</summary>
[Collection(nameof(Browsing))]
public sealed partial class ProbesTests(Chromium chromium) : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [SkippableFact]
    public async Task Clock_and_health_are_shown_and_a_dead_probe_is_removed_with_the_admin_token()
    {
        await using RunningServer server = await RunningServer.Start(_directory, null, "--admin-token", "let me");
        string url = $"{server.Url}/";
        await using RunningProbe first = await RunningProbe.Start(server.Url, "a1", _directory);
        await using RunningProbe second = await RunningProbe.Start(server.Url, "b1", _directory);
        using (var http = new HttpClient())
        {
            using HttpResponseMessage joined = await http.PutAsJsonAsync(
                new Uri(new Uri(url), "api/v2/groups/default/probes/dead"),
                new { address = "127.0.0.1", port = Ports.Free(), instance = "dead", pushes = true });
            joined.EnsureSuccessStatusCode();
        }

        await using Tab tab = await chromium.OpenAsync(url, "#/probes");
        ILocator Toggle(string name) => tab.Page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });
        await Toggle("a1").ClickAsync(new() { Timeout = Picture.DeadlineMs });

        ILocator details = tab.Page.Locator("tr.details");
        ILocator Fact(string name) => details.Locator("div", new() { Has = tab.Page.Locator("dt", new() { HasTextString = name }) }).Locator("dd");
        string shown = "";
        await Eventually.Get(
            async () =>
            {
                Match clock = Clock().Match(shown = await Fact("Clock less the server's").InnerTextAsync());
                JsonElement probe = (await ProbeAsync(url, "a1"))!.Value;
                return clock.Success && IsNear(probe.GetProperty("clock_offset_ns"), clock.Groups[1].Value)
                    && IsNear(probe.GetProperty("clock_offset_error_ns"), clock.Groups[2].Value) ? "" : null;
            },
            TimeSpan.FromSeconds(60),
            "the clock that the API tells of",
            () => shown);
        await Assertions.Expect(Fact("Late sends, p99")).ToHaveTextAsync(Duration());
        await Assertions.Expect(Fact("Replies dropped here")).ToHaveTextAsync(Count());
        await Assertions.Expect(Fact("Reports")).ToHaveTextAsync("pushed to the server");
        await Assertions.Expect(Fact("Address")).ToHaveTextAsync($"127.0.0.1:{first.Port}");

        await Toggle("a1").ClickAsync();
        await Toggle("dead").ClickAsync();
        await details.GetByRole(AriaRole.Button, new() { Name = "Remove…" }).ClickAsync();
        ILocator dialog = tab.Page.GetByRole(AriaRole.Dialog);
        ILocator remove = dialog.GetByRole(AriaRole.Button, new() { Name = "Remove" });
        await remove.ClickAsync();
        await dialog.GetByLabel("Admin token").FillAsync("guess");
        await remove.ClickAsync();
        await Assertions.Expect(dialog.GetByRole(AriaRole.Alert)).ToContainTextAsync("does not take this token");
        Assert.NotNull(await ProbeAsync(url, "dead"));
        await dialog.GetByLabel("Admin token").FillAsync("let me");
        await remove.ClickAsync();

        await Assertions.Expect(dialog).ToHaveCountAsync(0);
        await Assertions.Expect(Toggle("dead")).ToHaveCountAsync(0, new() { Timeout = Picture.DeadlineMs });
        await Assertions.Expect(Toggle("b1")).ToBeVisibleAsync();
        Assert.Null(await ProbeAsync(url, "dead"));
        Assert.NotNull(await ProbeAsync(url, "b1"));
        Assert.DoesNotContain(tab.Asked, address => address.AbsoluteUri.Contains("let", StringComparison.Ordinal));
    }

    private static async Task<JsonElement?> ProbeAsync(string url, string name) =>
        (await Answer.JsonAsync(url, "api/v2/probes")).GetProperty("probes").EnumerateArray()
            .Where(probe => probe.GetProperty("name").GetString() == name).Select(probe => (JsonElement?)probe).FirstOrDefault();

    /// <summary>True when it is the same to the three digits that are shown.</summary>
    private static bool IsNear(JsonElement nanos, string shown)
    {
        string[] parts = shown.Split(' ');
        double unit = parts[1] switch { "ns" => 1, "µs" => 1e3, "ms" => 1e6, _ => 1e9 };
        double value = double.Parse(parts[0], CultureInfo.InvariantCulture) * unit;
        return nanos.ValueKind == JsonValueKind.Number && Math.Abs(value - nanos.GetDouble()) <= Math.Abs(nanos.GetDouble()) / 100;
    }

    [GeneratedRegex(@"^\s*[\d.]+ (ns|µs|ms|s)\s*$")]
    private static partial Regex Duration();

    [GeneratedRegex(@"^\s*\d+\s*$")]
    private static partial Regex Count();

    [GeneratedRegex(@"^\s*(-?[\d.]+ (?:ns|µs|ms|s))\s±\s([\d.]+ (?:ns|µs|ms|s))\s*$")]
    private static partial Regex Clock();
}
