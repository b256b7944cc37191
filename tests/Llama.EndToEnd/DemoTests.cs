using System.Text.Json;
using System.Text.RegularExpressions;
using Llama.EndToEnd.Harness;

namespace Llama.EndToEnd;

/// <summary>`llama demo` as somebody sees it who tries it for the first time.</summary>
public sealed partial class DemoTests
{
    private const char Escape = '\u001B';

    [Fact]
    public async Task Without_a_terminal_it_prints_tables_and_ends_when_told()
    {
        (int exitCode, string output, string error) = await LlamaProcess.Run("demo", "--for", "6s");

        Assert.True(exitCode == 0, error);
        Assert.DoesNotContain(Escape, output);
        Assert.Matches(Cell(), output);
        Assert.Matches(@"loses [\d.]+ % on the way there", output);
    }

    [Fact]
    public async Task Its_first_line_is_the_address_of_a_page_that_soon_has_a_matrix_to_show()
    {
        await using LlamaProcess first = LlamaProcess.Start("demo", "--probes", "3"), second = LlamaProcess.Start("demo", "--probes", "3");

        Uri[] addresses = [await Address(first), await Address(second)];

        Assert.NotEqual(addresses[0], addresses[1]);
        using var client = new HttpClient();
        foreach ((Uri address, LlamaProcess demo) in addresses.Zip([first, second]))
        {
            using HttpResponseMessage page = await client.GetAsync(address);
            Assert.Equal("text/html", page.Content.Headers.ContentType?.MediaType);
            await Eventually.Get(
                async () =>
                {
                    using JsonDocument matrix = JsonDocument.Parse(await client.GetStringAsync(new Uri(address, "api/v2/matrix?metrics=loss")));
                    int measured = matrix.RootElement.GetProperty("metrics").GetProperty("loss").EnumerateArray()
                        .Sum(row => row.EnumerateArray().Count(loss => loss.ValueKind == JsonValueKind.Number));
                    return measured == 6 ? "" : null;
                },
                TimeSpan.FromSeconds(10),
                "all pairs measured",
                () => demo.Transcript);
            using JsonDocument probes = JsonDocument.Parse(await client.GetStringAsync(new Uri(address, "api/v2/probes")));
            Assert.Equal(
                ["ams1 in europe at ams", "fra1 in europe at fra", "syd1 in oceania at syd"],
                probes.RootElement.GetProperty("probes").EnumerateArray().Select(probe =>
                    $"{probe.GetProperty("name")} in {probe.GetProperty("tags").GetProperty("region")} at {probe.GetProperty("tags").GetProperty("site")}").Order());
        }
    }

    [Theory]
    [InlineData("TERM")]
    [InlineData("INT")]
    public async Task A_signal_ends_it_at_once_and_in_peace(string signal)
    {
        await using LlamaProcess demo = LlamaProcess.Start("demo");
        await Eventually.Holds(() => demo.Output.Length > 0, TimeSpan.FromSeconds(20), "the first output", () => demo.Transcript);

        await demo.Signal(signal);

        Assert.Equal(0, await demo.Exit(TimeSpan.FromSeconds(5)));
    }

    [SkippableFact]
    public async Task In_a_terminal_the_matrix_is_drawn_and_the_screen_is_left_as_it_was()
    {
        Skip.IfNot(Terminal.IsAvailable, "tmux is not installed; it gives the demo a terminal.");
        await using Terminal terminal = await Terminal.Open(140, 45);
        await terminal.Type($"{Repository.Executable} demo --for 8s; echo ended with $?", "Enter");

        await terminal.ScreenWhen(text => Cell().IsMatch(text), "the matrix");
        await terminal.ScreenWhen(text => text.Contains("ended with 0", StringComparison.Ordinal), "the end");

        Assert.Equal("cursor 1, alternate screen 0", await terminal.State());
        await terminal.ScreenWhen(text => text.Contains("LLAMA demo: http://127.0.0.1:", StringComparison.Ordinal), "the address, which stays");
    }

    private static async Task<Uri> Address(LlamaProcess demo)
    {
        string line = await Eventually.Get(
            () => Task.FromResult(demo.Output.Split('\n') is [var first, _, ..] ? first : null), TimeSpan.FromSeconds(20), "the first line", () => demo.Transcript);
        return new Uri(Assert.Single(AddressLine().Matches(line)).Groups[1].Value);
    }

    /// <summary>Loss and latency of a pair.</summary>
    [GeneratedRegex(@"\d%\s+[\d.]+(µs|us|ms)")]
    private static partial Regex Cell();

    [GeneratedRegex(@"^LLAMA demo: (http://127\.0\.0\.1:\d+/)$")]
    private static partial Regex AddressLine();
}
