using System.Net;
using System.Text.Json;
using Llama.Engine.Summaries;
using Llama.Tests.Server;

namespace Llama.Tests.Cli.Joining;

public sealed class ReportPusherTests : IDisposable
{
    private readonly JoiningWorld _world = new();
    private DateTimeOffset _next = Reports.Noon;

    public void Dispose() => _world.Dispose();

    [Fact]
    public async Task A_report_is_pushed_as_the_collector_shows_it_packed_and_with_who_pushes()
    {
        await _world.StartAsync("secret");
        await ReportAsync(1);
        await _world.PassUntilAsync(() => _world.Server.Pushed.Count == 1, TimeSpan.FromSeconds(5));

        ServerRequest push = Assert.Single(_world.Server.Requests, request => request.Method == "POST");
        Assert.Equal(("/api/v2/summaries", "Bearer secret"), (push.Path, push.Authorization));
        JsonElement body = JsonDocument.Parse(push.Unpacked).RootElement;
        Assert.Equal("g", body.GetProperty("probe").GetProperty("group").GetString());
        Assert.Equal("a", body.GetProperty("probe").GetProperty("name").GetString());
        JsonElement report = Assert.Single(body.GetProperty("reports").EnumerateArray());
        Assert.Equal(2, report.GetProperty("summaries")[0].GetProperty("datagrams").GetProperty("received").GetInt32());
        Assert.NotEqual(0, report.GetProperty("summaries")[0].GetProperty("rtt").GetProperty("buckets").GetArrayLength());
        Assert.Equal(1, _world.Counters.Delivered);
        Assert.Empty(Spooled());
    }

    [Fact]
    public async Task What_the_server_missed_is_delivered_late_in_order_in_batches_and_once()
    {
        await _world.StartAsync();
        _world.Server.IsAway = true;
        for (int i = 0; i < 300; i++) await ReportAsync(1);
        Assert.Equal(300, _world.Counters.Waiting);
        await _world.PassAsync(TimeSpan.FromHours(1), TimeSpan.FromSeconds(5));

        _world.Server.IsAway = false;
        await _world.PassUntilAsync(() => _world.Counters.Delivered == 300, TimeSpan.FromSeconds(40));
        Assert.Equal(300, _world.Server.Pushed.Count);
        Assert.Equal(_world.Server.Pushed.Order(StringComparer.Ordinal), _world.Server.Pushed);
        Assert.Equal(0, _world.Server.PushedAgain);
        Assert.InRange(_world.Server.Requests.Count(request => request.Method == "POST" && request.Body.Length > 0), 3, 200);
        Assert.Empty(Spooled());
    }

    [Fact]
    public async Task What_waits_outlives_the_process()
    {
        _world.Server.IsAway = true;
        await _world.StartAsync();
        await ReportAsync(5);
        await _world.StopAsync();
        _world.Server.IsAway = false;
        await _world.StartAsync();
        await _world.PassUntilAsync(() => _world.Server.Pushed.Count == 5, TimeSpan.FromSeconds(40));
        await ReportAsync(1);
        await _world.PassUntilAsync(() => _world.Server.Pushed.Count == 6, TimeSpan.FromSeconds(40));
        Assert.Equal(0, _world.Server.PushedAgain);
    }

    [Fact]
    public async Task A_report_that_the_server_refuses_does_not_hold_up_the_others()
    {
        _world.Server.IsAway = true;
        await _world.StartAsync();
        await ReportAsync(20);
        string bad = Reports.Noon.AddSeconds(70).ToString("yyyy-MM-ddTHH:mm:ss", System.Globalization.CultureInfo.InvariantCulture);
        _world.Server.Instead = request => request.Method == "POST" && request.Unpacked.Contains($"\"start\":\"{bad}", StringComparison.Ordinal)
            ? ScriptedServer.Problem(HttpStatusCode.BadRequest, "reports[7] makes no sense")
            : null;
        _world.Server.IsAway = false;
        await _world.PassUntilAsync(() => _world.Counters.Delivered + _world.Counters.Dropped == 20, TimeSpan.FromSeconds(60));
        Assert.Equal(19, _world.Server.Pushed.Count);
        Assert.Equal(1, _world.Counters.Dropped);
        Assert.Equal(1, _world.TimesSaid("reports[7] makes no sense; drops the report"));
    }

    [Fact]
    public async Task A_server_that_takes_no_reports_is_told_once_and_asked_rarely()
    {
        _world.Server.Instead = request => request.Method == "POST" ? ScriptedServer.Problem(HttpStatusCode.NotFound, "no such thing") : null;
        await _world.StartAsync();
        await ReportAsync(3);
        await _world.PassAsync(TimeSpan.FromMinutes(5));
        Assert.Equal(1, _world.TimesSaid("push of reports"));
        Assert.InRange(_world.Server.Requests.Count(request => request.Method == "POST"), 8, 24);
        Assert.Equal(3, _world.Counters.Waiting);
    }

    private string[] Spooled() => Directory.GetFiles(Path.Combine(_world.Data, "spool"));

    /// <summary>Reports of ten seconds each, one after the other, and waits until they are spooled.</summary>
    private async Task ReportAsync(int count)
    {
        for (int i = 0; i < count; i++)
        {
            long before = _world.Counters.Waiting + _world.Counters.Delivered;
            Summary summary = Reports.Summary("192.0.2.1", Reports.Target("192.0.2.2:8100"), 0, 1_000_000, 2_000_000);
            _world.Pusher!.Offer(Reports.Report(summary) with { Start = _next, End = _next.AddSeconds(10) });
            _next = _next.AddSeconds(10);
            await _world.UntilAsync(() => _world.Counters.Waiting + _world.Counters.Delivered > before);
        }
    }
}
