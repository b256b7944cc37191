using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Microsoft.Playwright;

namespace Llama.EndToEnd.Page;

/// <summary>A browser's tab, with all that it complained of and asked for since it was opened.</summary>
internal sealed partial class Tab : IAsyncDisposable
{
    private readonly IBrowserContext _context;
    private readonly Uri _server;
    private readonly ConcurrentQueue<string> _complaints = new();
    private readonly ConcurrentQueue<IRequest> _requests = new();

    public Tab(IBrowserContext context, IPage page, Uri server)
    {
        _context = context;
        _server = server;
        Page = page;
        context.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning") _complaints.Enqueue($"{message.Type}: {message.Text} ({message.Location})");
        };
        context.WebError += (_, error) => _complaints.Enqueue($"exception: {error.Error}");
        context.Dialog += (_, dialog) =>
        {
            _complaints.Enqueue($"dialog: {dialog.Message}");
            _ = dialog.DismissAsync();
        };
        context.Request += (_, request) => _requests.Enqueue(request);
    }

    public IPage Page { get; }

    /// <summary>Errors and warnings of the console, among them what the Content-Security-Policy stopped; exceptions; dialogs. A line each.</summary>
    public string Complaints => string.Join('\n', _complaints);

    /// <summary>Everything that was asked for.</summary>
    public IReadOnlyCollection<Uri> Asked => [.. _requests.Select(request => new Uri(request.Url))];

    /// <summary>What it says of the connection: Live, No connection, ...</summary>
    public ILocator Liveness => Page.Locator("header [role=status]");

    public Task GoAsync(string place) => Page.GotoAsync(new Uri(_server, place).AbsoluteUri);

    /// <summary>Waits until it shows what is measured now, in a matrix or another page.</summary>
    public Task BeLiveAsync() => Assertions.Expect(Liveness).ToHaveTextAsync("Live", new() { Timeout = 30_000 });

    /// <summary>Waits until it shows a past moment.</summary>
    public Task BePastAsync() => Assertions.Expect(Liveness).ToHaveTextAsync(PastMoment(), new() { Timeout = 30_000 });

    /// <summary>Octets of the page itself that came over the wire: heads and bodies, without the numbers it shows.</summary>
    public async Task<int> TransferredAsync()
    {
        int sum = 0;
        foreach (IRequest request in _requests.Where(request => !new Uri(request.Url).AbsolutePath.StartsWith("/api/", StringComparison.Ordinal)))
        {
            RequestSizesResult sizes = await request.SizesAsync();
            sum += sizes.ResponseHeadersSize + sizes.ResponseBodySize;
        }

        return sum;
    }

    public async ValueTask DisposeAsync() => await _context.DisposeAsync();

    [GeneratedRegex(@"\d\d:\d\d:\d\d$")]
    private static partial Regex PastMoment();
}
