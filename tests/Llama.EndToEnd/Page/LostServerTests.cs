using Llama.EndToEnd.Harness;
using Llama.EndToEnd.Joining;
using Microsoft.Playwright;

namespace Llama.EndToEnd.Page;

/// <summary>A server that goes away under the page, and comes back.</summary>
[Collection(nameof(Browsing))]
public sealed class LostServerTests(Chromium chromium) : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [SkippableFact]
    public async Task While_the_server_is_away_the_page_says_so_and_afterwards_it_is_live_again()
    {
        string data = Path.Combine(_directory.FullName, "server");
        RunningServer server = await RunningServer.StartAt(data);
        int port = server.Port;
        try
        {
            await using RunningProbe first = await RunningProbe.Start(server.Url, "a1", _directory), second = await RunningProbe.Start(server.Url, "b1", _directory);
            await using Tab tab = await chromium.OpenAsync($"{server.Url}/", "#/matrix");
            await tab.BeLiveAsync();

            await server.DisposeAsync();

            await Assertions.Expect(tab.Liveness).ToHaveTextAsync("No connection", new() { Timeout = 60_000 });
            await Assertions.Expect(tab.Page.GetByText("What is shown is as of")).ToBeVisibleAsync();

            server = await RunningServer.StartAt(data, port);

            await Assertions.Expect(tab.Liveness).ToHaveTextAsync("Live", new() { Timeout = 60_000 });
            await Assertions.Expect(tab.Page.GetByText("What is shown is as of")).ToHaveCountAsync(0);
        }
        finally
        {
            await server.DisposeAsync();
        }
    }
}
