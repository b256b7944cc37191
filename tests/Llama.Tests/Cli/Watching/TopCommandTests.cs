using Llama.Cli;
using Llama.Cli.Matrix;
using Llama.Cli.Watching;

namespace Llama.Tests.Cli.Watching;

public sealed class TopCommandTests : IDisposable
{
    private const string Worst = """
        {"group":"wan","class":0,"class_name":"CS0","metric":"loss","from":"2026-11-22T11:50:10Z","to":"2026-11-22T12:00:10Z","of":9900,
         "units":{"loss":"ratio"},
         "rows":[
          {"source":"ams1","destination":"fra1","start":"2026-11-22T11:50:10Z","end":"2026-11-22T12:00:00Z",
           "metrics":{"loss":0.5,"loss_forward":0.375,"loss_reverse":null,"sent":7200,"rtt_p50":250880,"rtt_p99":48120832,"jitter":3120,"delay_variation":47869952}},
          {"source":"fra1","destination":"\u001b[2Jx","start":"2026-11-22T11:50:10Z","end":"2026-11-22T12:00:00Z",
           "metrics":{"loss":0.0001,"loss_forward":0,"loss_reverse":0.0001,"sent":123456,"rtt_p50":null,"rtt_p99":null,"jitter":null,"delay_variation":null}}]}
        """;

    private readonly Stage _stage = new();
    private readonly SharedText _screen = new();
    private readonly FakeApi _api = new FakeApi().On("/api/v2/groups?", """{"groups":[{"name":"wan"}]}""");

    public TopCommandTests() => _stage.HttpHandler = _api;

    public void Dispose() => _screen.Dispose();

    [Fact]
    public async Task A_pipe_gets_one_plain_table_worst_first()
    {
        _api.On("/api/v2/worst", Worst);
        Assert.Equal(ExitCode.Ok, await _stage.RunAsync("top"));
        Assert.Equal(
            """
            LLAMA top  |  wan  |  CS0  |  2026-11-22 11:50:10 to 12:00:10Z  |  9,900 pairs

            Source       Destination Loss%  Fwd%  Rev%  Snt   p50  p99  Jttr   DV
            ams1         fra1        50.0% 37.5%     - 7200 251us 48ms 3.1us 48ms  ############
            fra1         \u{1b}[2Jx  <0.1%  0.0% <0.1% 123k     -    -     -    -

            """.ReplaceLineEndings("\n"),
            _stage.Out);
        Assert.Single(_api.Asked);
    }

    [Fact]
    public async Task What_is_asked_for_goes_to_the_server()
    {
        _api.On("/api/v2/worst", Worst);
        await _stage.RunAsync("top", "--metric", "rtt_p99", "--last", "1h", "--limit", "7", "--by", "site", "--source", "ams*");
        Assert.Equal(
            "/api/v2/worst?source=ams%2A&source_by=site&destination_by=site&metric=rtt_p99&from=now-3600s&limit=7"
            + "&metrics=loss%2Closs_forward%2Closs_reverse%2Csent%2Crtt_p50%2Crtt_p99%2Cjitter%2Cdelay_variation&format=json",
            _api.Asked.Single());
    }

