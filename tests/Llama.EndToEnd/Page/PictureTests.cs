using System.Globalization;
using Microsoft.Playwright;

namespace Llama.EndToEnd.Page;

/// <summary>The picture says what the API says: in the demo's real measurements, in every mark, and in a mesh too large to read cell by cell.</summary>
[Collection(nameof(Browsing))]
public sealed class PictureTests(Chromium chromium, ShownDemo demo, MadeUpServer made)
{
    [SkippableTheory]
    [InlineData("loss", ColorScheme.Light)]
    [InlineData("loss_forward", ColorScheme.Dark)]
    [InlineData("rtt_p50", ColorScheme.Dark)]
    [InlineData("jitter", ColorScheme.Light)]
    public async Task Every_cell_has_the_colour_that_the_legend_gives_to_what_the_API_says(string metric, ColorScheme theme)
    {
        long at = await demo.PastMomentAsync();
        await using Tab tab = await chromium.OpenAsync(demo.Url, $"#/matrix?at={at}&colour={metric}", theme);
        var picture = new Picture(tab.Page);
        await tab.BePastAsync();
        await picture.BePaintedAsync();

        IReadOnlyList<LegendStep> legend = await picture.LegendAsync();
        Answer answer = await Answer.AskAsync(demo.Url, $"at={at}&metrics={metric},loss,suspect,stale");
        IReadOnlyList<Cell> cells = await picture.CellsAsync(answer.Pairs);

        Assert.Equal(ShownDemo.Probes.Count * (ShownDemo.Probes.Count - 1), cells.Count);
        foreach (Cell cell in cells)
        {
            double? At(string name) => answer[name, cell.Source, cell.Destination];
            string pair = $"{cell.Source} to {cell.Destination}: ";
            Assert.Equal(pair + Text(At(metric)), pair + Text(cell.Value));
            Assert.Equal((At("loss") > 0, At("suspect") == 1, At("stale") == 1),
                ((cell.Marks & Cell.Loss) != 0, (cell.Marks & Cell.Suspect) != 0, (cell.Marks & Cell.Stale) != 0));
            if (At(metric) is { } value) Assert.Equal(pair + Picture.ColourOf(legend, value), pair + cell.Pixel);
            else Assert.DoesNotContain(cell.Pixel, legend.Select(step => step.Colour));
        }

        Assert.Empty(tab.Complaints);
    }

    [SkippableFact]
    public async Task Loss_stale_suspect_and_never_measured_are_each_marked_besides_their_colour()
    {
        await made.JoinAsync("marks", ["fresh", "doubting", "gone", "mute"]);
        DateTimeOffset end = MadeUpServer.LastEnd(TimeSpan.FromSeconds(1));
        MadeUpPair[] Pairs(string clean, string lossy) => [new(clean, 100, 0), new(lossy, 100, 4)];
        TimeSpan second = TimeSpan.FromSeconds(1);
        await made.PushAsync("marks", "fresh", end - second, second, Pairs("doubting", "gone"));
        await made.PushAsync("marks", "doubting", end - second, second, Pairs("fresh", "gone"), isSuspect: true);
        await made.PushAsync("marks", "gone", end - TimeSpan.FromMinutes(20), second, Pairs("fresh", "doubting"));

        await using Tab tab = await chromium.OpenAsync(made.Url, "#/matrix?group=marks");
        var picture = new Picture(tab.Page);
        await picture.ShowAsync("doubting", "gone", 0.04);
        await picture.BePaintedAsync();

        IReadOnlyList<LegendStep> legend = await picture.LegendAsync();
        (string None, string Some) colours = (Picture.ColourOf(legend, 0), Picture.ColourOf(legend, 0.04));
        await AssertLooksAsync("fresh", "doubting", new(colours.None));
        await AssertLooksAsync("fresh", "gone", new(colours.Some, HasDot: true));
        await AssertLooksAsync("doubting", "fresh", new(colours.None, HasQuestionMark: true));
        await AssertLooksAsync("doubting", "gone", new(colours.Some, HasDot: true, HasQuestionMark: true));
        await AssertLooksAsync("gone", "fresh", new(colours.None, IsHatched: true));
        await AssertLooksAsync("gone", "doubting", new(colours.Some, HasDot: true, IsHatched: true));
        await AssertLooksAsync("fresh", "mute", new(null, HasStroke: true));
        await AssertLooksAsync("mute", "fresh", new(null, HasStroke: true));
        await AssertLooksAsync("fresh", "fresh", new(null));
        string words = await tab.Page.GetByRole(AriaRole.Region, new() { Name = "Legend" }).InnerTextAsync();
        Assert.All(["lost some", "stale", "suspect", "never measured"], mark => Assert.Contains(mark, words, StringComparison.Ordinal));
        Assert.Empty(tab.Complaints);

        async Task AssertLooksAsync(string source, string destination, Looks expected)
        {
            Looks seen = await LooksAsync(picture, await picture.CellAsync(source, destination), legend);
            Assert.Equal($"{source} to {destination}: {expected}", $"{source} to {destination}: {seen}");
        }
    }

