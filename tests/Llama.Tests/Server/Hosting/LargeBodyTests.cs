using System.IO.Compression;
using System.Text;
using Llama.Server.Intake;
using Llama.Tests.Server.Discovery.Native;
using Llama.Tests.Server.History;
using Llama.Tests.Server.Intake;
using static Llama.Tests.Server.Intake.Pushes;

namespace Llama.Tests.Server.Hosting;

/// <summary>Large answers as gzip, to clients that take it.</summary>
public sealed class LargeBodyTests
{
    private const int Probes = 40;

    public static TheoryData<string> Large => new(
        "/api/v2/matrix?at=now&metrics=loss,sent",
        "/api/v2/matrix?at=now&format=csv",
        "/api/v2/series?from=now-1m&step=10s",
        "/api/v2/worst?from=now-1m",
        "/api/v1/query?query=llama_loss_ratio");

    [Theory]
    [MemberData(nameof(Large))]
    public async Task A_large_answer_about_the_past_is_the_same_as_gzip(string target)
    {
        await using Past past = await MeasuredAsync(Probes);
        Reply plain = await past.Server.GetAsync(target);

        Reply packed = await past.Server.GetAsync(target, headers: ("Accept-Encoding", "br, gzip;q=0.8"));

        Assert.Equal((200, null, "gzip"), (plain.Status, plain["Content-Encoding"], packed["Content-Encoding"]));
        Assert.Equal(plain.Text, Unpack(packed.Body));
        Assert.True(packed.Body.Length < plain.Body.Length * 2 / 3, $"{plain.Body.Length} octets became {packed.Body.Length}.");
        Assert.Equal(plain.Type, packed.Type);
        Assert.All([plain, packed], reply => Assert.Equal("Accept, Accept-Encoding", reply["Vary"]));
    }

    [Fact]
    public async Task An_answer_is_known_by_one_tag_however_it_comes()
    {
        await using Past past = await MeasuredAsync(Probes);
        const string target = "/api/v2/matrix?at=now";
        string tag = (await past.Server.GetAsync(target, headers: ("Accept-Encoding", "gzip")))["ETag"]!;

        Reply plain = await past.Server.GetAsync(target, headers: ("If-None-Match", tag));
        Reply packed = await past.Server.GetAsync(target, headers: [("If-None-Match", tag), ("Accept-Encoding", "gzip")]);

        Assert.StartsWith("W/", tag, StringComparison.Ordinal);
        Assert.Equal((304, 304), (plain.Status, packed.Status));
        Assert.Empty(packed.Body);
        Assert.Null(packed["Content-Encoding"]);
        Assert.Equal("Accept, Accept-Encoding", packed["Vary"]);
    }

    [Theory]
    [InlineData("identity")]
    [InlineData("gzip;q=0, br")]
    [InlineData("deflate, br")]
    [InlineData(";;,")]
    public async Task A_client_that_takes_no_gzip_gets_none(string accepted)
    {
        await using Past past = await MeasuredAsync(Probes);

        Reply reply = await past.Server.GetAsync("/api/v2/matrix?at=now", headers: ("Accept-Encoding", accepted));

        Assert.Null(reply["Content-Encoding"]);
        Assert.Equal("g", reply.Json.GetProperty("group").GetString());
    }

    [Fact]
    public async Task A_small_answer_and_a_refusal_come_as_they_are()
    {
        await using Past past = await MeasuredAsync(1);

        Reply small = await past.Server.GetAsync("/api/v2/timeline?step=1m", headers: ("Accept-Encoding", "gzip"));
        Reply refusal = await past.Server.GetAsync("/api/v2/series?step=often", headers: ("Accept-Encoding", "gzip"));

        Assert.Equal((200, null), (small.Status, small["Content-Encoding"]));
        Assert.Contains("step", refusal.Problem(400), StringComparison.Ordinal);
        Assert.Null(refusal["Content-Encoding"]);
    }

    [Fact]
    public async Task The_newest_matrix_comes_as_gzip()
    {
        string[] names = [.. Enumerable.Range(0, Probes).Select(i => $"p{i}")];
        await using ServedIntake served = await ServedIntake.StartAsync(new StandingTime(), names);
        await served.PushAsync("p0", At(0, [.. names.Skip(1).Select(name => To(name, 3, 1000, 2000, 3000))]));
        using var client = new HttpClient { BaseAddress = new Uri(served.Address) };
        string plain = await client.GetStringAsync(new Uri(SummaryIntake.MatrixPath, UriKind.Relative));

        client.DefaultRequestHeaders.Add("Accept-Encoding", "gzip");
        using HttpResponseMessage packed = await client.GetAsync(new Uri(SummaryIntake.MatrixPath, UriKind.Relative));

        Assert.Equal(["gzip"], packed.Content.Headers.ContentEncoding);
        Assert.Equal(plain, Unpack(await packed.Content.ReadAsByteArrayAsync()));
    }

    private static async Task<Past> MeasuredAsync(int probes)
    {
        Past past = await Past.StartAsync();
        for (int source = 0; source < probes; source++)
            await past.ReportAsync($"p{source}", -20, [.. Enumerable.Range(0, probes).Select(other => new Pair($"p{other}", 1000 + source * other, other))]);
        return past;
    }

    private static string Unpack(byte[] packed)
    {
        using var whole = new MemoryStream();
        using (var unpacking = new GZipStream(new MemoryStream(packed), CompressionMode.Decompress)) unpacking.CopyTo(whole);
        return Encoding.UTF8.GetString(whole.ToArray());
    }
}
