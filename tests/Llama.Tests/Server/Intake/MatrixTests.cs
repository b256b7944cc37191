using System.Globalization;
using System.Text.Json;
using Llama.Engine.Summaries;
using Llama.Mesh.Membership;
using static Llama.Tests.Server.Intake.Pushes;

namespace Llama.Tests.Server.Intake;

/// <summary>GET /api/v2/matrix.</summary>
public sealed class MatrixTests
{
    private const string Hostile = "=cmd|' /C calc'!A0\u001b[2J<b>\u202e,\"";

    [Fact]
    public async Task It_shows_all_that_is_known_of_a_pair_and_null_where_nothing_is()
    {
        var time = new StandingTime();
        await using ServedIntake served = await ServedIntake.StartAsync(time, "a", "b");
        Summary summary = To("b", 3, 1000, 2000, 3000) with
        {
            Counts = new DatagramCounts { Sent = 6, Received = 3, Lost = 3, LostForward = 2, LostReverse = 1 },
            JitterNanos = 12.6,
            DelayVariationNanos = 1992,
            ForwardDelayVariationNanos = 17_000_000,
            Path = new PathMarks { ForwardTtl = 57, ReverseTtl = 255, ForwardTos = 0, ForwardRemarked = 0, ForwardTtlChanges = 2 },
        };
        await served.PushAsync("a", At(0, summary) with { Health = new CollectorHealth { Suspect = [SuspectReason.ClockStep] } });
        time.Pass(TimeSpan.FromSeconds(17.9));

        JsonElement matrix = await served.MatrixAsync("?metrics=all");

        Assert.Equal(
            """
            {"group":"g","class":0,"class_name":"CS0","classes":[0],"now":"2026-11-22T12:00:17.9Z","sources":["a","b"],"destinations":["a","b"],"destinations_left_out":0,
            "units":{"loss":"ratio","loss_forward":"ratio","loss_reverse":"ratio","rtt_min":"ns","rtt_p50":"ns","rtt_p90":"ns","rtt_p99":"ns","rtt_max":"ns","jitter":"ns","sent":"datagrams","age":"s","suspect":"boolean",
            "received":"datagrams","lost":"datagrams","lost_forward":"datagrams","lost_reverse":"datagrams","late":"datagrams","duplicates":"datagrams","reordered":"datagrams","send_errors":"datagrams",
            "rtt_mean":"ns","delay_variation":"ns","forward_delay_variation":"ns","reverse_delay_variation":"ns","forward_ttl":"hops","reverse_ttl":"hops","forward_tos":"octet","reverse_tos":"octet",
            "forward_remarked":"datagrams","reverse_remarked":"datagrams","forward_ttl_changes":"changes","intervals":"intervals","suspect_share":"ratio","stale":"boolean"},
            "metrics":{"loss":[[null,0.5],[null,null]],"loss_forward":[[null,0.333333333],[null,null]],"loss_reverse":[[null,0.166666667],[null,null]],
            "rtt_min":[[null,1000],[null,null]],"rtt_p50":[[null,2008],[null,null]],"rtt_p90":[[null,2992],[null,null]],"rtt_p99":[[null,2992],[null,null]],"rtt_max":[[null,3000],[null,null]],
            "jitter":[[null,13],[null,null]],"sent":[[null,6],[null,null]],"age":[[null,7],[null,null]],"suspect":[[null,true],[null,null]],
            "received":[[null,3],[null,null]],"lost":[[null,3],[null,null]],"lost_forward":[[null,2],[null,null]],"lost_reverse":[[null,1],[null,null]],
            "late":[[null,0],[null,null]],"duplicates":[[null,0],[null,null]],"reordered":[[null,0],[null,null]],"send_errors":[[null,0],[null,null]],
            "rtt_mean":[[null,2000],[null,null]],"delay_variation":[[null,1992],[null,null]],"forward_delay_variation":[[null,17000000],[null,null]],"reverse_delay_variation":[[null,null],[null,null]],
            "forward_ttl":[[null,57],[null,null]],"reverse_ttl":[[null,255],[null,null]],"forward_tos":[[null,0],[null,null]],"reverse_tos":[[null,null],[null,null]],
            "forward_remarked":[[null,0],[null,null]],"reverse_remarked":[[null,null],[null,null]],"forward_ttl_changes":[[null,2],[null,null]],
            "intervals":[[null,1],[null,null]],"suspect_share":[[null,1],[null,null]],"stale":[[null,false],[null,null]]}}
            """.ReplaceLineEndings(""),
            matrix.GetRawText());
    }

