using System.Buffers;
using System.Globalization;
using System.Net;
using System.Text;
using Llama.Engine.Summaries;
using Llama.Mesh.Membership;
using Llama.Server.Hosting;
using Llama.Server.Intake;
using Llama.Server.Metrics;
using static Llama.Tests.Server.Intake.Pushes;
using static Llama.Tests.Server.Reports;

namespace Llama.Tests.Server.Intake;

/// <summary>POST /api/v2/summaries.</summary>
public sealed class SummaryIntakeTests
{
    [Fact]
    public async Task A_report_counts_once_however_often_it_comes()
    {
        await using ServedIntake served = await ServedIntake.StartAsync(new StandingTime(), "a", "b");

        Assert.Equal("""{"accepted":2,"known":0}""", await served.PushAsync("a", At(0, To("b", 1)), At(10, To("b", 1))));
        Assert.Equal("""{"accepted":1,"known":2}""", await served.PushAsync("a", At(0, To("b", 1)), At(10, To("b", 1)), At(20, To("b", 1))));
        Assert.Equal("""{"accepted":1,"known":0}""", await served.PushAsync("b", At(0, To("a", 1))));
    }

    [Fact]
    public async Task A_push_that_comes_twice_at_the_same_moment_counts_once()
    {
        var gate = new TaskCompletionSource();
        int kept = 0;
        await using ServedIntake served = await ServedIntake.StartAsync(
            new StandingTime(),
            options => options with
            {
                Keep = async (_, _, _) =>
                {
                    Interlocked.Increment(ref kept);
                    await gate.Task;
                    return true;
                },
            },
            ServedIntake.Group("g", "a"));

        Task<string>[] pushes = [served.PushAsync("a", At(0, To("b", 1))), served.PushAsync("a", At(0, To("b", 1)))];
        gate.SetResult();

        Assert.Equal(["""{"accepted":0,"known":1}""", """{"accepted":1,"known":0}"""], (await Task.WhenAll(pushes)).Order());
        Assert.Equal(1, kept);
    }

    [Fact]
    public async Task Every_accepted_report_passes_once_and_one_that_can_not_be_kept_is_neither_acknowledged_nor_known()
    {
        var passed = new List<(string, DateTimeOffset, int)>();
        bool isFull = true;
        await using ServedIntake served = await ServedIntake.StartAsync(
            new StandingTime(),
            options => options with
            {
                Keep = (probe, report, _) =>
                {
                    if (isFull && report.Start > Noon) throw new IOException("No space left on device; make room.");
                    passed.Add((probe.Name, report.Start, report.Pairs.Length));
                    return ValueTask.FromResult(true);
                },
            },
            ServedIntake.Group("g", "a"));
        byte[] body = Body("g", "a", "i", At(0, To("b", 1)), At(10, To("b", 1), To("c", 0)));

        (HttpStatusCode status, string answer) = await served.PostAsync(body);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.Contains("No space left on device; make room.", answer, StringComparison.Ordinal);
        isFull = false;

        Assert.Equal("""{"accepted":1,"known":1}""", (await served.PostAsync(body)).Answer);
        Assert.Equal([("a", Noon, 1), ("a", Noon.AddSeconds(10), 2)], passed);
    }

    [Fact]
    public async Task Gzip_is_unpacked()
    {
        await using ServedIntake served = await ServedIntake.StartAsync(new StandingTime(), "a");

        (HttpStatusCode status, string answer) = await served.PostAsync(Gzip(Body("g", "a", "i", At(0, To("b", 1)))), "gzip");

        Assert.Equal((HttpStatusCode.OK, """{"accepted":1,"known":0}"""), (status, answer));
    }

    [Fact]
    public async Task Members_of_gzip_that_follow_each_other_are_one_body()
    {
        await using ServedIntake served = await ServedIntake.StartAsync(new StandingTime(), "a");
        byte[] body = Body("g", "a", "i", At(0, To("b", 1)), At(10, To("b", 1)));

        (HttpStatusCode status, string answer) = await served.PostAsync([.. body.Chunk(100).SelectMany(Gzip)], "gzip");

        Assert.Equal((HttpStatusCode.OK, """{"accepted":2,"known":0}"""), (status, answer));
    }

