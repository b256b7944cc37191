using System.Net;
using Llama.Cli;

namespace Llama.Tests.Cli.Watching;

public sealed class MatrixCommandTests
{
    private const string Now = """
        {"group":"wan","class":0,"class_name":"CS0","classes":[0,184],"now":"2026-11-22T12:00:17.9Z",
         "sources":["ams1","fra1"],"destinations":["ams1","fra1","lab/x"],"destinations_left_out":0,
         "units":{"loss":"ratio","loss_forward":"ratio","loss_reverse":"ratio","sent":"datagrams","rtt_p50":"ns","suspect":"boolean","age":"s","jitter":"ns"},
         "metrics":{
          "loss":[[null,0,0.075],[0.5,null,1]],
          "loss_forward":[[null,0,0.05],[0.5,null,null]],
          "loss_reverse":[[null,0,0.025],[0,null,null]],
          "sent":[[null,40,40],[40,null,40]],
          "rtt_p50":[[null,250880,48120832],[251904,null,null]],
          "suspect":[[null,true,false],[false,null,false]],
          "age":[[null,7,7],[7,null,400]],
          "jitter":[[null,3120,4000],[5000,null,null]]}}
        """;

    private readonly Stage _stage = new();
    private readonly FakeApi _api = new FakeApi().On("/api/v2/groups/wan", """{"interval_s":10}""").On("/api/v2/groups?", """{"groups":[{"name":"wan"}]}""");

    public MatrixCommandTests() => _stage.HttpHandler = _api;

    [Fact]
    public async Task A_table_shows_loss_and_median_and_marks_what_is_suspect_stale_or_not_measured()
    {
        _api.On("/api/v2/matrix", Now);
        Assert.Equal(ExitCode.Ok, await _stage.RunAsync("matrix"));
        Assert.Equal(
            """
            LLAMA matrix  |  wan  |  CS0 (there is EF)  |  2026-11-22 12:00:17Z
            Rows send, columns reflect: datagrams lost and median round-trip time.

                      ams1           fra1          lab/x
            ams1       -         ?   0% 251us   ! 7.5%  48ms
            fra1  !  50% 252us        -         ~ 100%     -

            . fine  ^ slow (from 150ms)  ! loss  x dead  ? suspect  ~ stale  - not measured
            ams1: numbers are suspect

            fra1 -> ams1   loses 50 % on the way there
            ams1 -> lab/x  loses 7.5 %, 67 % of it on the way there

            """.ReplaceLineEndings("\n"),
            _stage.Out);
        Assert.Equal("", _stage.Error);
    }

