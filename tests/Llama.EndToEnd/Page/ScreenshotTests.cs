using Llama.EndToEnd.Harness;
using Microsoft.Playwright;

namespace Llama.EndToEnd.Page;

/// <summary>
/// Pictures of what is worth looking at beyond each page by itself (see <see cref="AccessibilityTests"/>), on a wall's screen and a
/// phone's: written to artifacts/screenshots for somebody to look at, once it is sure that there is something on them.
/// </summary>
[Collection(nameof(Browsing))]
public sealed class ScreenshotTests(Chromium chromium, ShownDemo demo, MadeUpServer made)
{
    [SkippableTheory]
    [InlineData("large", ColorScheme.Light)]
    [InlineData("large", ColorScheme.Dark)]
    [InlineData("folded", ColorScheme.Light)]
    [InlineData("folded", ColorScheme.Dark)]
    [InlineData("past", ColorScheme.Light)]
    [InlineData("past", ColorScheme.Dark)]
    public async Task Large_folded_and_past_matrices_show_something_at_every_width(string what, ColorScheme theme)
    {
        string server = what == "past" ? demo.Url : made.Url;
        string place = what switch
        {
            "past" => $"#/matrix?at={await demo.PastMomentAsync()}&hours=0.05",
            "folded" => "#/matrix?group=large&by=region,site&open=eu",
            _ => "#/matrix?group=large",
        };
        if (what != "past") await made.LargeMeshAsync();
        foreach ((string screen, int width, int height) in ((string, int, int)[])[("wide", 1440, 900), ("narrow", 390, 844)])
        {
            await using Tab tab = await chromium.OpenAsync(server, place, theme, width, height);
            var picture = new Picture(tab.Page);
            await (what == "past" ? tab.BePastAsync() : tab.BeLiveAsync());
            await picture.BePaintedAsync();
            if (what == "folded") await picture.HaveSizeAsync(10, 10);
            await picture.BePaintedAsync();
            await tab.Page.ScreenshotAsync(new() { Path = Repository.InRoot($"artifacts/screenshots/matrix-{what}-{theme}-{screen}.png".ToLowerInvariant()) });

            IReadOnlyList<LegendStep> legend = await picture.LegendAsync();
            int colours = await tab.Page.EvaluateAsync<int>(
                """
                (legend) => {
                  const canvas = document.querySelector('[role=application] canvas')
                  const context = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d', { willReadFrequently: true })
                  context.drawImage(canvas, 0, 0)
                  const pixels = context.getImageData(0, 0, canvas.width, canvas.height).data
                  const found = new Set()
                  for (let at = 0; at < pixels.length; at += 4) found.add(pixels[at] * 65536 + pixels[at + 1] * 256 + pixels[at + 2])
                  return legend.filter((colour) => found.has(parseInt(colour.slice(1), 16))).length
                }
                """,
                legend.Select(step => step.Colour).ToArray());
            Assert.True(colours >= 2, $"{screen}: {colours} colours of the legend are on the picture");
            Assert.Empty(tab.Complaints);
        }
    }
}
