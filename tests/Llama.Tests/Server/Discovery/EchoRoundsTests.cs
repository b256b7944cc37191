using System.Net;
using Llama.Engine.Probing;
using Llama.Mesh.Membership;
using Llama.Mesh.Plans;
using Llama.Server.Discovery;
using static Llama.Tests.Server.Discovery.Joining;

namespace Llama.Tests.Server.Discovery;

/// <summary>A registry that is told which reflectors answer.</summary>
public class EchoRoundsTests
{
    private readonly FakeTime _time = new();
    private readonly List<(TimeSpan At, IPEndPoint To)> _asked = [];
    private readonly HashSet<string> _silent = [];
    private Func<IPEndPoint, Task<EchoReply?>>? _answer;
    private ClockOffset? _clock;

    [Fact]
    public async Task A_probe_whose_reflector_answers_is_confirmed_and_left_alone_for_minutes()
    {
        await using Joining joining = await StartAsync(EchoRule.Warn);
        await joining.RegisterAsync(Probe("a"));
        Assert.Equal(EchoState.Unknown, EchoOf(joining, "a"));
        await PassAsync(joining, 1, () => EchoOf(joining, "a") == EchoState.Confirmed);
        joining.Pass(80);
        await joining.RegisterAsync(Probe("a"));
        joining.Pass(80);

        Assert.Single(_asked);
    }

    [Fact]
    public async Task One_that_does_not_answer_is_asked_again_less_and_less_often()
    {
        _silent.Add("10.0.0.1");
        await using Joining joining = await StartAsync(EchoRule.Warn);
        await joining.RegisterAsync(Probe("a", keepaliveSeconds: 1e6));
        await PassAsync(joining, 1, () => EchoOf(joining, "a") == EchoState.Missing);
        joining.Pass(1300);

        double[] waits = [.. _asked.Zip(_asked.Skip(1), (one, next) => (next.At - one.At).TotalSeconds)];
        Assert.InRange(waits[0], 15, 16);
        Assert.InRange(waits[^1], 300, 301);
        Assert.InRange(_asked.Count, 6, 9);
        Assert.Equal(waits.Order().Select(wait => (int)wait), waits.Select(wait => (int)wait));

        _silent.Clear();
        await PassAsync(joining, 301, () => EchoOf(joining, "a") == EchoState.Confirmed);
    }

    [Fact]
    public async Task Where_an_answer_is_required_plans_show_who_answers_and_only_then()
    {
        await using Joining joining = await StartAsync(EchoRule.Require);
        await joining.RegisterAsync(Probe("a"));
        string? before = joining.Registry.TagOf("g");
        Assert.Empty((await joining.Registry.PlanOfAsync("g", default))!.Plan.Tests[0].Pool);

        await PassAsync(joining, 1, () => EchoOf(joining, "a") == EchoState.Confirmed);
        Assert.NotEqual(before, joining.Registry.TagOf("g"));
        Assert.Single((await joining.Registry.PlanOfAsync("g", default))!.Plan.Tests[0].Pool);
    }

    [Fact]
    public async Task Where_it_is_not_required_answers_leave_plans_as_they_are()
    {
        await using Joining joining = await StartAsync(EchoRule.Warn);
        await joining.RegisterAsync(Probe("a"));
        string? before = joining.Registry.TagOf("g");
        long version = joining.Registry.Find("g")!.Version;
        await PassAsync(joining, 1, () => EchoOf(joining, "a") == EchoState.Confirmed);

        Assert.Equal(before, joining.Registry.TagOf("g"));
        Assert.True(joining.Registry.Find("g")!.Version > version);
    }

    [Fact]
    public async Task Where_it_is_off_nobody_is_asked()
    {
        await using Joining joining = await StartAsync(EchoRule.Off);
        await joining.RegisterAsync(Probe("a"));
        joining.Pass(60);

        Assert.Empty(_asked);
    }

