using Llama.Server.Discovery;
using Llama.Server.History;
using Llama.Storage.History;
using Llama.Tests.Server.Discovery;
using Llama.Tests.Server.Discovery.Native;

namespace Llama.Tests.Server.History;

/// <summary>What all questions to the history have in common: what is refused, what is known already, and what they may take.</summary>
public sealed class QuestionTests
{
    private static readonly string[] All = ["/api/v2/matrix?at=now", "/api/v2/series?", "/api/v2/timeline?", "/api/v2/flows?source=a&destination=b", "/api/v2/worst?"];

    [Theory]
    [InlineData("/api/v2/matrix?at=yesterday", "The parameter at is a time such as")]
    [InlineData("/api/v2/matrix?at=now&from=now-1h", "at goes without from and to")]
    [InlineData("/api/v2/matrix?at=now&window=0", "The parameter window is a time such as 90s")]
    [InlineData("/api/v2/matrix?at=now&format=xml", "The parameter format is json, csv or text")]
    [InlineData("/api/v2/matrix?by=regoin", "No probe has the tag regoin to put pairs together by. The group has these: rack, region;")]
    [InlineData("/api/v2/matrix?by=a%1B", "tag a\\u{1b} to")]
    [InlineData("/api/v2/series?from=now&to=now-1h", "The parameter from (2026-11-22T12:00:00Z) is a time before to (2026-11-22T11:00:00Z).")]
    [InlineData("/api/v2/series?from=-1", "The parameter from is")]
    [InlineData("/api/v2/series?step=often", "The parameter step is")]
    [InlineData("/api/v2/timeline?step=0", "The parameter step is a time such as 90s")]
    [InlineData("/api/v2/series?metrics=loss,luck", "The parameter metrics is a list of these")]
    [InlineData("/api/v2/series?class=gold", "The parameter class is")]
    [InlineData("/api/v2/series?format=text", "The parameter format is json or csv")]
    [InlineData("/api/v2/flows?source=a", "The parameter destination is the name of one probe")]
    [InlineData("/api/v2/flows?source=a&source=b&destination=c", "The parameter source is the name of one probe")]
    [InlineData("/api/v2/worst?metric=sent", "The parameter metric is one of these: loss, loss_forward")]
    [InlineData("/api/v2/worst?limit=0", "The parameter limit is a whole number from 1 on, and 1000 at most")]
    [InlineData("/api/v2/events?from=now&to=now", "The parameter from")]
    [InlineData("/api/v2/intervals?metrics=luck", "The parameter metrics is a list of these")]
    [InlineData("/api/v2/intervals?class=gold", "The parameter class is")]
    [InlineData("/api/v2/intervals?after=x", "The parameter after is")]
    public async Task A_parameter_that_is_no_good_is_named(string target, string problem)
    {
        await using Past past = await Past.StartAsync();
        await past.ReportAsync("eu1-1", -60, new Pair("us1-1", 1, 0));

        Assert.Contains(problem, (await past.Server.GetAsync(target)).Problem(400), StringComparison.Ordinal);
    }

