using System.Diagnostics;
using Llama.EndToEnd.Harness;

namespace Llama.EndToEnd.Page;

/// <summary>How soon the page shows what the server has. By itself, as it measures time.</summary>
[Collection(nameof(Alone))]
public sealed class LiveUpdateTests(Chromium chromium, MadeUpServer made) : IClassFixture<Chromium>, IClassFixture<MadeUpServer>
{
    private const float MostMs = 2000;
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    /// <summary>One of each step of the legend, so that each changes the picture.</summary>
    private static readonly int[] LostPerMille = [0, 1, 8, 40, 150, 400, 900];

    [SkippableFact]
    public async Task An_interval_is_on_the_picture_within_2_s_of_the_server_having_it()
    {
        await made.JoinAsync("live", ["a", "b", "c"]);
        DateTimeOffset start = MadeUpServer.LastEnd(Second) - TimeSpan.FromSeconds(30);
        await made.PushAsync("live", "a", start, Second, [new("b", 1000, 0), new("c", 1000, 0)]);
        await using Tab tab = await chromium.OpenAsync(made.Url, "#/matrix?group=live");
        var picture = new Picture(tab.Page);
        await tab.BeLiveAsync();
        await picture.BePaintedAsync();
        IReadOnlyList<LegendStep> legend = await picture.LegendAsync();
        Assert.Equal(LostPerMille.Length, legend.Count);

        foreach ((int step, int lost) in LostPerMille.Index().Reverse())
        {
            start += Second;
            await made.PushAsync("live", "a", start, Second, [new("b", 1000, lost), new("c", 1000, 0)]);
            long had = Stopwatch.GetTimestamp();
            await picture.BeColouredAsync("a", "b", legend[step].Colour, MostMs);

            Assert.InRange(Stopwatch.GetElapsedTime(had).TotalMilliseconds, 0, MostMs);
        }
    }
}