    [Fact]
    public async Task What_a_collector_could_not_measure_is_null()
    {
        await using ServedIntake served = await ServedIntake.StartAsync(new StandingTime(), "a", "b");
        await served.PushAsync("a", At(0, To("b", 4), To("c", 0)));

        Assert.Equal("1", await served.CellAsync("a", "b"));
        Assert.Equal("null", await served.CellAsync("a", "b", "rtt_p50"));
        Assert.Equal("null", await served.CellAsync("a", "b", "loss_forward"));
        Assert.Equal("null", await served.CellAsync("a", "b", "jitter"));
        Assert.Equal("null", await served.CellAsync("a", "c"));
        Assert.Equal("0", await served.CellAsync("a", "c", "sent"));
    }

    [Theory]
    [InlineData(1, 3_000_000_000, "0.000000001")]
    [InlineData(2_999_999_999, 3_000_000_000, "0.999999999")]
    [InlineData(3_000_000_000, 3_000_000_000, "1")]
    [InlineData(1, 8, "0.125")]
    public async Task Only_nothing_lost_is_0_and_only_all_lost_is_1(long lost, long sent, string loss)
    {
        await using ServedIntake served = await ServedIntake.StartAsync(new StandingTime(), "a");

        await served.PushAsync("a", At(0, To("b", 0) with { Counts = new DatagramCounts { Sent = sent, Received = sent - lost, Lost = lost } }));

        Assert.Equal(loss, await served.CellAsync("a", "b"));
    }

    [Fact]
    public async Task A_late_report_never_replaces_a_newer_interval()
    {
        await using ServedIntake served = await ServedIntake.StartAsync(new StandingTime(), "a");
        await served.PushAsync("a", At(-20, To("b", 1, 5)), At(-40, To("b", 1), To("c", 1)));

        Assert.Equal("0.5", await served.CellAsync("a", "b"));
        Assert.Equal("1", await served.CellAsync("a", "c"));

        await served.PushAsync("a", At(-10, To("b", 0, 5)));
        Assert.Equal("0", await served.CellAsync("a", "b"));
    }

    [Fact]
    public async Task An_interval_of_the_future_gives_way_once_the_probes_clock_is_right_again()
    {
        await using ServedIntake served = await ServedIntake.StartAsync(new StandingTime(), "a");
        await served.PushAsync("a", At(86_400, To("b", 1)), At(86_410, To("b", 1, 5)));
        Assert.Equal("0.5", await served.CellAsync("a", "b"));
        Assert.Equal("0", await served.CellAsync("a", "b", "age"));

        await served.PushAsync("a", At(-10, To("b", 0, 5)));
        await served.PushAsync("a", At(86_420, To("b", 1)));

        Assert.Equal("0", await served.CellAsync("a", "b"));
    }

