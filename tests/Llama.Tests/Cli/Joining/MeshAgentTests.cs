using System.Net;
using System.Text.Json;

namespace Llama.Tests.Cli.Joining;

public sealed class MeshAgentTests : IDisposable
{
    private readonly JoiningWorld _world = new();

    public void Dispose() => _world.Dispose();

    [Fact]
    public async Task A_probe_registers_when_it_starts_and_does_what_it_is_told()
    {
        await _world.StartAsync("secret");

        ServerRequest registration = Assert.Single(_world.Server.Registrations);
        Assert.Equal("/api/v2/groups/g/probes/a", registration.Path);
        Assert.Equal("Bearer secret", registration.Authorization);
        JsonElement body = JsonDocument.Parse(registration.Text).RootElement;
        Assert.Equal(8100, body.GetProperty("port").GetInt32());
        Assert.Equal("a.example", body.GetProperty("full_name").GetString());
        Assert.Equal("lhr1", body.GetProperty("tags").GetProperty("site").GetString());
        Assert.True(body.GetProperty("pushes").GetBoolean());
        Assert.NotEmpty(body.GetProperty("instance").GetString()!);
        Assert.False(body.TryGetProperty("address", out _));
        Assert.False(body.TryGetProperty("keepalive_s", out _));
        Assert.Equal(["192.0.2.2"], _world.Targets);
        Assert.True(_world.Counters.Joined);
    }

    [Fact]
    public async Task The_lease_is_renewed_as_often_as_the_server_says_whatever_the_wall_clock_does()
    {
        await _world.StartAsync();
        for (int minute = 0; minute < 10; minute++)
        {
            _world.Time.StepWall(TimeSpan.FromDays(minute % 2 == 0 ? 30 : -60));
            await _world.PassAsync(TimeSpan.FromMinutes(1));
        }

        Assert.InRange(_world.Server.Registrations.Count(), 20, 24);
        Assert.Equal(0, _world.TimesSaid(" warn ") + _world.TimesSaid(" error "));
        Assert.Single(_world.Server.Registrations.Select(registration => registration.Text).Distinct());
    }

    [Fact]
    public async Task News_are_taken_over_within_a_second_because_the_probe_waits_for_them()
    {
        await _world.StartAsync();
        await _world.PassAsync(TimeSpan.FromSeconds(45));
        _world.Server.Change("t2", ScriptedServer.Json(["192.0.2.2", "192.0.2.3"]));
        TimeSpan took = await _world.PassUntilAsync(() => _world.Applied.Count == 2, TimeSpan.FromSeconds(1));
        Assert.True(took <= TimeSpan.FromSeconds(1));
        Assert.Equal(["192.0.2.2", "192.0.2.3"], _world.Targets);
        Assert.InRange(_world.Server.Requests.Count(request => request.Path.Contains("/config", StringComparison.Ordinal)), 2, 6);
    }

    [Fact]
    public async Task A_server_that_is_away_for_an_hour_is_asked_now_and_then_and_nothing_has_to_be_done_when_it_is_back()
    {
        await _world.StartAsync();
        _world.Server.IsAway = true;
        int before = _world.Server.Requests.Count;
        await _world.PassAsync(TimeSpan.FromHours(1), TimeSpan.FromSeconds(1));
        Assert.InRange(_world.Server.Requests.Count - before, 200, 600);
        Assert.Single(_world.Applied);
        Assert.False(_world.Counters.Joined);
        Assert.Equal(1, _world.TimesSaid(" warn "));
        Assert.Contains("http://server:5000: Connection refused; keeps measuring as it was told", _world.Said, StringComparison.Ordinal);

        _world.Server.IsAway = false;
        _world.Server.Change("t9", ScriptedServer.Json(["192.0.2.9"]));
        await _world.PassUntilAsync(() => _world.Counters.Joined && _world.Applied.Count == 2, TimeSpan.FromSeconds(31));
        Assert.Equal(["192.0.2.9"], _world.Targets);
        Assert.Equal(1, _world.TimesSaid("the server answers again"));
    }

    [Fact]
    public async Task Attempts_are_spread_by_pauses_that_grow_to_half_a_minute()
    {
        _world.Server.IsAway = true;
        await _world.StartAsync();
        await _world.PassAsync(TimeSpan.FromMinutes(5));
        long[] at = [.. _world.Server.Registrations.Select(registration => registration.At)];
        TimeSpan[] pauses = [.. at.Zip(at.Skip(1), (one, next) => _world.Time.GetElapsedTime(one, next))];
        Assert.InRange(pauses[0], TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(1.3));
        Assert.All(pauses, pause => Assert.True(pause <= TimeSpan.FromSeconds(30.3)));
        Assert.All(pauses.Skip(6), pause => Assert.True(pause >= TimeSpan.FromSeconds(14.7)));
        Assert.True(pauses.Skip(6).Distinct().Count() > 3);
    }

