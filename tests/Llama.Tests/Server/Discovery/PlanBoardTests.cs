using Llama.Mesh.Plans;
using Llama.Server.Discovery;

namespace Llama.Tests.Server.Discovery;

public class PlanBoardTests
{
    private readonly FakeTime _time = new();
    private readonly Dictionary<string, long> _versions = new() { ["g"] = 1 };
    private readonly PlanBoard _board;
    private TimeSpan _work;
    private int _worked;

    public PlanBoardTests() => _board = new PlanBoard(Version, Work, _time);

    [Fact]
    public async Task A_plan_is_worked_out_once_for_all_who_ask()
    {
        PlanInForce?[] plans = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Task.Run(() => _board.PlanOfAsync("g", default).AsTask())));

        Assert.Equal(1, _worked);
        Assert.All(plans, plan => Assert.Same(plans[0], plan));
        Assert.Equal(_board.TagOf("g"), plans[0]!.Tag);
        Assert.All(plans[0]!.Tag, c => Assert.True(char.IsAsciiLetterOrDigit(c) || c == '-'));
    }

    [Fact]
    public async Task Working_out_takes_a_sixth_of_the_time_at_the_most()
    {
        _work = TimeSpan.FromMilliseconds(20);
        await _board.PlanOfAsync("g", default);
        Change();
        Task<PlanInForce?> next = _board.PlanOfAsync("g", default).AsTask();
        await Joining.UntilAsync(() => _time.Timers == 1);

        Pass(95);
        Assert.False(next.IsCompleted);
        Assert.Equal(1, _worked);
        Pass(10);
        Assert.Equal(_board.TagOf("g"), (await next.WaitAsync(TimeSpan.FromMinutes(2)))!.Tag);
        Assert.Equal(2, _worked);
    }

    [Fact]
    public async Task A_group_without_members_has_no_plan()
    {
        Assert.Null(await _board.PlanOfAsync("none", default));
        Assert.Null(_board.TagOf("none"));
        await _board.WaitForChangeAsync("none", "old", default).WaitAsync(TimeSpan.FromMinutes(2));
    }

    [Fact]
    public async Task A_plan_that_cannot_be_worked_out_fails_those_who_ask_and_is_tried_again()
    {
        bool broken = true;
        var board = new PlanBoard(Version, group => broken ? throw new InvalidOperationException("broken") : Work(group), _time);

        await Assert.ThrowsAsync<InvalidOperationException>(() => board.PlanOfAsync("g", default).AsTask());
        broken = false;
        Assert.NotNull(await board.PlanOfAsync("g", default));
    }

    [Fact]
    public async Task Who_waits_is_woken_by_a_change_at_once()
    {
        Task waits = _board.WaitForChangeAsync("g", _board.TagOf("g")!, default);
        Assert.False(waits.IsCompleted);
        Change();

        await waits.WaitAsync(TimeSpan.FromMinutes(2));
    }

    [Fact]
    public async Task Who_knows_an_old_tag_does_not_wait()
    {
        string old = _board.TagOf("g")!;
        Change();

        await _board.WaitForChangeAsync("g", old, default).WaitAsync(TimeSpan.FromMinutes(2));
        await _board.WaitForChangeAsync("g", "from-another-life", default).WaitAsync(TimeSpan.FromMinutes(2));
    }

    [Fact]
    public async Task While_a_group_changes_all_the_time_those_who_wait_are_woken_twice_a_second()
    {
        int woken = 0;
        string known = _board.TagOf("g")!;
        Task waits = _board.WaitForChangeAsync("g", known, default);
        for (int i = 0; i < 200; i++)
        {
            Change();
            Pass(50);
            if (!waits.IsCompleted) continue;
            woken++;
            known = _board.TagOf("g")!;
            waits = _board.WaitForChangeAsync("g", known, default);
        }

        Assert.InRange(woken, 2, 21);
    }

    [Fact]
    public async Task The_last_change_of_many_is_not_missed()
    {
        string known = _board.TagOf("g")!;
        Task first = _board.WaitForChangeAsync("g", known, default);
        Change();
        await first.WaitAsync(TimeSpan.FromMinutes(2));
        known = _board.TagOf("g")!;
        Task second = _board.WaitForChangeAsync("g", known, default);
        Change();
        Pass(300);
        Assert.False(second.IsCompleted);
        Pass(250);
        await second.WaitAsync(TimeSpan.FromMinutes(2));
    }

    [Fact]
    public async Task Who_waits_hears_that_the_group_is_gone()
    {
        Task waits = _board.WaitForChangeAsync("g", _board.TagOf("g")!, default);
        _versions.Remove("g");
        _board.Changed("g");

        await waits.WaitAsync(TimeSpan.FromMinutes(2));
        Assert.Null(await _board.PlanOfAsync("g", default));
    }

    private long? Version(string group)
    {
        lock (_versions) return _versions.TryGetValue(group, out long version) ? version : null;
    }

    private (GroupPlan, long)? Work(string group)
    {
        Interlocked.Increment(ref _worked);
        if (_work > TimeSpan.Zero) _time.Pass(_work);
        return Version(group) is { } version
            ? (new GroupPlan { Group = group, Settings = GroupSettings.Default, Pairs = 0, Tests = [] }, version)
            : null;
    }

    private void Change()
    {
        lock (_versions) _versions["g"]++;
        _board.Changed("g");
    }

    private void Pass(double millis) => _time.Pass(TimeSpan.FromMilliseconds(millis));
}