    [Fact]
    public async Task A_new_address_has_to_answer_again()
    {
        _silent.Add("10.0.0.2");
        await using Joining joining = await StartAsync(EchoRule.Warn);
        await joining.RegisterAsync(Probe("a", "10.0.0.1", instance: "x"));
        await PassAsync(joining, 1, () => EchoOf(joining, "a") == EchoState.Confirmed);
        await joining.RegisterAsync(Probe("a", "10.0.0.2", instance: "x"));
        Assert.Equal(EchoState.Unknown, EchoOf(joining, "a"));
        await PassAsync(joining, 1, () => EchoOf(joining, "a") == EchoState.Missing);

        Assert.Equal(["10.0.0.1:8100", "10.0.0.2:8100"], _asked.Select(one => one.To.ToString()));
    }

    [Fact]
    public async Task A_probe_that_answered_before_a_restart_is_believed_after_it()
    {
        Joining first = await StartAsync(EchoRule.Require);
        await first.RegisterAsync(Probe("a"));
        await PassAsync(first, 1, () => EchoOf(first, "a") == EchoState.Confirmed);
        await first.RegisterAsync(Probe("a", tags: ("tag", "new")));
        await first.DisposeAsync();
        await using Joining second = await Joining.StartAsync(first.Store.Restart(), _time, Options(EchoRule.Require));

        Assert.Single((await second.Registry.PlanOfAsync("g", default))!.Plan.Tests[0].Pool);
    }

    [Fact]
    public async Task However_many_claim_one_address_it_is_sent_little()
    {
        _answer = async _ =>
        {
            await Task.Delay(TimeSpan.FromSeconds(1), _time);
            return null;
        };
        await using Joining joining = await StartAsync(EchoRule.Warn);
        await Task.WhenAll(Enumerable.Range(1, 200).Select(i => joining.RegisterAsync(Probe($"p{i}", "192.0.2.1", 1000 + i, keepaliveSeconds: 1e6))));
        joining.Pass(30);

        lock (_asked) Assert.InRange(_asked.Count, 1, 4 * 31);
    }

    [Fact]
    public async Task However_many_join_at_once_some_are_asked_at_a_time()
    {
        await using Joining joining = await StartAsync(EchoRule.Warn);
        await Task.WhenAll(Enumerable.Range(0, 1000).Select(i => joining.RegisterAsync(Probe($"p{i}", $"10.0.{i / 250}.{i % 250}", keepaliveSeconds: 1e6))));
        int before = _asked.Count;
        joining.Pass(1);
        Assert.InRange(_asked.Count - before, 1, 220);
        await PassAsync(joining, 10, () => joining.Registry.Find("g")!.Members.All(member => member.Echo == EchoState.Confirmed));

        Assert.Equal(1000, _asked.Count);
    }

    [Fact]
    public async Task An_attempt_that_fails_counts_as_no_answer()
    {
        _answer = _ => throw new InvalidOperationException();
        await using Joining joining = await StartAsync(EchoRule.Warn);
        await joining.RegisterAsync(Probe("a"));

        await PassAsync(joining, 1, () => EchoOf(joining, "a") == EchoState.Missing);
    }

    [Fact]
    public async Task The_clock_of_a_probe_is_looked_at_every_few_minutes_and_the_last_offset_shown()
    {
        _clock = new ClockOffset(5_000_000, 100_000);
        await using Joining joining = await StartAsync(EchoRule.Warn);
        await joining.RegisterAsync(Probe("a", keepaliveSeconds: 1e6));
        await PassAsync(joining, 1, () => ClockOf(joining, "a") == _clock);
        long version = joining.Registry.Find("g")!.Version;

        _clock = new ClockOffset(-7_000_000, 90_000);
        joining.Pass(299);
        Assert.Single(_asked);
        await PassAsync(joining, 2, () => ClockOf(joining, "a") == _clock);
        joining.Pass(3600);

        Assert.InRange(_asked.Count, 13, 14);
        Assert.Equal(version, joining.Registry.Find("g")!.Version);
    }