    [Fact]
    public async Task A_start_without_the_server_goes_by_what_was_told_before()
    {
        await _world.StartAsync();
        string instance = JsonDocument.Parse(_world.Server.Registrations.First().Text).RootElement.GetProperty("instance").GetString()!;
        await _world.StopAsync();
        _world.Applied.Clear();

        _world.Server.IsAway = true;
        await _world.StartAsync();
        await _world.UntilAsync(() => _world.Applied.Count == 1);
        Assert.Equal(["192.0.2.2"], _world.Targets);
        Assert.Contains("measures as it was told before the restart, 1 target", _world.Said, StringComparison.Ordinal);

        _world.Server.IsAway = false;
        await _world.PassUntilAsync(() => _world.Counters.Joined, TimeSpan.FromSeconds(31));
        Assert.Equal(instance, JsonDocument.Parse(_world.Server.Registrations.Last().Text).RootElement.GetProperty("instance").GetString());
    }

    [Fact]
    public async Task What_another_probe_was_told_is_not_used()
    {
        await _world.StartAsync();
        await _world.StopAsync();
        _world.Applied.Clear();
        _world.Claim = _world.Claim with { Identity = _world.Claim.Identity with { Name = "b" } };
        _world.Server.IsAway = true;
        await _world.StartAsync();
        await _world.PassAsync(TimeSpan.FromMinutes(1));
        Assert.Empty(_world.Applied);
    }