    [Fact]
    public async Task Metrics_that_are_asked_for_are_shown_instead()
    {
        _api.On("/api/v2/matrix", Now);
        await _stage.RunAsync("matrix", "--metric", "loss_forward,jitter");
        Assert.Contains("ams1       -         ?   0% 3.1us   ! 5.0% 4.0us\n", _stage.Out, StringComparison.Ordinal);
        Assert.Contains("Rows send, columns reflect: datagrams lost on the way there and jitter.", _stage.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_asked_for_goes_to_the_server_as_it_was_typed()
    {
        _api.On("/api/v2/matrix", Now);
        await _stage.RunAsync(
            "matrix", "--server", "http://server:5000", "--group", "wan & lan", "--class", "EF", "--from", "now-1d/d", "--to", "now",
            "--source", "site=ams*,site=fra1", "--source", "role=edge", "--destination", "x*", "--by", "site", "--destination-by", "name", "--token", "secret", "--metric", "loss,rtt_p99");
        Assert.Equal("Bearer secret", _api.Last.Authorization);
        Assert.Equal(
            "/api/v2/matrix?group=wan%20%26%20lan&class=EF&source=site%3Dams%2A%2Csite%3Dfra1&source=role%3Dedge&destination=x%2A&source_by=site&destination_by=name"
            + "&from=now-1d%2Fd&to=now&metrics=loss%2Closs_forward%2Closs_reverse%2Csent%2Crtt_p50%2Csuspect%2Crtt_p99&format=json",
            _api.Asked[0]);
    }

    [Theory]
    [InlineData("json")]
    [InlineData("csv")]
    public async Task Formats_for_programs_are_what_the_server_answers(string format)
    {
        _api.On("/api/v2/matrix", "source,destination,loss\r\na,b,0\r\n");
        Assert.Equal(ExitCode.Ok, await _stage.RunAsync("matrix", "--format", format, "--at", "now-6h"));
        Assert.Equal("source,destination,loss\r\na,b,0\r\n", _stage.Out);
        Assert.Equal([$"/api/v2/matrix?at=now-6h&metrics=loss%2Crtt_p50&format={format}"], _api.Asked);
    }

    [Fact]
    public async Task Names_from_a_server_do_nothing_to_the_terminal()
    {
        _api.On("/api/v2/matrix", Now.Replace("fra1", @"\u001b[2Jfra\n1", StringComparison.Ordinal));
        await _stage.RunAsync("matrix");
        Assert.DoesNotContain('\e', _stage.Out);
        Assert.Contains(@"\u{1b}[2Jfra\u{~", _stage.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("""{"group":7}""")]
    [InlineData("""{"group":"g","sources":["a"],"destinations":["b"],"units":{},"metrics":{"loss":[[]],"loss_forward":[[]],"loss_reverse":[[]],"sent":[[]],"rtt_p50":[[]],"suspect":[[]],"age":[[]]}}""")]
    [InlineData("""{"group":"g","sources":"a","destinations":[1],"units":[],"metrics":[]}""")]
    public async Task An_answer_that_makes_no_sense_is_told_in_one_line(string answer)
    {
        _api.On("/api/v2/matrix", answer);
        Assert.Equal(ExitCode.Failed, await _stage.RunAsync("matrix"));
        Assert.Equal("llama: http://127.0.0.1:5000: the answer makes no sense; is a LLAMA server there, and is it of this version?\n", _stage.Error);
    }

    [Fact]
    public async Task Numbers_beyond_all_measure_are_drawn_without_failing()
    {
        _api.On("/api/v2/matrix", Now.Replace("250880", "1e300", StringComparison.Ordinal).Replace("[40,null,40]", "[1e400,null,-3]", StringComparison.Ordinal).Replace("0.5", "77", StringComparison.Ordinal));
        Assert.Equal(ExitCode.Ok, await _stage.RunAsync("matrix"));
        Assert.Contains("fra1", _stage.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_server_says_how_to_get_one()
    {
        _api.IsAway = true;
        Assert.Equal(ExitCode.Failed, await _stage.RunAsync("matrix"));
        Assert.Equal(
            "llama: http://127.0.0.1:5000: Connection refused; start a server with 'llama server', or say where it is with --server URL or LLAMA_SERVER\n", _stage.Error);
    }

    [Theory]
    [InlineData(null, "the server wants its read token; give it with --token-file FILE or LLAMA_TOKEN")]
    [InlineData("other", "the server does not take this token for reading; give its read token with --token-file FILE or LLAMA_TOKEN")]
    public async Task A_server_that_wants_a_token_says_how_to_give_it(string? token, string told)
    {
        _stage.Environment["LLAMA_TOKEN"] = token ?? "";
        _api.Problem("/api/v2/matrix", token is null ? HttpStatusCode.Unauthorized : HttpStatusCode.Forbidden, "This takes the read token.");
        Assert.Equal(ExitCode.Failed, await _stage.RunAsync("matrix"));
        Assert.Equal($"llama: http://127.0.0.1:5000: {told}\n", _stage.Error);
    }

    [Fact]
    public async Task Of_several_groups_one_has_to_be_named()
    {
        _api.Problem("/api/v2/matrix", HttpStatusCode.BadRequest, "Say which group.").On("/api/v2/groups?", """{"groups":[{"name":"wan"},{"name":"my lab"}]}""");
        Assert.Equal(ExitCode.Failed, await _stage.RunAsync("matrix"));
        Assert.Equal("llama: there are several groups: my lab, wan; say which, as in: llama matrix --group 'my lab'\n", _stage.Error);
    }

    [Fact]
    public async Task A_group_that_is_not_there_is_told_with_those_that_are()
    {
        _api.Problem("/api/v2/matrix", HttpStatusCode.NotFound, "There is no such group.");
        await _stage.RunAsync("matrix", "--group", "wam");
        Assert.Equal("llama: there is no group wam, but wan; say which, as in: llama matrix --group wan\n", _stage.Error);
    }

    [Fact]
    public async Task A_server_without_probes_says_how_one_joins()
    {
        _api.Problem("/api/v2/matrix", HttpStatusCode.NotFound, "No probe has registered yet.").On("/api/v2/groups?", """{"groups":[]}""");
        await _stage.RunAsync("matrix");
        Assert.Equal(
            "llama: http://127.0.0.1:5000: 404: No probe has registered yet; let a probe join with: LLAMA_SERVER=http://127.0.0.1:5000 llama probe\n", _stage.Error);
    }

    [Fact]
    public async Task Of_a_time_that_nothing_is_kept_of_it_says_what_is_kept()
    {
        _api.On("/api/v2/matrix", """
            {"group":"wan","class":0,"class_name":"CS0","classes":[0],"now":"2026-11-22T12:00:17Z","from":"2020-01-01T11:57:00Z","to":"2020-01-01T12:00:00Z",
             "sources":[],"destinations":[],"units":{},"metrics":{"loss":[],"loss_forward":[],"loss_reverse":[],"sent":[],"rtt_p50":[],"suspect":[]}}
            """).On("/api/v2/history", """{"levels":[{"oldest":"2026-11-20T12:00:00Z","newest":"2026-11-22T12:00:00Z"},{"oldest":null,"newest":null}]}""");
        Assert.Equal(ExitCode.Ok, await _stage.RunAsync("matrix", "--at", "2020-01-01T12:00:00Z"));
        Assert.Contains("LLAMA matrix  |  wan  |  CS0  |  as of 2020-01-01 12:00:00Z\n", _stage.Out, StringComparison.Ordinal);
        Assert.EndsWith("Nothing was measured then. The server keeps 2026-11-20 12:00:00Z to 2026-11-22 12:00:00Z.\n", _stage.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--at", "now", "--to", "now")]
    [InlineData("--watch", "--format", "csv")]
    [InlineData("--class", "gold")]
    [InlineData("--metric", "Loss")]
    [InlineData("--format", "xml")]
    [InlineData("--source", "a,,b")]
    public async Task What_makes_no_sense_is_told_without_asking_a_server(params string[] args)
    {
        Assert.Equal(ExitCode.Usage, await _stage.RunAsync(["matrix", .. args]));
        Assert.Contains("; see 'llama matrix --help'\n", _stage.Error, StringComparison.Ordinal);
        Assert.Empty(_api.Asked);
    }
}
