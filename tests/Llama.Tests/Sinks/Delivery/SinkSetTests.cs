using System.Text.Json;
using Llama.Server.Sinks;
using Llama.Server.Sinks.Delivery;

namespace Llama.Tests.Sinks.Delivery;

public sealed class SinkSetTests : IAsyncDisposable
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    private readonly DeliveryWorld _world = new();

    private ScriptedSink Db => _world["db"];

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task What_is_taken_reaches_each_sink_in_order_and_once()
    {
        _world.Start("db", "other");
        IReadOnlyList<string> lines = _world.Report(1200);
        await _world.PassUntilAsync(() => Db.Lines.Count >= 1200 && _world["other"].Lines.Count >= 1200, Soon);
        Assert.Equal(lines, Db.Lines);
        Assert.Equal(lines, _world["other"].Lines);
        await _world.SettleAsync("db");
        Assert.Contains("llama_sink_rows_total{sink=\"other\"} 1200\n", await _world.MetricsAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_sink_that_was_away_for_an_hour_gets_everything_late_in_order_and_once()
    {
        Db.Instead = _ => new SinkException(SinkFault.Unavailable, "db http://db: connection refused");
        _world.Start("db");
        List<string> lines = [];
        for (int minute = 0; minute < 60; minute++)
        {
            lines.AddRange(_world.Report(6));
            await _world.PassAsync(TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(10));
        }

        Assert.InRange(Db.Calls, 60, 360);
        Db.Instead = _ => null;
        await _world.PassUntilAsync(() => Db.Lines.Count >= 360, TimeSpan.FromSeconds(31), TimeSpan.FromSeconds(1));
        Assert.Equal(lines, Db.Lines);
        Assert.Equal(
            "warn sink db: db http://db: connection refused; keeps what comes on disk and tries again\ninfo sink db: takes what waited",
            _world.Said);
        Assert.Contains("llama_sink_failures_total{sink=\"db\",reason=\"unavailable\"}", await _world.MetricsAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_sink_that_is_away_or_never_answers_does_not_hold_up_another()
    {
        Db.Before = end => Task.Delay(Timeout.Infinite, end);
        _world["third"].Instead = _ => new InvalidOperationException("a defect");
        _world.Start("db", "other", "third");
        for (int i = 0; i < 30; i++)
        {
            IReadOnlyList<string> lines = _world.Report(1);
            await _world.PassUntilAsync(() => _world["other"].Lines.Count > 0 && _world["other"].Lines[^1] == lines[^1], TimeSpan.FromSeconds(2));
        }

        Assert.Empty(Db.Lines);
    }

    [Fact]
    public async Task A_wanted_pause_is_kept_to_and_bounded()
    {
        TimeSpan wanted = TimeSpan.FromMinutes(1);
        Db.Instead = _ => new SinkException(SinkFault.Unavailable, "busy", wanted);
        _world.Start("db");
        _world.Report(1);
        await _world.PassUntilAsync(() => Db.Calls == 1, Soon);
        await _world.PassAsync(TimeSpan.FromSeconds(55), TimeSpan.FromSeconds(5));
        Assert.Equal(1, Db.Calls);
        wanted = TimeSpan.FromDays(1);
        await _world.PassUntilAsync(() => Db.Calls == 2, Soon);
        Db.Instead = _ => null;
        await _world.PassUntilAsync(() => Db.Lines.Count == 1, SinkDelivery.LongestRetryAfter + Soon, TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task A_body_that_is_refused_is_put_away_and_the_rest_goes_on()
    {
        bool first = true;
        Db.Instead = _ => first && !(first = false)
            ? new SinkException(SinkFault.Refused, "db: 400 field type conflict", body: "raw_stats loss=1\n"u8.ToArray())
            : null;
        _world.Start("db");
        _world.Report(1);
        await _world.PassUntilAsync(() => Db.Calls == 1, Soon);
        IReadOnlyList<string> lines = _world.Report(5);
        await _world.PassUntilAsync(() => Db.Lines.Count == 5, Soon);
        Assert.Equal(lines, Db.Lines);
        JsonElement letter = Assert.Single(Letters());
        Assert.Equal("db", letter.GetProperty("sink").GetString());
        Assert.Equal("db: 400 field type conflict", letter.GetProperty("reason").GetString());
        Assert.Equal("raw_stats loss=1\n", letter.GetProperty("body").GetString());
        Assert.Contains("llama_sink_refused_records_total{sink=\"db\"} 1\n", await _world.MetricsAsync(), StringComparison.Ordinal);
        Assert.Contains("db.refused.jsonl", _world.Said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_many_the_one_pair_that_is_refused_is_found_and_nothing_else_is_missing()
    {
        _world.Start("db");
        Db.Before = end => Task.Delay(TimeSpan.FromSeconds(5), _world.Time, end);
        _world.Report(1);
        await _world.PassUntilAsync(() => Db.Calls == 1, Soon);
        Db.Before = _ => Task.CompletedTask;
        IReadOnlyList<string> lines = _world.Report(200, pairs: 20);
        string bad = lines[1234];
        Db.Instead = lines => lines.Contains(bad) ? new SinkException(SinkFault.Refused, "no") : null;
        await _world.PassUntilAsync(() => Db.Lines.Count >= 4000, TimeSpan.FromSeconds(30));
        Assert.Equal(lines.Where(line => line != bad), Db.Lines.Skip(1));
        Assert.Single(Letters());
        Assert.InRange(Db.Calls, 10, 40);
    }

    [Fact]
    public async Task A_sink_that_refuses_everything_holds_up_nothing_and_is_told_of_once_an_hour()
    {
        Db.Instead = _ => new SinkException(SinkFault.Refused, "no such table");
        _world.Start("db");
        _world.Report(50, pairs: 50);
        await _world.SettleAsync("db");
        Assert.InRange(Letters().Count, 50, 150);
        Db.Instead = _ => null;
        IReadOnlyList<string> lines = _world.Report(1);
        await _world.PassUntilAsync(() => Db.Lines.Count > 0, Soon);
        Assert.Equal(lines, Db.Lines);
        Assert.InRange(Db.Calls, 50, 200);
        Assert.Single(_world.Said.Split('\n'));
    }

    [Fact]
    public async Task Too_much_at_a_time_is_halved_down_to_single_pairs()
    {
        Db.Instead = lines => lines.Count > 3 ? new SinkException(SinkFault.TooMuch, "413") : null;
        _world.Start("db");
        IReadOnlyList<string> lines = _world.Report(10, pairs: 20);
        await _world.PassUntilAsync(() => Db.Lines.Count >= 200, TimeSpan.FromSeconds(30));
        Assert.Equal(lines, Db.Lines);
        Assert.DoesNotContain("refused", _world.Said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_record_that_is_damaged_is_put_away()
    {
        _world.Start("db");
        _world.Set!.Take([9, 9, 9]);
        IReadOnlyList<string> lines = _world.Report(2);
        await _world.PassUntilAsync(() => Db.Lines.Count == 2, Soon);
        Assert.Equal(lines, Db.Lines);
        Assert.Equal([9, 9, 9], Assert.Single(Letters()).GetProperty("record_base64").GetBytesFromBase64());
    }

    [Fact]
    public async Task A_defect_of_a_sink_is_tried_again_and_then_put_away()
    {
        Db.Instead = lines => lines[0].EndsWith("12:00:01 host0", StringComparison.Ordinal) ? new InvalidOperationException("a defect") : null;
        _world.Start("db");
        _world.Report(1);
        await _world.PassUntilAsync(() => Db.Calls == 1, Soon);
        IReadOnlyList<string> lines = _world.Report(1);
        await _world.PassUntilAsync(() => Db.Lines.Count == 1, TimeSpan.FromMinutes(10), TimeSpan.FromSeconds(1));
        Assert.Equal(lines, Db.Lines);
        Assert.Contains("a defect", Assert.Single(Letters()).GetProperty("reason").GetString(), StringComparison.Ordinal);
        Assert.Contains("reason=\"unexpected\"} 9\n", await _world.MetricsAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Calls_are_bounded_in_records_and_octets()
    {
        Db.Instead = _ => new SinkException(SinkFault.Unavailable, "away");
        _world.Start("db");
        _world.Report(2000);
        _world.Report(30, pairs: 3000);
        Db.Instead = _ => null;
        await _world.PassUntilAsync(() => Db.Lines.Count >= 92_000, TimeSpan.FromSeconds(60));
        Assert.InRange(Db.LargestCall, 2, SinkDelivery.MostRecords);
        Assert.InRange(Db.LargestCallBytes, 100_000, SinkDelivery.MostBytes);
    }

    [Fact]
    public async Task At_the_end_what_can_be_delivered_is_and_the_rest_waits_for_the_next_start()
    {
        _world.Start("db", "other");
        _world["other"].Instead = _ => new SinkException(SinkFault.Unavailable, "away");
        IReadOnlyList<string> lines = _world.Report(700);
        long before = _world.Time.GetTimestamp();
        await _world.StopAsync();
        Assert.Equal(lines, Db.Lines);
        Assert.InRange(_world.Time.GetElapsedTime(before), TimeSpan.Zero, SinkSet.LastTry + TimeSpan.FromSeconds(1.5));
        Assert.Contains("sink other: 700 records wait", _world.Said, StringComparison.Ordinal);

        _world["other"].Instead = _ => null;
        _world.Start("other", "db");
        await _world.PassUntilAsync(() => _world["other"].Lines.Count >= 700, Soon);
        Assert.Equal(lines, _world["other"].Lines);
        Assert.Equal(lines, Db.Lines);
    }

    [Fact]
    public async Task A_sink_that_does_not_listen_does_not_hold_up_the_end()
    {
        Db.Before = _ => Task.Delay(Timeout.Infinite, CancellationToken.None);
        _world.Start("db");
        _world.Report(1);
        await _world.PassUntilAsync(() => Db.Calls == 1, Soon);
        long before = _world.Time.GetTimestamp();
        await _world.StopAsync();
        Assert.InRange(_world.Time.GetElapsedTime(before), TimeSpan.Zero, TimeSpan.FromSeconds(4));
    }

    private List<JsonElement> Letters()
    {
        string path = Path.Combine(_world.Directory, "db.refused.jsonl");
        return File.Exists(path) ? [.. File.ReadLines(path).Select(line => JsonDocument.Parse(line).RootElement)] : [];
    }
}