    [Fact]
    public async Task More_selectors_than_anybody_needs_are_refused()
    {
        await using Past past = await Past.StartAsync();
        await past.ReportAsync("a", -60, new Pair("b", 1, 0));

        Assert.Contains("up to 50 names", (await past.Server.GetAsync($"/api/v2/series?source={string.Join(',', Enumerable.Range(0, 51))}")).Problem(400), StringComparison.Ordinal);
        Assert.Contains("up to 512 characters", (await past.Server.GetAsync($"/api/v2/series?source={new string('*', 600)}")).Problem(400), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_group_that_is_not_there_is_told_from_those_that_are()
    {
        await using Past past = await Past.StartAsync();
        foreach (string target in All) Assert.Contains("Nothing has been measured yet", (await past.Server.GetAsync(target)).Problem(404), StringComparison.Ordinal);
        await past.ReportAsync("a", -60, new Pair("b", 1, 0));
        await past.Server.JoinAsync("x", group: "members");

        foreach (string target in All)
        {
            Assert.Contains("There are: g, members.", (await past.Server.GetAsync(target)).Problem(400), StringComparison.Ordinal);
            Assert.Contains("There is no such group. There are: g, members.", (await past.Server.GetAsync($"{target}&group=none")).Problem(404), StringComparison.Ordinal);
            Assert.Equal(200, (await past.Server.GetAsync($"{target}&group=members")).Status);
        }
    }

    [Fact]
    public async Task Without_a_history_it_says_how_to_turn_it_on()
    {
        await using NativeServer server = await NativeServer.StartAsync();
        foreach (string target in (string[])[.. All, "/api/v2/history", "/api/v2/events?from=now-1h"])
            Assert.Contains("--data DIR", (await server.GetAsync(target)).Problem(404), StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_takes_the_read_token()
    {
        await using Past past = await Past.StartAsync(new DiscoveryOptions { ReadToken = "look" });
        await past.ReportAsync("a", -60, new Pair("b", 1, 0));
        foreach (string target in (string[])[.. All, "/api/v2/history", "/api/v2/events?from=now-1h"])
        {
            (await past.Server.GetAsync(target)).Problem(401);
            Assert.Equal(200, (await past.Server.GetAsync(target, "look")).Status);
        }

        (await past.Server.GetAsync("/api/v2/intervals")).Problem(401);
    }

    [Fact]
    public async Task What_can_not_have_changed_is_not_sent_again()
    {
        await using Past past = await Past.StartAsync();
        await past.ReportAsync("eu1-1", -600, new Pair("us1-1", 10, 1));
        foreach (string target in new[] { "/api/v2/matrix?from=now-1h", "/api/v2/series?from=now-1h", "/api/v2/worst?from=now-1h", "/api/v2/flows?source=eu1-1&destination=us1-1" })
        {
            string tag = (await past.Server.GetAsync(target))["ETag"]!;
            Assert.StartsWith("W/", tag, StringComparison.Ordinal);
            async Task<int> AskAsync(string again) => (await past.Server.GetAsync(again, headers: ("If-None-Match", tag))).Status;
            Assert.Equal(304, await AskAsync(target));
            Assert.Equal(200, await AskAsync($"{target}&class=EF"));
            Assert.Equal(200, await AskAsync($"{target}&format=csv"));
            Reply head = await past.Server.SendAsync("HEAD", target);
            Assert.Equal((200, tag, ""), (head.Status, head["ETag"], head.Text));
        }
    }

    [Theory]
    [InlineData("/api/v2/matrix?from=now-1h&to=now", 0, -30, 200)]
    [InlineData("/api/v2/matrix?from=now-1h&to=now", 9, null, 304)]
    [InlineData("/api/v2/matrix?from=now-1h&to=now", 10, null, 200)]
    [InlineData("/api/v2/matrix?at=2026-11-22T11:55:00Z", 10, -30, 304)]
    [InlineData("/api/v2/matrix?at=2026-11-22T11:55:00Z", 10, -301, 200)]
    [InlineData("/api/v2/matrix?at=2026-11-22T11:55:00Z&by=region", 0, -30, 200)]
    [InlineData("/api/v2/series?from=2026-11-22T11:50:00Z&to=2026-11-22T11:55:00Z", 10, -30, 304)]
    [InlineData("/api/v2/series?from=2026-11-22T11:50:00Z&to=2026-11-22T11:55:00Z", 10, -400, 200)]
    public async Task A_tag_changes_when_time_or_a_report_may_change_the_answer(string target, int secondsLater, int? reportAt, int status)
    {
        await using Past past = await Past.StartAsync();
        await past.ReportAsync("eu1-1", -600, new Pair("us1-1", 10, 1));
        string tag = (await past.Server.GetAsync(target))["ETag"]!;

        past.Server.Time.StepWall(TimeSpan.FromSeconds(secondsLater));
        if (reportAt is { } at) await past.ReportAsync("eu1-1", at, new Pair("us1-1", 10, 5));

        Assert.Equal(status, (await past.Server.GetAsync(target, headers: ("If-None-Match", tag))).Status);
    }

    [Fact]
    public async Task More_than_an_answer_may_hold_is_refused_with_figures()
    {
        await using Past past = await Past.StartAsync();
        await past.ReportAsync("a", -60, [.. Enumerable.Range(0, 900).Select(i => new Pair($"d{i}", 1, 0))]);

        Assert.Contains("3,153,600 steps, and there are at most 50,000", (await past.Server.GetAsync("/api/v2/series?from=now-365d&step=10")).Problem(422), StringComparison.Ordinal);
        past.Model.BeforeAnswer = _ => throw new HistoryLimitException("That would be 9,999,999 points.");
        foreach (string target in All)
        {
            Reply refused = await past.Server.GetAsync(target);
            Assert.Equal("That would be 9,999,999 points.", refused.Problem(422));
            Assert.Null(refused["ETag"]);
        }
    }

    [Fact]
    public async Task A_matrix_with_more_cells_than_an_answer_may_have_is_refused()
    {
        await using Past past = await Past.StartAsync();

        // Few pairs, but no two of them share a row or a column.
        foreach (int i in Enumerable.Range(0, 700)) await past.ReportAsync($"s{i}", -60, new Pair($"d{i}", 1, 0));

        Assert.Contains(
            "16,660,000 values or more, and an answer has at most 16,000,000", (await past.Server.GetAsync("/api/v2/matrix?at=now&metrics=all")).Problem(422), StringComparison.Ordinal);
        Assert.Equal(200, (await past.Server.GetAsync("/api/v2/matrix?at=now")).Status);
    }

    [Fact]
    public async Task What_can_not_be_read_is_told_and_is_no_fault_of_the_server()
    {
        await using Past past = await Past.StartAsync();
        await past.ReportAsync("a", -60, new Pair("b", 1, 0));
        past.Model.BeforeAnswer = _ => throw new IOException("The file is damaged.");

        foreach (string target in (string[])[.. All, "/api/v2/history", "/api/v2/events?from=now-1h"])
            Assert.Equal("The history can't be read: The file is damaged.", (await past.Server.GetAsync(target)).Problem(503));
    }

    [Fact]
    public async Task A_question_that_takes_too_long_is_given_up()
    {
        await using Past past = await Past.StartAsync();
        await past.ReportAsync("a", -60, new Pair("b", 1, 0));
        var begun = new TaskCompletionSource();
        past.Model.BeforeAnswer = cancellation =>
        {
            begun.SetResult();
            return Task.Delay(Timeout.Infinite, cancellation);
        };

        Task<Reply> asked = past.Server.GetAsync("/api/v2/worst");
        await begun.Task;
        past.Server.Time.Pass(TimeSpan.FromSeconds(31));

        Assert.Contains("not found within 30 s", (await asked).Problem(503), StringComparison.Ordinal);
        past.Model.BeforeAnswer = _ => Task.CompletedTask;
        Assert.Equal(200, (await past.Server.GetAsync("/api/v2/worst")).Status);
    }

    [Fact]
    public async Task Only_some_questions_are_worked_on_and_others_wait_for_a_while()
    {
        await using Past past = await Past.StartAsync();
        await past.ReportAsync("a", -60, new Pair("b", 1, 0));
        var release = new TaskCompletionSource();
        using var begun = new SemaphoreSlim(0);
        past.Model.BeforeAnswer = async cancellation =>
        {
            begun.Release();
            await release.Task.WaitAsync(cancellation);
        };
        Task<Reply>[] worked = [.. Enumerable.Range(0, QueryDesk.MostAtATime).Select(_ => past.Server.GetAsync("/api/v2/series"))];
        for (int i = 0; i < QueryDesk.MostAtATime; i++) await begun.WaitAsync();

        // Whoever waits has a timer.
        int timers = past.Server.Time.Timers;
        Task<Reply> waiting = past.Server.GetAsync("/api/v2/series");
        await Joining.UntilAsync(() => past.Server.Time.Timers > timers);
        past.Server.Time.Pass(TimeSpan.FromSeconds(11));

        Reply refused = await waiting;
        Assert.Contains("4 questions about history are worked on already", refused.Problem(503), StringComparison.Ordinal);
        Assert.Equal("10", refused["Retry-After"]);
        release.SetResult();
        Assert.All(await Task.WhenAll(worked), reply => Assert.Equal(200, reply.Status));
    }

    [Fact]
    public async Task Whoever_goes_away_has_his_question_given_up()
    {
        await using Past past = await Past.StartAsync();
        await past.ReportAsync("a", -60, new Pair("b", 1, 0));
        (var begun, var given) = (new TaskCompletionSource(), new TaskCompletionSource());
        past.Model.BeforeAnswer = async cancellation =>
        {
            using CancellationTokenRegistration registration = cancellation.Register(given.SetResult);
            begun.SetResult();
            await Task.Delay(Timeout.Infinite, cancellation);
        };
        using var client = new CancellationTokenSource();

        Task<Reply> asked = past.Server.SendAsync("GET", "/api/v2/series", cancellation: client.Token);
        await begun.Task;
        await client.CancelAsync();

        await given.Task.WaitAsync(TimeSpan.FromSeconds(30));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked);
        Assert.Empty(past.Server.Warnings);
    }
}
