using System.IO.Compression;
using System.Text;
using Llama.Server.Hosting;
using Llama.Server.Intake;
using Llama.Server.Scraping;
using Microsoft.AspNetCore.Http;

namespace Llama.Tests.Server.Scraping;

/// <summary>Asking collectors over real connections.</summary>
public sealed class CollectorConnectionTests
{
    [Fact]
    public async Task A_redirect_is_followed()
    {
        RecordedCase recorded = RecordedCase.Read("collector_redirect");
        using ScrapeAnswer answer = await AskAsync(async (context, path) =>
        {
            using HttpResponseMessage reply = recorded.Answer(path);
            context.Response.StatusCode = (int)reply.StatusCode;
            if (reply.Headers.Location is { } location) context.Response.Headers.Location = location.OriginalString;
            await context.Response.WriteAsync(await reply.Content.ReadAsStringAsync());
        });

        Assert.Contains("0.071418", Encoding.UTF8.GetString(answer.Body!.Content.Span), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_packed_answer_is_unpacked()
    {
        using ScrapeAnswer answer = await AskAsync(async (context, _) =>
        {
            Assert.Contains("gzip", context.Request.Headers.AcceptEncoding.ToString(), StringComparison.Ordinal);
            context.Response.Headers.ContentEncoding = "gzip";
            context.Response.Headers.ETag = "\"x\"";
            await using var gzip = new GZipStream(context.Response.Body, CompressionLevel.Fastest);
            await gzip.WriteAsync("[]"u8.ToArray());
        });

        Assert.Equal(("[]", "\"x\""), (Encoding.UTF8.GetString(answer.Body!.Content.Span), answer.Tag));
    }

    [Fact]
    public async Task An_answer_without_an_end_is_given_up_and_its_memory_comes_back()
    {
        byte[] zeros = new byte[1 << 20];
        using ScrapeAnswer answer = await AskAsync(async (context, _) =>
        {
            context.Response.Headers.ContentEncoding = "gzip";
            await using var gzip = new GZipStream(context.Response.Body, CompressionLevel.Fastest);
            for (int i = 0; i < 200; i++) await gzip.WriteAsync(zeros);
        });

        Assert.Equal((ScrapeOutcome.TooLarge, null), (answer.Outcome, answer.Body));
    }

    [Fact]
    public async Task An_answer_that_breaks_off_is_told_as_such()
    {
        using ScrapeAnswer answer = await AskAsync(async (context, _) =>
        {
            context.Response.ContentLength = 100;
            await context.Response.WriteAsync("[");
            await context.Response.Body.FlushAsync();
            context.Abort();
        });

        Assert.Equal(ScrapeOutcome.Unreachable, answer.Outcome);
        Assert.NotNull(answer.Problem);
    }

    [Fact]
    public async Task A_name_that_does_not_exist_is_told_as_such()
    {
        using var client = new ScrapeClient(Options());
        using ScrapeAnswer answer = await client.GetAsync(new CollectorEntry { Host = "nobody.invalid", Port = 1 }, "/", null, default);

        Assert.Equal(ScrapeOutcome.Unreachable, answer.Outcome);
        Assert.Equal("its name can't be resolved", answer.Problem);
    }

    [Fact]
    public async Task A_body_waits_until_others_have_given_back_the_memory_it_needs()
    {
        var budget = new MemoryBudget(100_000);
        using var first = new BodyBuffer(budget);
        Assert.Equal(BodyEnd.Whole, await first.FillAsync(new MemoryStream(new byte[10]), 1000, default));
        using var second = new BodyBuffer(budget);
        using var input = new MemoryStream(new byte[500]);
        Assert.Equal(BodyEnd.NoRoom, await second.FillAsync(input, 1000, default));
        first.Dispose();

        Assert.Equal(BodyEnd.Whole, await second.FillAsync(input, 1000, default));
        Assert.Equal(500, second.Content.Length);
        second.Dispose();
        Assert.Equal(100_000, budget.Left);
    }

    private static ScraperOptions Options() => new() { Collectors = CollectorLists.Fixed([]), Take = (_, _) => default };

    private static async Task<ScrapeAnswer> AskAsync(Func<HttpContext, string, Task> answer)
    {
        await using HttpServer server = await HttpServer.StartAsync("127.0.0.1", 0, answer);
        var address = new Uri(server.Addresses[0]);
        using var client = new ScrapeClient(Options());
        return await client.GetAsync(new CollectorEntry { Host = address.Host, Port = address.Port }, "/influxdata", null, default);
    }
}
