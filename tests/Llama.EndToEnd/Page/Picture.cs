using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Playwright;

namespace Llama.EndToEnd.Page;

/// <summary>The matrix as it is drawn on a page: by the test hook of its canvas, by the pixels on it, and by its legend.</summary>
internal sealed partial class Picture(IPage page)
{
    /// <summary>What waits for something to appear on a page of a machine that has other things to do.</summary>
    public const float DeadlineMs = 60_000;

    // A copy is read, as reading the canvas itself would slow it down.
    private const string Functions = """
        const canvas = document.querySelector('[role=application] canvas')
        const copyOf = (x, y, width, height) => {
          const ratio = canvas.width / canvas.clientWidth
          const size = [Math.max(1, Math.round(width * ratio)), Math.max(1, Math.round(height * ratio))]
          const context = new OffscreenCanvas(...size).getContext('2d', { willReadFrequently: true })
          context.drawImage(canvas, Math.round(x * ratio), Math.round(y * ratio), ...size, 0, 0, ...size)
          return context
        }
        const colours = (context) => {
          const { width, height } = context.canvas
          const pixels = context.getImageData(0, 0, width, height).data
          const hex = (at) => '#' + [0, 1, 2].map((i) => pixels[at + i].toString(16).padStart(2, '0')).join('')
          return Array.from({ length: width * height }, (_, i) => hex(4 * i))
        }
        const seen = ([source, destination]) => {
          const cell = canvas.matrix.cell(source, destination)
          if (!cell) return null
          const [pixel] = colours(copyOf(cell.x + Math.floor((cell.width - 1) * 0.15), cell.y + Math.floor((cell.height - 1) * 0.88), 1, 1))
          return { ...cell, pixel }
        }
        """;

    /// <summary>What has the keyboard's attention when the matrix does, and takes clicks.</summary>
    public ILocator Host => page.GetByRole(AriaRole.Application);

    /// <summary>Waits until a matrix is there and all that it was told is on it.</summary>
    public async Task BePaintedAsync()
    {
        await page.WaitForFunctionAsync("() => document.querySelector('[role=application] canvas')?.matrix?.version > 0", null, new() { Timeout = DeadlineMs });
        await page.EvaluateAsync("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");
    }

    /// <summary>Waits until there are so many rows and columns.</summary>
    public Task HaveSizeAsync(int rows, int columns) => page.WaitForFunctionAsync(
        $"([rows, columns]) => {{ {Functions}; const size = canvas?.matrix?.size; return size?.rows === rows && size.columns === columns }}",
        new[] { rows, columns },
        new() { Timeout = DeadlineMs });

    /// <summary>Waits until a pair's cell is at a place.</summary>
    public Task BeAtAsync(string source, string destination, int row, int column) => page.WaitForFunctionAsync(
        $"([pair, row, column]) => {{ {Functions}; const cell = seen(pair); return cell?.row === row && cell.column === column }}",
        new object[] { new[] { source, destination }, row, column },
        new() { Timeout = DeadlineMs });

    /// <summary>The cells of pairs, or of the folds that they are in, all of one moment.</summary>
    public async Task<IReadOnlyList<Cell>> CellsAsync(IEnumerable<(string Source, string Destination)> pairs)
    {
        string text = await page.EvaluateAsync<string>(
            $"(pairs) => {{ {Functions}; return JSON.stringify(pairs.map(seen)) }}", pairs.Select(pair => new[] { pair.Source, pair.Destination }).ToArray());
        return JsonSerializer.Deserialize<Cell[]>(text, JsonSerializerOptions.Web)!;
    }

    /// <inheritdoc cref="CellsAsync"/>
    public async Task<Cell> CellAsync(string source, string destination) => (await CellsAsync([(source, destination)]))[0];

    /// <summary>The colours of a part of a cell, pixel by pixel; the part is given in shares of its width and height.</summary>
    public Task<string[]> ColoursAsync(Cell cell, double left = 0, double top = 0, double width = 1, double height = 1) => page.EvaluateAsync<string[]>(
        $"([x, y, width, height]) => {{ {Functions}; return colours(copyOf(x, y, width, height)) }}",
        new[] { cell.X + left * cell.Width, cell.Y + top * cell.Height, width * cell.Width, height * cell.Height });

    /// <summary>Waits, frame by frame, until a cell is painted in a colour.</summary>
    public Task BeColouredAsync(string source, string destination, string colour, float deadlineMs) => page.WaitForFunctionAsync(
        $"([source, destination, colour]) => {{ {Functions}; return canvas?.matrix && seen([source, destination])?.pixel === colour }}",
        new[] { source, destination, colour },
        new() { Timeout = deadlineMs });

    /// <summary>Waits until a cell shows a value, to the last digit but one of what the page's numbers have.</summary>
    public Task ShowAsync(string source, string destination, double value) => page.WaitForFunctionAsync(
        $"([source, destination, value]) => {{ {Functions}; return Math.abs((canvas?.matrix.cell(source, destination)?.value ?? NaN) - value) < 1e-6 }}",
        new object[] { source, destination, value },
        new() { Timeout = DeadlineMs });

    /// <summary>Clicks into the middle of a pair's cell.</summary>
    public async Task ClickAsync(string source, string destination)
    {
        Cell cell = await CellAsync(source, destination);
        await Host.ClickAsync(new() { Position = new() { X = (float)(cell.X + cell.Width / 2), Y = (float)(cell.Y + cell.Height / 2) } });
    }

    /// <summary>The legend as a reader takes it: colours and what is written beside them.</summary>
    public async Task<IReadOnlyList<LegendStep>> LegendAsync()
    {
        string[][] steps = await page.EvaluateAsync<string[][]>("""
            () => [...document.querySelector('section[aria-label=Legend] ul').children]
              .map((step) => [step.querySelector('rect').getAttribute('fill'), step.textContent.trim()])
            """);
        return [.. steps.Select(step => new LegendStep(step[0], step[1].StartsWith('>') ? null : Number(step[1])))];
    }

    /// <summary>The colour of a value by what the legend says, both as exact as the page's numbers are.</summary>
    public static string ColourOf(IReadOnlyList<LegendStep> legend, double value) =>
        legend.First(step => step.Most is not { } most || (float)value <= (float)most).Colour;

    /// <summary>Reads "0%", "≤ 0.1%", "≤ 200µs": a ratio, or nanoseconds.</summary>
    private static double Number(string label)
    {
        Match match = Assert.Single(Amount().Matches(label));
        double number = double.Parse(match.Groups["number"].Value, CultureInfo.InvariantCulture);
        return match.Groups["unit"].Value switch
        {
            "%" => number / 100,
            "µs" => number * 1e3,
            "ms" => number * 1e6,
            var unit => throw new InvalidOperationException($"'{label}' is in {unit}."),
        };
    }

    [GeneratedRegex(@"(?<number>[\d.]+)\s*(?<unit>\D+)$")]
    private static partial Regex Amount();
}
