using System.Text.Json;
using Llama.EndToEnd.Harness;
using Llama.EndToEnd.Joining;
using Microsoft.Playwright;

namespace Llama.EndToEnd.Page;

/// <summary>Names and tags are what somebody else has typed. They are text, whatever they contain.</summary>
[Collection(nameof(Browsing))]
public sealed class HostileNameTests(Chromium chromium) : IDisposable
{
    private const string Image = "<img src=x onerror=window.owned=1>";
    private const string Script = "'\"><script>window.owned=1<\u2044script>";
    private const string RightToLeft = "\u202Ecba \u05E9\u05DC\u05D5\u05DD \U0001F999\U0001F525";
    private static readonly string Long = $"long-{new string('w', 190)}";

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [SkippableFact]
    public async Task Whatever_names_and_tags_contain_is_shown_as_text()
    {
        await using RunningServer server = await RunningServer.Start(_directory);
        string[] names = [Image, Script, RightToLeft, Long];
        var probes = new List<LlamaProcess>();
        try
        {
            foreach ((int place, string name) in names.Index())
            {
                probes.Add(LlamaProcess.Start(
                    "probe", "--server", server.Url, "--shortname", name, "--name", name, "--port", $"{Ports.Free()}",
                    "--data", Path.Combine(_directory.FullName, $"probe{place}"), "--tags", $"site={Image},{Script}=x"));
            }

            await Eventually.Get(
                async () => (await MeasuredAsync(server)) == names.Length * (names.Length - 1) ? "" : null,
                TimeSpan.FromSeconds(30),
                "all pairs measured",
                () => server.Process.Transcript);
            await using Tab tab = await chromium.OpenAsync($"{server.Url}/", "#/probes");
            foreach (string name in names)
                await Assertions.Expect(tab.Page.Locator("main")).ToContainTextAsync(name, new() { Timeout = 30_000 });
            string pair = $"source={Uri.EscapeDataString(Image)}&destination={Uri.EscapeDataString(Script)}";
            string[] places = ["#/matrix", $"#/matrix?by=site&filter={Uri.EscapeDataString(Image)}", "#/overview", $"#/pair?{pair}"];
            foreach (string place in places)
            {
                await tab.GoAsync(place);
                await tab.BeLiveAsync();
                await Assertions.Expect(tab.Page.Locator("main")).ToContainTextAsync(new System.Text.RegularExpressions.Regex(@"\w"));
                Assert.Equal(0, await tab.Page.EvaluateAsync<int>("() => document.querySelectorAll('img[src=x], body script:not([src])').length"));
            }

            Assert.False(await tab.Page.EvaluateAsync<bool>("() => 'owned' in window"));
            Assert.True(tab.Complaints.Length == 0, tab.Complaints);
            Assert.DoesNotContain(tab.Asked, address => address.AbsolutePath is "/x");
        }
        finally
        {
            foreach (LlamaProcess probe in probes) await probe.DisposeAsync();
        }
    }

    private static async Task<int> MeasuredAsync(RunningServer server)
    {
        using JsonDocument matrix = JsonDocument.Parse(await Web.Get(server.Port, "/api/v2/matrix?metrics=loss"));
        return matrix.RootElement.GetProperty("metrics").GetProperty("loss").EnumerateArray()
            .Sum(row => row.EnumerateArray().Count(loss => loss.ValueKind == JsonValueKind.Number));
    }
}
