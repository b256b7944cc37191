using System.Globalization;
using System.Text.RegularExpressions;
using Llama.EndToEnd.Harness;
using Microsoft.Playwright;

namespace Llama.EndToEnd.Page;

/// <summary>The past, on the bar below the matrix. In each minute of the hour a pair loses another share, so that a number tells its moment.</summary>
[Collection(nameof(Browsing))]
public sealed partial class TimeBarTests(Chromium chromium, MadeUpServer made)
{
    private const string Group = "minutes";
    private const int Minutes = 60;

    [SkippableFact]
    public async Task Dragging_shows_that_moment_as_the_API_has_it_playback_moves_on_and_live_comes_back()
    {
        DateTimeOffset end = MadeUpServer.LastEnd(MadeUpServer.MinuteInterval);
        await made.JoinAsync(Group, ["a", "b"]);
        for (int minute = 0; minute < Minutes; minute++)
        {
            DateTimeOffset start = end - (Minutes - minute) * MadeUpServer.MinuteInterval;
            await made.PushAsync(Group, "a", start, MadeUpServer.MinuteInterval, [new("b", 100, minute)]);
            await made.PushAsync(Group, "b", start, MadeUpServer.MinuteInterval, [new("a", 100, 0)]);
        }

        const double Newest = (Minutes - 1) / 100.0;
        await using Tab tab = await chromium.OpenAsync(made.Url, $"#/matrix?group={Group}&hours=1");
        var picture = new Picture(tab.Page);
        await tab.BeLiveAsync();
        await picture.ShowAsync("a", "b", Newest);
        ILocator slider = tab.Page.GetByRole(AriaRole.Slider, new() { Name = "Moment that is shown" });
        LocatorBoundingBoxResult box = (await slider.BoundingBoxAsync())!;
        async Task ToAsync(double share) => await tab.Page.Mouse.MoveAsync((float)(box.X + share * box.Width), (float)(box.Y + 20), new() { Steps = 5 });

        // While it is held, and when it is let go.
        await ToAsync(0.9);
        await tab.Page.Mouse.DownAsync();
        await ToAsync(0.6);
        long held = await MomentAsync(tab, before: end.ToUnixTimeMilliseconds());
        await AssertShowsAsync(held);
        await ToAsync(0.3);
        await tab.Page.Mouse.UpAsync();
        await tab.BePastAsync();
        long chosen = await MomentAsync(tab, before: held);
        await AssertShowsAsync(chosen);
        Assert.InRange(DateTimeOffset.FromUnixTimeMilliseconds(chosen), end.AddMinutes(-44), end.AddMinutes(-38));
        await Assertions.Expect(slider).ToHaveAttributeAsync("aria-valuetext", WorstPair());

        // It plays, each moment with its own numbers.
        await tab.Page.GetByRole(AriaRole.Button, new() { Name = "Play", Exact = true }).ClickAsync();
        await Eventually.Holds(() => At(tab) > chosen + 3 * 60_000, TimeSpan.FromSeconds(60), "three minutes to be played");
        await tab.Page.GetByRole(AriaRole.Button, new() { Name = "Pause", Exact = true }).ClickAsync();
        await AssertShowsAsync(At(tab)!.Value);

        await tab.Page.GetByRole(AriaRole.Button, new() { Name = "Back to live" }).ClickAsync();
        await tab.BeLiveAsync();
        Assert.Null(At(tab));
        await picture.ShowAsync("a", "b", Newest);
        Assert.Empty(tab.Complaints);

        async Task AssertShowsAsync(long at)
        {
            double loss = (await Answer.AskAsync(made.Url, $"group={Group}&at={at}&metrics=loss"))["loss", "a", "b"]!.Value;
            Assert.NotEqual(Newest, loss);
            await picture.ShowAsync("a", "b", loss);
        }
    }

    /// <summary>The moment that the address says, once it is before another one.</summary>
    private static async Task<long> MomentAsync(Tab tab, long before)
    {
        await Eventually.Holds(() => At(tab) < before, TimeSpan.FromSeconds(30), "another moment in the address", () => tab.Page.Url);
        return At(tab)!.Value;
    }

    private static long? At(Tab tab) =>
        Moment().Match(tab.Page.Url) is { Success: true } match ? long.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) : null;

    [GeneratedRegex(@"[?&]at=(\d+)")]
    private static partial Regex Moment();

    [GeneratedRegex(@"worst pair [\d.]+ %, all [\d.]+ %, 1 of 2 pairs lossy")]
    private static partial Regex WorstPair();
}