    [Fact]
    public async Task Rows_are_the_members_and_whoever_left_within_the_hour()
    {
        var time = new StandingTime();
        GroupSnapshot group = ServedIntake.Group("g", "a", "b");
        await using ServedIntake served = await ServedIntake.StartAsync(
            time, options => options with { FindGroup = _ => group, Groups = () => [group] }, group);
        await served.PushAsync("a", At(0, To("b", 0, 5)));
        await served.PushAsync("b", At(0, To("a", 0, 5), To("elsewhere/x", 1)));

        group = ServedIntake.Group("g", "c", "b");
        JsonElement matrix = await served.MatrixAsync();
        Assert.Equal(["c", "b", "a"], ServedIntake.Names(matrix, "sources"));
        Assert.Equal(["c", "b", "a", "elsewhere/x"], ServedIntake.Names(matrix, "destinations"));
        Assert.Equal("0", await served.CellAsync("a", "b"));

        time.Pass(TimeSpan.FromMinutes(59));
        Assert.Equal(["c", "b", "a"], ServedIntake.Names(await served.MatrixAsync(), "sources"));
        time.Pass(TimeSpan.FromMinutes(2));
        matrix = await served.MatrixAsync();
        Assert.Equal(["c", "b"], ServedIntake.Names(matrix, "sources"));
        Assert.Equal(["c", "b"], ServedIntake.Names(matrix, "destinations"));
    }

    [Fact]
    public async Task A_row_follows_what_columns_come_and_go()
    {
        GroupSnapshot group = ServedIntake.Group("g", "a", "b");
        await using ServedIntake served = await ServedIntake.StartAsync(
            new StandingTime(), options => options with { FindGroup = _ => group, Groups = () => [group] }, group);
        await served.PushAsync("a", At(0, To("b", 1, 5)));
        Assert.Equal("0.5", await served.CellAsync("a", "b"));

        group = ServedIntake.Group("g", "new", "a", "other", "b");

        Assert.Equal("0.5", await served.CellAsync("a", "b"));
        Assert.Equal("null", await served.CellAsync("a", "other"));
        await served.PushAsync("a", At(10, To("other", 1), To("b", 0, 5)));
        Assert.Equal("1", await served.CellAsync("a", "other"));
        Assert.Equal("0", await served.CellAsync("a", "b"));
    }

    [Fact]
    public async Task Destinations_that_probes_make_up_get_only_so_many_columns()
    {
        await using ServedIntake served = await ServedIntake.StartAsync(
            new StandingTime(), options => options with { MaxOtherColumns = 10 }, ServedIntake.Group("g", "a"));

        await served.PushAsync("a", At(0, [.. Enumerable.Range(0, 25).Select(i => To($"n{i}", 1))]));

        JsonElement matrix = await served.MatrixAsync();
        Assert.Equal(11, matrix.GetProperty("destinations").GetArrayLength());
        Assert.Equal(15, matrix.GetProperty("destinations_left_out").GetInt32());
    }

    [Fact]
    public async Task Each_class_has_a_matrix_and_the_lowest_is_shown_unless_told()
    {
        await using ServedIntake served = await ServedIntake.StartAsync(new StandingTime(), "a", "b");
        await served.PushAsync("a", At(0, To("b", 1, 5) with { Class = 184 }, To("b", 0, 5) with { Class = 32 }));

        JsonElement matrix = await served.MatrixAsync();

        Assert.Equal((32, "CS1", "[32,184]"), (matrix.GetProperty("class").GetInt32(), matrix.GetProperty("class_name").GetString(), matrix.GetProperty("classes").GetRawText()));
        Assert.Equal("0", await served.CellAsync("a", "b"));
        Assert.Equal("0.5", await served.CellAsync("a", "b", query: "&class=EF"));
        Assert.Equal("0.5", await served.CellAsync("a", "b", query: "&class=184"));
        Assert.Equal("null", await served.CellAsync("a", "b", query: "&class=0"));
    }

    [Fact]
    public async Task Without_a_group_the_only_one_is_shown_and_several_are_listed()
    {
        await using ServedIntake served = await ServedIntake.StartAsync(
            new StandingTime(), options => options, ServedIntake.Group("g", "a"), ServedIntake.Group("h", "a"));

        RawReply which = await served.GetAsync("");
        Assert.Equal((400, "application/problem+json"), (which.Status, which["Content-Type"]));
        Assert.Contains("There are: g, h.", which.Body, StringComparison.Ordinal);
        Assert.Equal(200, (await served.GetAsync("?group=h")).Status);
        RawReply none = await served.GetAsync("?group=i");
        Assert.Equal(404, none.Status);
        Assert.Contains("There are: g, h.", none.Body, StringComparison.Ordinal);

        await using ServedIntake empty = await ServedIntake.StartAsync(new StandingTime(), options => options);
        Assert.Equal(404, (await empty.GetAsync("")).Status);
    }

