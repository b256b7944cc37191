using System.Collections.Concurrent;
using Microsoft.Playwright;

namespace Llama.Benchmarks.Gate.Page;

/// <summary>What the page itself takes to come, without the numbers it shows.</summary>
internal static class PageWeight
{
    /// <summary>Goes to places of the page one after the other, in one tab of a new profile.</summary>
    /// <returns>Octets of all answers but the API's after each place, with their headers, as they came: packed.</returns>
    public static async Task<IReadOnlyList<int>> OfAsync(IBrowserContext profile, Uri server, params string[] places)
    {
        IPage page = await profile.NewPageAsync().ConfigureAwait(false);
        var files = new ConcurrentQueue<IRequest>();
        page.RequestFinished += (_, request) =>
        {
            if (!new Uri(request.Url).AbsolutePath.StartsWith("/api/", StringComparison.Ordinal)) files.Enqueue(request);
        };
        int octets = 0;
        var weights = new List<int>();
        foreach (string place in places)
        {
            await page.GotoAsync(new Uri(server, place).ToString()).ConfigureAwait(false);

            // What a place is made of is asked for when somebody goes there; the event stream never lets the network become quiet.
            await page.Locator("h1").First.WaitForAsync(new() { State = WaitForSelectorState.Attached }).ConfigureAwait(false);
            await page.WaitForTimeoutAsync(3_000).ConfigureAwait(false);
            while (files.TryDequeue(out IRequest? request))
            {
                RequestSizesResult sizes = await request.SizesAsync().ConfigureAwait(false);
                octets += sizes.ResponseHeadersSize + sizes.ResponseBodySize;
            }

            weights.Add(octets);
        }

        await page.CloseAsync().ConfigureAwait(false);
        return weights;
    }
}
