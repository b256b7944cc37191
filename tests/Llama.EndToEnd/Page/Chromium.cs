using Microsoft.Playwright;

namespace Llama.EndToEnd.Page;

/// <summary>The distribution's Chromium, without a window. It finds no address but this host's, whatever a page asks for.</summary>
public sealed class Chromium : IAsyncLifetime
{
    private static readonly string? Executable =
        ((string[])["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]).FirstOrDefault(File.Exists);

    // For what appears at once on an idle machine, and is not measured.
    private const float PatienceMs = 30_000;

    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public async Task InitializeAsync()
    {
        if (Executable is null) return;
        Assertions.SetDefaultExpectTimeout(PatienceMs);
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = Executable,
            Args =
            [
                "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
                "--disable-sync", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
            ],
        });
    }

    public async Task DisposeAsync()
    {
        if (_browser is not null) await _browser.DisposeAsync();
        _playwright?.Dispose();
    }

    /// <summary>Opens a tab that knows nothing of others, at a server's page. Skips the test where there is no browser, or no page.</summary>
    /// <param name="server">The server's address.</param>
    /// <param name="place">What stands behind it, as in <c>#/matrix</c>.</param>
    /// <param name="theme">What the system prefers.</param>
    /// <param name="width">CSS pixels.</param>
    /// <param name="height">CSS pixels.</param>
    internal async Task<Tab> OpenAsync(string server, string place = "", ColorScheme theme = ColorScheme.Light, int width = 1280, int height = 800)
    {
        Skip.If(_browser is null, "chromium is not installed.");
        using (var client = new HttpClient())
        {
            string home = await client.GetStringAsync(new Uri(server));
            Skip.IfNot(home.Contains("type=\"module\"", StringComparison.Ordinal), "llama was built without its web page, which wants Node.js.");
        }

        IBrowserContext context = await _browser.NewContextAsync(new BrowserNewContextOptions
        {
            ColorScheme = theme,
            ViewportSize = new ViewportSize { Width = width, Height = height },
            Locale = "en-GB",
            TimezoneId = "UTC",
        });
        var tab = new Tab(context, await context.NewPageAsync(), new Uri(server));
        await tab.GoAsync(place);
        return tab;
    }
}
