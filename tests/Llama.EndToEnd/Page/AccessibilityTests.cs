using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Llama.EndToEnd.Harness;
using Microsoft.Playwright;

namespace Llama.EndToEnd.Page;

/// <summary>Every page in both themes, on a wall's screen and a phone's: judged by axe, measured, and kept as a picture in artifacts/screenshots.</summary>
[Collection(nameof(Browsing))]
public sealed class AccessibilityTests(Chromium chromium, ShownDemo demo)
{
    public static TheoryData<string, ColorScheme> Shown()
    {
        var all = new TheoryData<string, ColorScheme>();
        foreach (string page in ShownDemo.Places.Keys)
        {
            all.Add(page, ColorScheme.Light);
            all.Add(page, ColorScheme.Dark);
        }

        return all;
    }

    [SkippableTheory]
    [MemberData(nameof(Shown))]
    public async Task No_page_has_serious_findings_or_is_wider_than_its_screen(string page, ColorScheme theme)
    {
        foreach ((string screen, int width, int height) in ((string, int, int)[])[("wide", 1440, 900), ("narrow", 360, 740)])
        {
            await using Tab tab = await chromium.OpenAsync(demo.Url, ShownDemo.Places[page], theme, width, height);
            await tab.BeLiveAsync();
            await tab.Page.EvaluateAsync("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");
            await tab.Page.ScreenshotAsync(new() { Path = Repository.InRoot($"artifacts/screenshots/{page}-{theme}-{screen}.png".ToLowerInvariant()) });

            AxeResult found = await tab.Page.RunAxe();

            Assert.Empty(found.Violations.Where(finding => finding.Impact is "serious" or "critical")
                .Select(finding => $"{screen}: {finding.Id}: {finding.Help}\n  {string.Join("\n  ", finding.Nodes.Select(node => node.Html))}"));
            int overflow = await tab.Page.EvaluateAsync<int>("() => document.documentElement.scrollWidth - innerWidth");
            Assert.True(overflow <= 0, $"{screen}: {overflow} px too wide");
        }
    }
}