    [Fact]
    public async Task Nothing_measured_says_what_to_do()
    {
        _api.On("/api/v2/worst", """{"group":"wan","class_name":"CS0","metric":"loss","of":0,"rows":[]}""");
        Assert.Equal(ExitCode.Ok, await _stage.RunAsync("top"));
        Assert.EndsWith(
            "\n\nNothing was measured in the last 600 s; give a longer --last, or start probes: LLAMA_SERVER=http://127.0.0.1:5000 llama probe\n", _stage.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--metric", "sent")]
    [InlineData("--limit", "0")]
    [InlineData("--last", "soon")]
    public async Task What_makes_no_sense_is_told_without_asking_a_server(params string[] args)
    {
        Assert.Equal(ExitCode.Usage, await _stage.RunAsync(["top", .. args]));
        Assert.Empty(_api.Asked);
    }

    [Theory]
    [InlineData("""{"rows":[{}]}""")]
    [InlineData("""{"group":"wan","metric":"loss","rows":[{"source":"a","destination":null,"metrics":7}]}""")]
    [InlineData("<html>")]
    public async Task An_answer_that_makes_no_sense_is_told(string answer)
    {
        _api.On("/api/v2/worst", answer);
        Assert.Equal(ExitCode.Failed, await _stage.RunAsync("top"));
        Assert.Contains("the answer makes no sense", _stage.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(30)]
    [InlineData(50)]
    [InlineData(80)]
    [InlineData(200)]
    public void No_line_is_wider_than_the_terminal_and_no_picture_higher(int width)
    {
        WorstAnswer answer = WorstAnswer.Read(System.Text.Encoding.UTF8.GetBytes(Worst));
        answer = answer with { Rows = [.. Enumerable.Repeat(answer.Rows, 20).SelectMany(rows => rows)] };
        var look = new LiveLook { Height = 24, HasKeys = true, Trouble = "http://server:5000: Connection refused" };
        string[] lines = Drawing.ForTerminal(new TopView(answer, look), width, name => name == "NO_COLOR" ? "1" : null).TrimEnd('\n').Split('\n');
        lines = [.. lines.Select(line => System.Text.RegularExpressions.Regex.Replace(line, "\e\\[[0-9;]*m", ""))];
        Assert.All(lines, line => Assert.True(TerminalText.Width(line) <= width, line));
        Assert.Equal(24, lines.Length);
        Assert.Contains(lines, line => line.StartsWith("No room for 22 more", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_key_ranks_by_another_metric_and_q_leaves_the_last_picture()
    {
        _api.On("/api/v2/worst?metric=loss", Worst).On("/api/v2/worst?metric=jitter", Worst.Replace("\"metric\":\"loss\"", "\"metric\":\"jitter\"", StringComparison.Ordinal));
        char Key(int number) => number == 0 ? 'j' : Once(() => _api.Asked.Any(path => path.Contains("metric=jitter", StringComparison.Ordinal)), 'q');
        Assert.Equal(ExitCode.Ok, await LiveAsync(Key, "top", "--every", "5ms"));
        string left = _screen.ToString().Split("\e[?25h\e[?1049l")[^1];
        Assert.Contains("ams1", left, StringComparison.Ordinal);
        Assert.DoesNotContain("quit", left, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_goes_away_leaves_the_picture_and_is_told()
    {
        _api.On("/api/v2/worst", Worst);
        char Key(int number)
        {
            _api.IsAway = true;
            return Once(() => _screen.ToString().Contains("Not the newest: http://127.0.0.1:5000: Connection refused", StringComparison.Ordinal), 'q');
        }

        Assert.Equal(ExitCode.Ok, await LiveAsync(Key, "top", "--every", "5ms"));
        string left = _screen.ToString().Split("\e[?25h\e[?1049l")[^1];
        Assert.Contains("Not the newest", left, StringComparison.Ordinal);
        Assert.Contains("ams1", left, StringComparison.Ordinal);
    }

    private Task<int> LiveAsync(Func<int, char> key, params string[] args)
    {
        int number = 0;
        Surroundings live = _stage.Surroundings with
        {
            Out = _screen,
            OutIsTerminal = true,
            ReadKey = () => key(number++),
        };
        return CommandLine.RunAsync(args, live);
    }

    /// <summary>A key that is pressed as soon as something holds.</summary>
    private static char Once(Func<bool> holds, char key)
    {
        Assert.True(SpinWait.SpinUntil(holds, TimeSpan.FromSeconds(30)), "It never came.");
        return key;
    }

    /// <summary>Text that one thread writes and another one reads meanwhile.</summary>
    private sealed class SharedText : StringWriter
    {
        private readonly Lock _gate = new();

        public override void Write(char value)
        {
            lock (_gate) base.Write(value);
        }

        public override void Write(string? value)
        {
            lock (_gate) base.Write(value);
        }

        public override Task WriteAsync(string? value)
        {
            Write(value);
            return Task.CompletedTask;
        }

        public override string ToString()
        {
            lock (_gate) return base.ToString();
        }
    }
}
