using Llama.EndToEnd.Harness;
using Llama.EndToEnd.Joining;
using Microsoft.Playwright;

namespace Llama.EndToEnd.Page;

/// <summary>Who may read the numbers. The page itself anybody may load.</summary>
[Collection(nameof(Browsing))]
public sealed class SignInTests(Chromium chromium, ShownDemo demo) : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [SkippableFact]
    public async Task Where_no_token_is_set_nobody_is_asked_for_one()
    {
        await using Tab tab = await chromium.OpenAsync(demo.Url);

        await tab.BeLiveAsync();

        await Assertions.Expect(Token(tab)).ToHaveCountAsync(0);
        await Assertions.Expect(tab.Page.GetByRole(AriaRole.Button, new() { Name = "Sign out" })).ToHaveCountAsync(0);
    }

    [SkippableFact]
    public async Task The_right_token_opens_the_page_and_a_wrong_one_is_told_so()
    {
        await using RunningServer server = await RunningServer.Start(_directory, null, "--read-token", "look");
        await using Tab tab = await chromium.OpenAsync($"{server.Url}/");

        await SignInAsync(tab, "guess");
        await Assertions.Expect(tab.Page.Locator("main").GetByRole(AriaRole.Alert)).ToContainTextAsync("does not take this token");
        await SignInAsync(tab, "look");

        await Assertions.Expect(Token(tab)).ToHaveCountAsync(0);
        await Assertions.Expect(tab.Page.GetByRole(AriaRole.Button, new() { Name = "Sign out" })).ToBeVisibleAsync();
        Assert.DoesNotContain(tab.Asked, address => address.AbsoluteUri.Contains("look", StringComparison.Ordinal));
    }

    [SkippableFact]
    public async Task A_token_is_kept_for_the_tab_or_for_the_device_and_gone_after_signing_out()
    {
        await using RunningServer server = await RunningServer.Start(_directory, null, "--read-token", "look");
        await using Tab tab = await chromium.OpenAsync($"{server.Url}/");
        await SignInAsync(tab, "look");
        ILocator signOut = tab.Page.GetByRole(AriaRole.Button, new() { Name = "Sign out" });
        await Assertions.Expect(signOut).ToBeVisibleAsync();

        await tab.Page.ReloadAsync();
        await Assertions.Expect(signOut).ToBeVisibleAsync();
        IPage other = await tab.Page.Context.NewPageAsync();
        await other.GotoAsync(server.Url);
        await Assertions.Expect(other.GetByLabel("Read token")).ToBeVisibleAsync();

        await other.GetByLabel("Remember").CheckAsync();
        await other.GetByLabel("Read token").FillAsync("look");
        await other.Keyboard.PressAsync("Enter");
        await Assertions.Expect(other.GetByLabel("Read token")).ToHaveCountAsync(0);
        IPage third = await tab.Page.Context.NewPageAsync();
        await third.GotoAsync(server.Url);
        await Assertions.Expect(third.GetByRole(AriaRole.Button, new() { Name = "Sign out" })).ToBeVisibleAsync();

        await third.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();
        await third.ReloadAsync();
        await Assertions.Expect(third.GetByLabel("Read token")).ToBeVisibleAsync();
    }

    private static ILocator Token(Tab tab) => tab.Page.GetByLabel("Read token");

    private static async Task SignInAsync(Tab tab, string token)
    {
        await Token(tab).FillAsync(token);
        await tab.Page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
    }
}
