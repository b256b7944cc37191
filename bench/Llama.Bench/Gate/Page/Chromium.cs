using Microsoft.Playwright;

namespace Llama.Benchmarks.Gate.Page;

/// <summary>Debian's Chromium without a window, which draws without a graphics card and talks to nobody on its own.</summary>
internal sealed class Chromium : IAsyncDisposable
{
    private const string Program = "/usr/bin/chromium";

    // Its sandbox wants a user who is not root. The rest keeps it from asking its maker for anything.
    private static readonly string[] Flags =
    [
        "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
        "--disable-sync",
    ];

    private readonly IPlaywright _playwright;
    private readonly IBrowser _browser;

    private Chromium(IPlaywright playwright, IBrowser browser) => (_playwright, _browser) = (playwright, browser);

    public static async Task<Chromium> StartAsync()
    {
        if (!File.Exists(Program)) throw new FileNotFoundException($"there is no {Program}: apt-get install chromium");
        IPlaywright playwright = await Playwright.CreateAsync().ConfigureAwait(false);
        try
        {
            IBrowser browser = await playwright.Chromium.LaunchAsync(new() { ExecutablePath = Program, Args = Flags }).ConfigureAwait(false);
            return new Chromium(playwright, browser);
        }
        catch
        {
            playwright.Dispose();
            throw;
        }
    }

    /// <summary>A new profile: nothing of it is in the cache.</summary>
    public Task<IBrowserContext> NewProfileAsync() => _browser.NewContextAsync(new()
    {
        ViewportSize = new ViewportSize { Width = OpenPage.Width, Height = OpenPage.Height },
        ColorScheme = ColorScheme.Dark,
    });

    public async ValueTask DisposeAsync()
    {
        await _browser.DisposeAsync().ConfigureAwait(false);
        _playwright.Dispose();
    }
}