    [Fact]
    public async Task What_is_kept_and_torn_is_not_used()
    {
        await _world.StartAsync();
        await _world.StopAsync();
        _world.Applied.Clear();
        string file = Path.Combine(_world.Data, "configuration.json");
        await File.WriteAllTextAsync(file, (await File.ReadAllTextAsync(file))[..40]);
        _world.Server.IsAway = true;
        await _world.StartAsync();
        Assert.Empty(_world.Applied);
        Assert.Contains("can't be read", _world.Said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_that_is_taken_is_told_once_and_tried_again_slowly()
    {
        bool taken = true;
        _world.Server.Instead = request => taken && request.Method == "PUT"
            ? ScriptedServer.Problem(HttpStatusCode.Conflict, "a is the name of 192.0.2.77:8100")
            : null;
        await _world.StartAsync();
        await _world.PassAsync(TimeSpan.FromMinutes(5));
        Assert.InRange(_world.Server.Registrations.Count(), 10, 22);
        Assert.Equal(1, _world.TimesSaid("a is the name of 192.0.2.77:8100"));
        Assert.Contains("give this one another name with --shortname (now a)", _world.Said, StringComparison.Ordinal);
        Assert.Empty(_world.Applied);

        taken = false;
        await _world.PassUntilAsync(() => _world.Applied.Count == 1, TimeSpan.FromSeconds(31));
    }

    [Theory]
    [InlineData(HttpStatusCode.Unauthorized)]
    [InlineData(HttpStatusCode.Forbidden)]
    public async Task A_token_that_is_refused_is_told_once_with_what_to_do(HttpStatusCode status)
    {
        _world.Server.Instead = _ => ScriptedServer.Problem(status, "registering takes the group's token");
        await _world.StartAsync();
        await _world.PassAsync(TimeSpan.FromMinutes(3));
        Assert.Equal(1, _world.TimesSaid("give the group's token with --token-file or LLAMA_TOKEN"));
        Assert.InRange(_world.Server.Registrations.Count(), 6, 14);
    }

    [Fact]
    public async Task What_a_server_says_does_nothing_to_the_terminal()
    {
        _world.Server.Instead = _ => ScriptedServer.Problem(HttpStatusCode.BadRequest, "evil\u001b[2J\nsecond line" + new string('x', 5000));
        await _world.StartAsync();
        Assert.Contains("400: evil [2J second line", _world.Said, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', _world.Said);
        Assert.All(_world.Said.Split('\n'), line => Assert.True(line.Length < 600, line));
    }

    [Fact]
    public async Task A_busy_server_is_asked_again_when_it_wants_to_be()
    {
        _world.Server.Instead = _ =>
        {
            HttpResponseMessage busy = ScriptedServer.Problem(HttpStatusCode.ServiceUnavailable, "later");
            busy.Headers.RetryAfter = new(TimeSpan.FromSeconds(60));
            return busy;
        };
        await _world.StartAsync();
        await _world.PassAsync(TimeSpan.FromSeconds(50));
        Assert.Single(_world.Server.Registrations);
        await _world.PassAsync(TimeSpan.FromSeconds(20));
        Assert.Equal(2, _world.Server.Registrations.Count());
    }

    [Fact]
    public async Task A_server_that_forgot_the_probe_hears_of_it_again_at_once()
    {
        await _world.StartAsync();
        int registrations = _world.Server.Registrations.Count();
        bool forgot = true;
        _world.Server.Instead = request =>
        {
            if (request.Method == "PUT") forgot = false;
            return forgot ? ScriptedServer.Problem(HttpStatusCode.NotFound, "no such probe") : null;
        };
        _world.Server.Change("t2", ScriptedServer.Json(["192.0.2.3"]));
        await _world.PassUntilAsync(() => _world.Applied.Count == 2, TimeSpan.FromSeconds(5));
        await _world.PassUntilAsync(() => forgot || _world.Server.Registrations.Count() > registrations, TimeSpan.FromSeconds(31));
    }

    [Fact]
    public async Task A_configuration_that_the_prober_refuses_leaves_the_one_in_force_and_is_told_once()
    {
        await _world.StartAsync();
        _world.Problem = configuration => configuration.Collector.Tests[0].Targets.Count == 3 ? "too many open files" : null;
        _world.Server.Change("t2", ScriptedServer.Json(["192.0.2.2", "192.0.2.3", "192.0.2.4"]));
        await _world.PassAsync(TimeSpan.FromMinutes(3));
        Assert.Single(_world.Applied);
        Assert.Equal(1, _world.TimesSaid("is not taken over: too many open files"));

        _world.Server.Change("t3", ScriptedServer.Json(["192.0.2.2", "192.0.2.3"]));
        await _world.PassUntilAsync(() => _world.Applied.Count == 2, TimeSpan.FromSeconds(1));
    }

    [Theory]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("<html>")]
    [InlineData("{\"interval_s\":0,\"tests\":[]}")]
    [InlineData("{\"interval_s\":10,\"tests\":[{\"cps\":1e99,\"ports\":[{\"timeout_ms\":1}]}]}")]
    public async Task A_configuration_that_makes_no_sense_leaves_the_one_in_force(string body)
    {
        await _world.StartAsync();
        _world.Server.Change("t2", body);
        await _world.PassAsync(TimeSpan.FromMinutes(2));
        Assert.Single(_world.Applied);
        Assert.Equal(1, _world.TimesSaid("is not taken over"));
        Assert.False(_world.Running!.IsCompleted);
    }

    [Fact]
    public async Task An_empty_answer_is_that_of_a_server_that_ends_and_not_a_configuration()
    {
        await _world.StartAsync();
        _world.Server.Change("t2", "");
        await _world.PassAsync(TimeSpan.FromMinutes(1));
        Assert.Single(_world.Applied);
        Assert.Equal(0, _world.TimesSaid("is not taken over"));
        _world.Server.Change("t2", ScriptedServer.Json(["192.0.2.3"]));
        await _world.PassUntilAsync(() => _world.Applied.Count == 2, TimeSpan.FromSeconds(31));
    }

    [Fact]
    public async Task A_group_of_one_is_no_mistake()
    {
        _world.Server.Change("t0", ScriptedServer.Json([]));
        await _world.StartAsync();
        Assert.Empty(_world.Targets);
        Assert.Contains("nobody else is in group g yet", _world.Said, StringComparison.Ordinal);
        Assert.Equal(0, _world.TimesSaid(" warn "));
        Assert.Equal(0, _world.TimesSaid(" error "));
    }

    [Fact]
    public async Task With_a_server_of_the_original_kind_a_probe_speaks_as_the_originals_did()
    {
        _world.Server.IsOriginal = true;
        _world.Server.Yaml = OriginalBodies.Config("p1 asks");
        _world.Claim = _world.Claim with { Identity = _world.Claim.Identity with { Group = "g1", Name = "p1", FullName = "p1.example" } };
        await _world.StartAsync();
        Assert.Equal(["127.0.0.2", "127.0.0.3"], _world.Targets);

        ServerRequest registration = _world.Server.Requests.First(request => request.Path == "/api/v1/register");
        Assert.Equal(
            """{"port":8100,"keepalive":86400,"group":"g1","tags":{"site":"lhr1","version":"1.2.3","probe_shortname":"p1","probe_name":"p1.example"}}""",
            registration.Text);
        Assert.Contains(_world.Server.Requests, request => request.Path == "/api/v1/config/g1?llamaport=8100");

        int before = _world.Server.Requests.Count;
        await _world.PassAsync(TimeSpan.FromMinutes(5));
        Assert.InRange(_world.Server.Requests.Count(request => request.Path == "/api/v1/register"), 10, 13);
        Assert.InRange(_world.Server.Requests.Count - before, 18, 27);
        Assert.Single(_world.Applied);
        Assert.Equal(0, _world.TimesSaid(" error "));
        Assert.Equal(1, _world.TimesSaid("reports wait for a server that takes them"));
    }

    [Fact]
    public async Task A_server_of_the_original_kind_that_is_replaced_is_spoken_to_as_ours()
    {
        _world.Server.IsOriginal = true;
        _world.Server.Yaml = OriginalBodies.Config("p1 asks");
        await _world.StartAsync();
        _world.Server.IsOriginal = false;
        await _world.PassUntilAsync(() => _world.Targets.SequenceEqual(["192.0.2.2"]), TimeSpan.FromMinutes(11));
    }
}
