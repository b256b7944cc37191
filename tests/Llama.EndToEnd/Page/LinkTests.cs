using System.Globalization;
using System.Text;
using System.Xml.Linq;
using Microsoft.Playwright;

namespace Llama.EndToEnd.Page;

/// <summary>What is shown can be handed to others: as an address, as a table, as a picture.</summary>
[Collection(nameof(Browsing))]
public sealed class LinkTests(Chromium chromium, MadeUpServer made)
{
    private const string Group = "tagged";

    /// <summary>Name, region, site. Into c2, which is in the region eu, much is lost.</summary>
    private static readonly (string Name, string Region, string Site)[] Probes =
        [("a1", "eu", "ams"), ("b10", "us", "nyc"), ("b2", "us", "nyc"), ("c2", "eu", "fra"), ("d1", "ap", "sin"), ("e1", "us", "sfo")];

    [SkippableFact]
    public async Task A_copied_address_shows_others_the_same_group_moment_colours_folds_filter_and_order()
    {
        long at = await PushAsync();
        await using Tab mine = await chromium.OpenAsync(made.Url, $"#/matrix?group={Group}&at={at}");
        var picture = new Picture(mine.Page);
        await mine.BePastAsync();
        await picture.BePaintedAsync();

        // What is shown is chosen as people choose it.
        await mine.Page.GetByLabel("Colour by").SelectOptionAsync("loss_forward");
        await mine.Page.GetByLabel("Sort").SelectOptionAsync("bad");
        await mine.Page.Locator("summary", new() { HasTextString = "Fold" }).ClickAsync();
        await mine.Page.GetByRole(AriaRole.Button, new() { Name = "by region" }).ClickAsync();
        await mine.Page.GetByRole(AriaRole.Button, new() { Name = "then by site" }).ClickAsync();
        await mine.Page.Keyboard.PressAsync("Escape");
        await mine.Page.GetByLabel("Filter", new() { Exact = true }).FillAsync("from:region=us");
        await picture.HaveSizeAsync(1, 3);
        await picture.ClickAsync("b2", "c2");
        await picture.HaveSizeAsync(3, 7);

        string[] lines = await CsvAsync(mine);
        Assert.StartsWith("row,column,pairs,source,destination,loss,", lines[0], StringComparison.Ordinal);
        Assert.Equal(["us", "nyc", "sfo"], lines[1..].Select(line => line.Split(',')[0]).Distinct());

        await using Tab theirs = await chromium.OpenAsync(made.Url, new Uri(mine.Page.Url).Fragment);
        await theirs.BePastAsync();
        await new Picture(theirs.Page).HaveSizeAsync(3, 7);
        Assert.Equal("loss_forward", await theirs.Page.GetByLabel("Colour by").InputValueAsync());
        Assert.Equal(lines, await CsvAsync(theirs));
        Assert.Empty(mine.Complaints);
        Assert.Empty(theirs.Complaints);
    }