    [Fact]
    public async Task A_body_that_unpacks_to_more_than_the_limit_ends_there()
    {
        await using ServedIntake served = await ServedIntake.StartAsync(new StandingTime(), "a");
        byte[] bomb = Gzip(new byte[PushBody.MaxBytes + 1]);
        Assert.True(bomb.Length < 1_000_000);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await served.PostAsync(bomb, "gzip")).Status);
        Assert.Equal("""{"accepted":1,"known":0}""", await served.PushAsync("a", At(0, To("b", 1))));
    }

    [Fact]
    public async Task A_body_of_just_the_limit_is_read_and_one_octet_more_is_refused()
    {
        await using ServedIntake served = await ServedIntake.StartAsync(new StandingTime(), "a");
        byte[] body = Body("g", "a", "i", At(0, To("b", 1)));
        byte[] padded = new byte[PushBody.MaxBytes];
        padded.AsSpan().Fill((byte)' ');
        body.CopyTo(padded, 0);

        Assert.Equal(HttpStatusCode.OK, (await served.PostAsync(Gzip(padded), "gzip")).Status);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await served.PostAsync(Gzip([.. padded, (byte)' ']), "gzip")).Status);
        RawReply announced = await RawHttp.SendAsync(
            served.Address, "POST", SummaryIntake.SummariesPath, string.Create(CultureInfo.InvariantCulture, $"Content-Length: {PushBody.MaxSentBytes + 1}"));
        Assert.Equal(413, announced.Status);
    }

    [Fact]
    public async Task When_bodies_take_all_memory_there_is_for_them_the_next_one_waits_outside()
    {
        await using ServedIntake served = await ServedIntake.StartAsync(
            new StandingTime(), options => options with { BodyBytes = 96 * 1024 }, ServedIntake.Group("g", "a"));

        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await served.PostAsync(new byte[100 * 1024])).Status);
        Assert.Equal("""{"accepted":1,"known":0}""", await served.PushAsync("a", At(0, To("b", 1))));
    }

    [Theory]
    [InlineData("gzip", HttpStatusCode.BadRequest)]
    [InlineData("br", HttpStatusCode.UnsupportedMediaType)]
    public async Task A_body_that_is_not_packed_as_it_says_is_refused(string encoding, HttpStatusCode status)
    {
        await using ServedIntake served = await ServedIntake.StartAsync(new StandingTime(), "a");
        byte[] body = Body("g", "a", "i", At(0, To("b", 1)));

        Assert.Equal(status, (await served.PostAsync(body, encoding)).Status);
        if (encoding == "gzip") Assert.Equal(status, (await served.PostAsync(Gzip(body)[..^20], encoding)).Status);
    }

    [Fact]
    public async Task Only_members_push_and_only_with_the_instance_they_registered_with()
    {
        await using ServedIntake served = await ServedIntake.StartAsync(
            new StandingTime(),
            options => options,
            new GroupSnapshot("g", 1, [ServedIntake.Member("g", "a", "i"), ServedIntake.Member("g", "original", null)]));

        Assert.Equal(HttpStatusCode.OK, (await served.PostAsync(Body("g", "a", "i", At(0)))).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await served.PostAsync(Body("g", "a", "j", At(0)))).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await served.PostAsync(Body("g", "a", null, At(0)))).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await served.PostAsync(Body("h", "a", "i", At(0)))).Status);
        Assert.Contains("register first", (await served.PostAsync(Body("g", "b", "i", At(0)))).Answer, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await served.PostAsync(Body("g", "original", null, At(0)))).Status);
    }

    [Fact]
    public async Task Who_may_not_push_for_the_group_gets_the_answer_of_the_access_rules()
    {
        await using ServedIntake served = await ServedIntake.StartAsync(
            new StandingTime(),
            options => options with { Refuse = (context, group) => group == "g" ? context.ReplyProblemAsync(401, "No token.") : null },
            ServedIntake.Group("g", "a"),
            ServedIntake.Group("h", "a"));

        Assert.Equal(HttpStatusCode.Unauthorized, (await served.PostAsync(Body("g", "a", "i", At(0)))).Status);
        Assert.Equal(HttpStatusCode.OK, (await served.PostAsync(Body("h", "a", "i", At(0)))).Status);
    }

    [Fact]
    public async Task Another_instance_of_a_name_begins_anew()
    {
        GroupSnapshot group = ServedIntake.Group("g", "a");
        await using ServedIntake served = await ServedIntake.StartAsync(
            new StandingTime(), options => options with { FindMember = (_, _) => group.Members[0] }, group);
        Assert.Equal("""{"accepted":1,"known":0}""", (await served.PostAsync(Body("g", "a", "i", At(0)))).Answer);

        group = new GroupSnapshot("g", 2, [ServedIntake.Member("g", "a", "j")]);

        Assert.Equal("""{"accepted":1,"known":0}""", (await served.PostAsync(Body("g", "a", "j", At(0)))).Answer);
    }

    [Fact]
    public async Task Reports_before_a_malformed_one_are_kept()
    {
        await using ServedIntake served = await ServedIntake.StartAsync(new StandingTime(), "a", "b");
        string body = Encoding.UTF8.GetString(Body("g", "a", "i", At(0, To("b", 0, 1)), At(10, To("b", 1))));
        int place = body.LastIndexOf("\"lost\":1", StringComparison.Ordinal);

        Assert.StartsWith("reports[1].summaries[0].datagrams", await served.RefusalAsync(body.Remove(place + 7, 1).Insert(place + 7, "7")), StringComparison.Ordinal);

        Assert.Equal("0", await served.CellAsync("a", "b"));
        Assert.Equal("""{"accepted":1,"known":1}""", (await served.PostAsync(Encoding.UTF8.GetBytes(body))).Answer);
    }

    [Fact]
    public async Task Reading_goes_to_the_collector_and_other_paths_to_others()
    {
        await using ServedIntake served = await ServedIntake.StartAsync(new StandingTime(), "a");

        RawReply reply = await RawHttp.GetAsync(served.Address, SummaryIntake.SummariesPath);

        Assert.Equal((405, "POST"), (reply.Status, reply["Allow"]));
        Assert.Equal(404, (await RawHttp.GetAsync(served.Address, "/api/v2/summaries/x")).Status);
    }

    [Fact]
    public async Task More_pairs_than_there_is_room_for_are_counted_and_not_shown()
    {
        await using ServedIntake served = await ServedIntake.StartAsync(
            new StandingTime(), options => options with { MaxPairsPerProbe = 3, MaxPairs = 5 }, ServedIntake.Group("g", "a", "b"));
        Summary[] many = [.. Enumerable.Range(0, 4).Select(i => To($"n{i}", 1))];

        Assert.Equal("""{"accepted":1,"known":0}""", await served.PushAsync("a", At(0, many)));
        Assert.Equal("""{"accepted":1,"known":0}""", await served.PushAsync("b", At(0, many)));

        string metrics = Metrics(served.Intake);
        Assert.Contains("\nllama_server_pairs 5\n", metrics, StringComparison.Ordinal);
        Assert.Contains("\nllama_server_pairs_left_out_total 3\n", metrics, StringComparison.Ordinal);
    }

    [Fact]
    public async Task More_probes_than_there_is_room_for_are_refused_until_others_have_been_gone_for_a_day()
    {
        var time = new StandingTime();
        await using ServedIntake served = await ServedIntake.StartAsync(
            time, options => options with { MaxProbes = 1 }, ServedIntake.Group("g", "a", "b"));
        await served.PushAsync("a", At(0, To("b", 1)));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await served.PostAsync(Body("g", "b", "i", At(0)))).Status);

        time.Pass(TimeSpan.FromHours(26));

        Assert.Equal(HttpStatusCode.OK, (await served.PostAsync(Body("g", "b", "i", At(0)))).Status);
        Assert.Contains("\nllama_server_pushing_probes 1\n", Metrics(served.Intake), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_counted_is_in_the_metrics()
    {
        await using ServedIntake served = await ServedIntake.StartAsync(new StandingTime(), "a");
        await served.PushAsync("a", At(0, To("b", 1)), At(0, To("b", 1)));
        await served.RefusalAsync("nonsense");

        string metrics = Metrics(served.Intake);

        Assert.Contains("\nllama_server_pushed_reports_total{outcome=\"accepted\"} 1\n", metrics, StringComparison.Ordinal);
        Assert.Contains("\nllama_server_pushed_reports_total{outcome=\"known\"} 1\n", metrics, StringComparison.Ordinal);
        Assert.Contains("\nllama_server_refused_pushes_total{status=\"400\"} 1\n", metrics, StringComparison.Ordinal);
        Assert.Contains("\nllama_server_pairs 1\n", metrics, StringComparison.Ordinal);
    }

    private static string Metrics(SummaryIntake intake)
    {
        var output = new ArrayBufferWriter<byte>();
        intake.WriteMetrics(new PrometheusText(output));
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }
}
