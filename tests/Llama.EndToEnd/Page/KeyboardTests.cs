using Microsoft.Playwright;

namespace Llama.EndToEnd.Page;

/// <summary>Everything without a mouse.</summary>
[Collection(nameof(Browsing))]
public sealed class KeyboardTests(Chromium chromium, ShownDemo demo)
{
    private const int MostTabs = 40;

    [SkippableFact]
    public async Task Keys_alone_lead_to_a_pair_and_back()
    {
        await using Tab tab = await chromium.OpenAsync(demo.Url);
        var picture = new Picture(tab.Page);
        await tab.BeLiveAsync();
        await picture.BePaintedAsync();
        Cell wanted = await picture.CellAsync("iad1", "syd1");

        await GoAsync(tab, picture.Host);
        await PressAsync(tab, "Control+Home", 1);
        await PressAsync(tab, "ArrowDown", wanted.Row);
        await PressAsync(tab, "ArrowRight", wanted.Column);
        await Assertions.Expect(tab.Page.Locator("[aria-live=polite]")).ToContainTextAsync("iad1 to syd1. Loss");
        await PressAsync(tab, "Enter", 1);
        await Assertions.Expect(tab.Page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync(Words("iad1 → syd1"));

        await GoAsync(tab, tab.Page.GetByRole(AriaRole.Navigation).GetByRole(AriaRole.Link, new() { Name = "Matrix" }));
        await PressAsync(tab, "Enter", 1);
        await picture.BePaintedAsync();
        await GoAsync(tab, picture.Host);

        // The cell that one came from still has the focus.
        await Assertions.Expect(tab.Page.Locator("[aria-live=polite]")).ToContainTextAsync("iad1 to syd1. Loss");
        Assert.Empty(tab.Complaints);
    }

    [SkippableFact]
    public async Task Keys_alone_fold_and_open_rows_and_columns()
    {
        await using Tab tab = await chromium.OpenAsync(demo.Url);
        var picture = new Picture(tab.Page);
        await tab.BeLiveAsync();
        await picture.BePaintedAsync();

        ILocator menu = tab.Page.Locator("summary", new() { HasTextString = "Fold" });
        await GoAsync(tab, menu);
        await PressAsync(tab, "Enter", 1);
        await GoAsync(tab, tab.Page.GetByRole(AriaRole.Button, new() { Name = "by region" }));
        await PressAsync(tab, "Enter", 1);
        await PressAsync(tab, "Escape", 1);
        await Assertions.Expect(menu).ToBeFocusedAsync();
        await picture.HaveSizeAsync(3, 3);

        // America, europe and oceania: from the first cell, where america meets itself, to the next one.
        await GoAsync(tab, picture.Host);
        await PressAsync(tab, "Control+Home", 1);
        await PressAsync(tab, "ArrowRight", 1);
        await Assertions.Expect(tab.Page.Locator("[aria-live=polite]")).ToContainTextAsync("america to europe: the worst of 2 pairs");
        await PressAsync(tab, "Enter", 1);
        await picture.HaveSizeAsync(6, 6);
        await PressAsync(tab, "Control+Home", 1);
        await PressAsync(tab, "ArrowLeft", 1);
        await Assertions.Expect(tab.Page.Locator("[aria-live=polite]")).ToHaveTextAsync("From america, 1 probe, open. Enter folds it.");
        await PressAsync(tab, "Enter", 1);
        await picture.HaveSizeAsync(5, 5);
        Assert.Empty(tab.Complaints);
    }

    private static async Task GoAsync(Tab tab, ILocator target)
    {
        await Assertions.Expect(target).ToBeVisibleAsync();
        for (int press = 0; press < MostTabs; press++)
        {
            if (await target.EvaluateAsync<bool>("(element) => element === document.activeElement")) return;
            await tab.Page.Keyboard.PressAsync("Tab");
        }

        Assert.Fail($"Tab does not lead to {target}.");
    }

    private static async Task PressAsync(Tab tab, string key, int times)
    {
        for (int press = 0; press < times; press++) await tab.Page.Keyboard.PressAsync(key);
    }

    private static System.Text.RegularExpressions.Regex Words(string text) => new(string.Join(@"\s*", text.Split(' ')));
}