    [SkippableFact]
    public async Task A_large_mesh_is_drawn_whole_and_its_worst_pair_is_found()
    {
        LargeMesh mesh = await made.LargeMeshAsync();
        await using Tab tab = await chromium.OpenAsync(made.Url, "#/matrix?group=large", width: 1440, height: 900);
        var picture = new Picture(tab.Page);
        await tab.BeLiveAsync();
        await picture.BePaintedAsync();

        // Every cell is within the canvas, and a step's colour where it was told to be.
        await picture.HaveSizeAsync(mesh.Names.Count, mesh.Names.Count);
        IReadOnlyList<LegendStep> legend = await picture.LegendAsync();
        IReadOnlyList<Cell> cells = await picture.CellsAsync(mesh.Names.SelectMany(
            source => mesh.Names.Where(destination => destination != source).Select(destination => (source, destination))));
        LocatorBoundingBoxResult? frame = await picture.Host.BoundingBoxAsync();
        Assert.DoesNotContain(cells, cell => cell.X < 0 || cell.X + cell.Width > frame!.Width + 1);
        Assert.DoesNotContain(cells, cell => cell.Y < 0 || cell.Y + cell.Height > frame!.Height + 1);
        Assert.Empty(cells.Where(cell => Text(cell.Value) != Text(LargeMesh.LossOf(cell.Source, cell.Destination))).Take(3));
        Assert.Empty(cells.Where(cell => cell.Value is { } value && cell.Pixel != Picture.ColourOf(legend, value)).Take(3));

        // The worst comes first, and a click on it opens it.
        await tab.Page.GetByLabel("Sort").SelectOptionAsync("bad");
        await picture.BeAtAsync(mesh.Worst.Source, mesh.Worst.Destination, 0, 0);
        await picture.ClickAsync(mesh.Worst.Source, mesh.Worst.Destination);
        await Assertions.Expect(tab.Page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToContainTextAsync(mesh.Worst.Source);

        // And the overview says what they have in common.
        await tab.GoAsync("#/overview?group=large");
        await Assertions.Expect(tab.Page.GetByRole(AriaRole.Region, new() { Name = "What stands out" }).Locator("li").First)
            .ToContainTextAsync($"have destination {mesh.BadDestination}", new() { Timeout = Picture.DeadlineMs });
        await Assertions.Expect(tab.Page.GetByRole(AriaRole.Region, new() { Name = "Worst pairs" }).Locator("tbody tr").First)
            .ToContainTextAsync($"{mesh.Worst.Source}→to{mesh.Worst.Destination}");
        Assert.Empty(tab.Complaints);
    }

    /// <summary>How a cell's marks look. They are told by pixels of the cell alone.</summary>
    private static async Task<Looks> LooksAsync(Picture picture, Cell cell, IReadOnlyList<LegendStep> legend)
    {
        string[] all = await picture.ColoursAsync(cell);
        string[] usual = [.. all.GroupBy(colour => colour).OrderByDescending(group => group.Count()).Select(group => group.Key)];
        string? fill = usual.Take(2).FirstOrDefault(colour => legend.Any(step => step.Colour == colour));
        string[] left = await picture.ColoursAsync(cell, 0, 0, 0.12, 0.25);
        string[] right = await picture.ColoursAsync(cell, 0.85, 0, 0.15, 0.25);
        string[] middle = await picture.ColoursAsync(cell, 0.25, 0.25, 0.5, 0.5);
        string[] low = await picture.ColoursAsync(cell, 0.05, 0.8, 0.3, 0.15);
        return new Looks(
            fill,
            right.Any(IsInk),
            left.Any(IsInk),
            fill is not null && low.Count(colour => colour != fill) > low.Length / 5,
            fill is null && middle.Any(colour => colour != usual[0]));
    }

    /// <summary>True for what is nearly black, as text and marks are on the light theme's lighter colours.</summary>
    private static bool IsInk(string colour)
    {
        int rgb = int.Parse(colour.AsSpan(1), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        return (rgb >> 16) + (rgb >> 8 & 255) + (rgb & 255) < 200;
    }

    /// <summary>As a number of 32 bits, which the page's are.</summary>
    private static string Text(double? value) => value is { } number ? ((float)number).ToString("G6", CultureInfo.InvariantCulture) : "not measured";

    private sealed record Looks(string? Fill, bool HasDot = false, bool HasQuestionMark = false, bool IsHatched = false, bool HasStroke = false);
}