    [SkippableFact]
    public async Task Table_and_pictures_have_what_is_shown()
    {
        long at = await PushAsync();
        await using Tab tab = await chromium.OpenAsync(made.Url, $"#/matrix?group={Group}&at={at}&filter=to%3Aregion%3Deu");
        var picture = new Picture(tab.Page);
        await tab.BePastAsync();
        await picture.HaveSizeAsync(Probes.Length, 2);
        await picture.BePaintedAsync();
        string worst = Picture.ColourOf(await picture.LegendAsync(), 0.6);
        Answer answer = await Answer.AskAsync(made.Url, $"group={Group}&at={at}&metrics=loss,sent");

        // By name, numbers by their value: b2 before b10.
        string[] lines = await CsvAsync(tab);
        string[] head = lines[0].Split(',');
        string Field(string line, string name) => line.Split(',')[Array.IndexOf(head, name)];
        (string, string)[] pairs = [.. lines[1..].Select(line => (Field(line, "source"), Field(line, "destination")))];
        string[] sources = ["a1", "b2", "b10", "c2", "d1", "e1"], destinations = ["a1", "c2"];
        Assert.Equal(sources.SelectMany(source => destinations.Select(destination => (source, destination))).Where(pair => pair.source != pair.destination), pairs);
        foreach (string metric in (string[])["loss", "sent"])
            Assert.Equal(pairs.Select(pair => answer[metric, pair.Item1, pair.Item2]), lines[1..].Select(line => Number(Field(line, metric))));

        XElement svg = XDocument.Parse(await TextAsync(tab, "Picture (SVG)", ".svg")).Root!;
        string[] texts = [.. svg.Descendants().Where(each => each.Name.LocalName == "text").Select(each => each.Value)];
        Assert.All(Probes, probe => Assert.Contains(probe.Name, texts));
        Assert.Contains("60%", texts);
        Assert.Contains(texts, text => text.StartsWith($"Loss at {DateTimeOffset.FromUnixTimeMilliseconds(at):yyyy-MM-dd HH:mm:ss}", StringComparison.Ordinal));
        Assert.Contains(svg.Descendants(), each => (string?)each.Attribute("fill") == worst);

        byte[] png = await FileAsync(tab, "Picture (PNG)", ".png");
        Assert.True(await ColoursAsync(tab, png, worst) > 1000, "hardly a pixel has the colour of the worst pairs");
        Assert.Empty(tab.Complaints);
    }

    /// <summary>Pushes an interval of all; answers its moment, in milliseconds since the Unix epoch.</summary>
    private async Task<long> PushAsync()
    {
        await made.JoinAsync(Group, Probes.Select(probe => probe.Name), name =>
        {
            (_, string region, string site) = Array.Find(Probes, probe => probe.Name == name);
            return new() { ["region"] = region, ["site"] = site };
        });
        DateTimeOffset start = MadeUpServer.LastEnd(MadeUpServer.LongInterval) - MadeUpServer.LongInterval;
        foreach ((int place, (string source, _, _)) in Probes.Index())
        {
            await made.PushAsync(Group, source, start, MadeUpServer.LongInterval, Probes.Where(probe => probe.Name != source)
                .Select(probe => new MadeUpPair(probe.Name, 100, probe.Name == "c2" ? 60 - place : 0)));
        }

        return start.ToUnixTimeMilliseconds();
    }

    private static async Task<string[]> CsvAsync(Tab tab) => (await TextAsync(tab, "Table (CSV)", ".csv")).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);

    private static async Task<string> TextAsync(Tab tab, string kind, string ending) => Encoding.UTF8.GetString(await FileAsync(tab, kind, ending));

    private static async Task<byte[]> FileAsync(Tab tab, string kind, string ending)
    {
        await tab.Page.Locator("summary", new() { HasTextString = "Export" }).ClickAsync();
        ILocator button = tab.Page.GetByRole(AriaRole.Button, new() { Name = kind });
        IDownload download = await tab.Page.RunAndWaitForDownloadAsync(() => button.ClickAsync());
        Assert.StartsWith($"llama-{Group}-", download.SuggestedFilename, StringComparison.Ordinal);
        Assert.EndsWith(ending, download.SuggestedFilename, StringComparison.Ordinal);
        await using Stream stream = await download.CreateReadStreamAsync();
        using var whole = new MemoryStream();
        await stream.CopyToAsync(whole);
        return whole.ToArray();
    }

    /// <summary>How many pixels of a picture have a colour.</summary>
    private static Task<int> ColoursAsync(Tab tab, byte[] png, string colour) => tab.Page.EvaluateAsync<int>(
        """
        async ([base64, colour]) => {
          const octets = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))
          const image = await createImageBitmap(new Blob([octets], { type: 'image/png' }))
          const context = new OffscreenCanvas(image.width, image.height).getContext('2d', { willReadFrequently: true })
          context.drawImage(image, 0, 0)
          const pixels = new Uint32Array(context.getImageData(0, 0, image.width, image.height).data.buffer)
          const [red, green, blue] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16))
          const wanted = ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0
          return pixels.filter((pixel) => pixel === wanted).length
        }
        """,
        new[] { Convert.ToBase64String(png), colour });

    private static double? Number(string field) => double.Parse(field, CultureInfo.InvariantCulture);
}