    [Theory]
    [InlineData("?metrics=loss,nope", "loss_forward")]
    [InlineData("?metrics=,", "loss_forward")]
    [InlineData("?class=XX", "DSCP")]
    [InlineData("?format=xml", "json, csv or text")]
    public async Task A_wrong_parameter_is_answered_with_what_there_is(string query, string detail)
    {
        await using ServedIntake served = await ServedIntake.StartAsync(new StandingTime(), "a");

        RawReply reply = await served.GetAsync(query);

        Assert.Equal(400, reply.Status);
        Assert.Contains(detail, reply.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task More_values_than_an_answer_may_have_are_refused()
    {
        await using ServedIntake served = await ServedIntake.StartAsync(
            new StandingTime(), options => options with { MaxValues = 8 }, ServedIntake.Group("g", "a", "b"));

        Assert.Equal(200, (await served.GetAsync("")).Status);
        RawReply reply = await served.GetAsync("?metrics=all");
        Assert.Equal(422, reply.Status);
        Assert.Contains("136 values, and an answer has at most 8", reply.Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", null, "application/json")]
    [InlineData("", "*/*", "application/json")]
    [InlineData("", "text/html, application/xhtml+xml, */*;q=0.8", "application/json")]
    [InlineData("", "text/csv", "text/csv; charset=utf-8")]
    [InlineData("", "text/plain, text/csv;q=0.5", "text/plain; charset=utf-8")]
    [InlineData("", "text/csv;q=0.5, application/json;q=0.9", "application/json")]
    [InlineData("", "text/*", "text/csv; charset=utf-8")]
    [InlineData("", "image/png", null)]
    [InlineData("?format=text", "application/json", "text/plain; charset=utf-8")]
    [InlineData("?format=csv", null, "text/csv; charset=utf-8")]
    public async Task The_format_is_what_the_client_asks_for(string query, string? accept, string? type)
    {
        await using ServedIntake served = await ServedIntake.StartAsync(new StandingTime(), "a");

        RawReply reply = await served.GetAsync(query, accept is null ? [] : [$"Accept: {accept}"]);

        Assert.Equal(type is null ? 406 : 200, reply.Status);
        Assert.Equal(type ?? "application/problem+json", reply["Content-Type"]);
    }

    [Fact]
    public async Task Csv_has_a_line_for_each_pair_and_nothing_where_nothing_was_measured()
    {
        await using ServedIntake served = await ServedIntake.StartAsync(new StandingTime(), "a", "b");
        await served.PushAsync("a", At(0, To("b", 1, 1000)));

        RawReply reply = await served.GetAsync("?format=csv&metrics=loss,rtt_p50,suspect");

        Assert.Equal("source,destination,loss,rtt_p50,suspect\r\na,a,,,\r\na,b,0.5,1000,false\r\nb,a,,,\r\nb,b,,,\r\n", reply.Body);
    }

    [Fact]
    public async Task The_text_table_fits_80_columns_and_marks_what_is_not_to_be_trusted()
    {
        var time = new StandingTime();
        string[] members = [.. Enumerable.Range(1, 7).Select(i => $"a-rather-long-name-{i}")];
        await using ServedIntake served = await ServedIntake.StartAsync(time, members);
        await served.PushAsync(members[0], At(0, To(members[1], 1, 48_000), To(members[6], 5)) with { Health = new CollectorHealth { Suspect = [SuspectReason.ClockStep] } });

        string text = (await served.GetAsync("?format=text")).Body;

        string[] lines = text.Split('\n');
        Assert.All(lines, line => Assert.InRange(line.Length, 0, 80));
        Assert.StartsWith("Group g, class CS0, 2026-11-22 12:00:00Z", lines[0], StringComparison.Ordinal);
        Assert.Equal("a-rather-long-n…    -         50%  48us?    -           -           -", lines.First(line => line.StartsWith("a-rather", StringComparison.Ordinal)));
        Assert.Contains("100%     -?", text, StringComparison.Ordinal);

        time.Pass(TimeSpan.FromMinutes(5));
        Assert.Contains("50%  48us~", (await served.GetAsync("?format=text")).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Names_come_out_as_data_whatever_they_hold()
    {
        await using ServedIntake served = await ServedIntake.StartAsync(new StandingTime(), "a");
        await served.PushAsync("a", At(0, To(Hostile, 1)));

        RawReply json = await served.GetAsync("");
        Assert.Equal(["a", Hostile], ServedIntake.Names(JsonDocument.Parse(json.Body).RootElement, "destinations"));
        Assert.DoesNotContain('<', json.Body);
        RawReply csv = await served.GetAsync("?format=csv");
        Assert.Equal(200, csv.Status);
        Assert.Equal("a,\"'=cmd|' /C calc'!A0\\u{1b}[2J<b>\\u{202e},\"\"\",1,", csv.Body.Split("\r\n")[2]);
        RawReply text = await served.GetAsync("?format=text");
        Assert.All([json, csv, text], reply => Assert.Equal("nosniff", reply["X-Content-Type-Options"]));
        Assert.All([csv, text], reply => Assert.DoesNotContain(reply.Body, c => char.IsControl(c) && c is not '\n' and not '\r' || c == '\u202e'));
    }

    [Fact]
    public async Task What_has_not_changed_is_not_sent_again()
    {
        await using ServedIntake served = await ServedIntake.StartAsync(new StandingTime(), "a", "b");
        await served.PushAsync("a", At(0, To("b", 1)));
        RawReply first = await served.GetAsync("");
        string tag = first["ETag"]!;

        Assert.Equal(304, (await served.GetAsync("", $"If-None-Match: {tag}")).Status);
        Assert.Equal(200, (await served.GetAsync("?metrics=all", $"If-None-Match: {tag}")).Status);
        Assert.Equal(200, (await served.GetAsync("?format=csv", $"If-None-Match: {tag}")).Status);

        await served.PushAsync("b", At(0, To("a", 1)));
        RawReply next = await served.GetAsync("", $"If-None-Match: {tag}");
        Assert.Equal(200, next.Status);
        Assert.Equal("Accept, Accept-Encoding", next["Vary"]);
        RawReply head = await RawHttp.SendAsync(served.Address, "HEAD", "/api/v2/matrix");
        Assert.Equal((200, next["ETag"]), (head.Status, head["ETag"]));
    }

    [Fact]
    public async Task Rows_that_come_from_several_reports_in_any_order_show_the_newest_of_each_pair()
    {
        await using ServedIntake served = await ServedIntake.StartAsync(new StandingTime(), "a");
        var dice = new Random(7);
        var newest = new Dictionary<string, (int At, long Lost)>();
        foreach (int at in Enumerable.Range(-30, 30).OrderBy(_ => dice.Next()))
        {
            (string Name, long Lost)[] pairs = [.. Enumerable.Range(0, 12).OrderBy(_ => dice.Next()).Take(dice.Next(12)).Select(i => ($"n{i}", dice.NextInt64(50)))];
            await served.PushAsync("a", At(at * 10, [.. pairs.Select(pair => To(pair.Name, pair.Lost, 1))]));
            foreach ((string name, long lost) in pairs)
                if (!newest.TryGetValue(name, out (int At, long Lost) known) || known.At < at) newest[name] = (at, lost);
        }

        foreach ((string name, (int _, long lost)) in newest)
            Assert.Equal((lost + 1).ToString(CultureInfo.InvariantCulture), await served.CellAsync("a", name, "sent"));
    }
}
