using System.Diagnostics;
using Llama.EndToEnd.Harness;
using Microsoft.Playwright;

namespace Llama.EndToEnd.Page;

/// <summary>What somebody sees who opens the address that `make demo` prints. By itself, as it measures time.</summary>
[Collection(nameof(Alone))]
public sealed class FirstLookTests(Chromium chromium) : IClassFixture<Chromium>
{
    private const string Impaired = "syd1", Bad = "pdx1";
    private static readonly string[] Near = ["ams1", "fra1", "iad1", Bad];

    [SkippableFact]
    public async Task Within_10_s_the_impaired_hop_is_plain_and_a_click_later_the_flow_and_direction_that_lose()
    {
        await using LlamaProcess demo = LlamaProcess.Start("demo");
        string line = await Eventually.Get(
            () => Task.FromResult(demo.Output.Split('\n') is [var first, _, ..] ? first : null),
            TimeSpan.FromSeconds(60),
            "the demo's address",
            () => demo.Transcript);
        string url = line["LLAMA demo: ".Length..];

        long opened = Stopwatch.GetTimestamp();
        await using Tab tab = await chromium.OpenAsync(url);
        var picture = new Picture(tab.Page);
        await tab.Page.WaitForFunctionAsync(
            """
            ([impaired, ...near]) => {
              const { matrix } = document.querySelector('[role=application] canvas') ?? {}
              if (!matrix || document.querySelector('header [role=status]').textContent !== 'Live') return false
              const lossy = (pairs) => pairs.map(([source, destination]) => matrix.cell(source, destination)?.value ?? NaN)
              const there = lossy(near.flatMap((name) => [[name, impaired], [impaired, name]]))
              const elsewhere = lossy(near.flatMap((one) => near.filter((other) => other !== one).map((other) => [one, other])))
              const count = (values) => values.filter((loss) => loss > 0.01).length
              return [...there, ...elsewhere].every((loss) => loss >= 0) && count(there) >= there.length - 2 && count(elsewhere) === 0
            }
            """,
            (string[])[Impaired, .. Near],
            new() { Timeout = 30_000 });
        Assert.InRange(Stopwatch.GetElapsedTime(opened).TotalSeconds, 0, 10);

        await picture.ClickAsync(Bad, Impaired);

        await Assertions.Expect(tab.Page.GetByRole(AriaRole.Region, new() { Name = "Direction" }).Locator("h2"))
            .ToContainTextAsync($"Lost on the way {Bad} → {Impaired}", new() { Timeout = Picture.DeadlineMs });
        ILocator flows = tab.Page.GetByRole(AriaRole.Region, new() { Name = "Flows", Exact = true });
        await Assertions.Expect(flows).ToContainTextAsync("1 of 4 flows loses", new() { Timeout = Picture.DeadlineMs });
        await Assertions.Expect(flows).ToContainTextAsync("100 % no reply at all");
        Assert.Empty(tab.Complaints);
    }
}