    [Fact]
    public async Task A_confirmed_probe_that_falls_silent_stays_confirmed_and_its_clock_is_unknown()
    {
        _clock = new ClockOffset(5_000_000, 100_000);
        await using Joining joining = await StartAsync(EchoRule.Require);
        await joining.RegisterAsync(Probe("a", keepaliveSeconds: 1e6));
        await PassAsync(joining, 1, () => ClockOf(joining, "a") is not null);
        _silent.Add("10.0.0.1");

        joining.Pass(299);
        await PassAsync(joining, 2, () => ClockOf(joining, "a") is null);

        Assert.Equal(EchoState.Confirmed, EchoOf(joining, "a"));
        Assert.Single((await joining.Registry.PlanOfAsync("g", default))!.Plan.Tests[0].Pool);
    }

    [Fact]
    public async Task A_new_address_has_a_clock_of_its_own_and_an_old_one_is_asked_no_more()
    {
        _clock = new ClockOffset(5_000_000, 100_000);
        await using Joining joining = await StartAsync(EchoRule.Warn);
        foreach (string address in new[] { "10.0.0.1", "10.0.0.2", "10.0.0.1" })
        {
            await joining.RegisterAsync(Probe("a", address, instance: "x", keepaliveSeconds: 1e6));
            Assert.Null(ClockOf(joining, "a"));
            await PassAsync(joining, 1, () => ClockOf(joining, "a") is not null);
        }

        joining.Pass(301);

        Assert.Equal(["10.0.0.1:8100", "10.0.0.2:8100", "10.0.0.1:8100", "10.0.0.1:8100"], _asked.Select(one => one.To.ToString()));
    }

    [Fact]
    public async Task Whoever_has_not_answered_yet_goes_before_clocks()
    {
        await using Joining joining = await StartAsync(EchoRule.Warn);
        await Task.WhenAll(Enumerable.Range(0, 1000).Select(i => joining.RegisterAsync(Probe($"p{i}", $"10.0.{i / 250}.{i % 250}", keepaliveSeconds: 1e6))));
        await PassAsync(joining, 10, () => joining.Registry.Find("g")!.Members.All(member => member.Echo == EchoState.Confirmed));
        joining.Pass(298);
        await joining.RegisterAsync(Probe("new", "10.9.9.9", keepaliveSeconds: 1e6));

        await PassAsync(joining, 0.2, () => EchoOf(joining, "new") == EchoState.Confirmed);
    }

    [Fact]
    public async Task After_a_restart_clocks_are_read_again()
    {
        _clock = new ClockOffset(5_000_000, 100_000);
        Joining first = await StartAsync(EchoRule.Warn);
        await first.RegisterAsync(Probe("a", keepaliveSeconds: 1e6));
        await PassAsync(first, 1, () => EchoOf(first, "a") == EchoState.Confirmed);
        await first.DisposeAsync();
        await using Joining second = await Joining.StartAsync(first.Store.Restart(), _time, Options(EchoRule.Warn));

        await PassAsync(second, 1, () => ClockOf(second, "a") == _clock);
    }

    private static ClockOffset? ClockOf(Joining joining, string name) => joining.Registry.Find("g", name)?.Clock;

    private static EchoState? EchoOf(Joining joining, string name) => joining.Registry.Find("g", name)?.Member.Echo;

    /// <summary>Lets time pass until something has come about, tenth by tenth of a second.</summary>
    private static Task PassAsync(Joining joining, double seconds, Func<bool> condition)
    {
        double left = seconds;
        return UntilAsync(() =>
        {
            if (condition()) return true;
            if (left > 0) joining.Pass(0.1);
            left -= 0.1;
            return condition();
        });
    }

    private Task<Joining> StartAsync(EchoRule rule) => Joining.StartAsync(null, _time, Options(rule));

    private RegistryOptions Options(EchoRule rule) => new()
    {
        Configuration = new ServerConfiguration { Defaults = new GroupSettings { Echo = rule } },
        Echo = (to, _, _) =>
        {
            lock (_asked) _asked.Add((_time.GetElapsedTime(0), to));
            return _answer is { } answer ? answer(to) : Task.FromResult(_silent.Contains(to.Address.ToString()) ? null : new EchoReply(_clock));
        },
    };
}
