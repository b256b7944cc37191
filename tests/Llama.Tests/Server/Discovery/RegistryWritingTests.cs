using Llama.Mesh.Membership;
using Llama.Server.Discovery;
using static Llama.Tests.Server.Discovery.Joining;

namespace Llama.Tests.Server.Discovery;

/// <summary>What is answered with success is stored, what can't be stored has not happened, and those who wait share commits.</summary>
public class RegistryWritingTests
{
    [Fact]
    public async Task Nothing_is_seen_or_answered_before_it_is_stored()
    {
        await using Joining joining = await StartAsync();
        joining.Store.Hold();
        Task<RegisterReply> joins = joining.RegisterAsync(Probe("a"));
        await UntilAsync(() => joining.Store.IsHolding);

        Assert.False(joins.IsCompleted);
        Assert.Empty(joining.Registry.Groups);
        Assert.Equal(0, joining.Registry.Events.Newest);
        joining.Store.Release();
        Assert.Equal(RegisterOutcome.Joined, (await joins).Outcome);
        Assert.Equal(["a"], joining.Names());
    }

    [Fact]
    public async Task Those_who_come_while_something_is_stored_share_the_next_commit()
    {
        await using Joining joining = await StartAsync();
        joining.Store.Hold();
        var waiting = new List<Task<RegisterReply>> { joining.RegisterAsync(Probe("first", "10.1.0.0")) };
        await UntilAsync(() => joining.Store.IsHolding);
        waiting.AddRange(Enumerable.Range(0, 100).Select(i => joining.RegisterAsync(Probe($"p{i}", $"10.0.0.{i}"))));
        joining.Store.Release();
        await Task.WhenAll(waiting);

        Assert.Equal(101, joining.Registry.Count);
        Assert.InRange(joining.Store.Commits.Count, 1, 3);
    }

    [Fact]
    public async Task Of_two_who_want_one_name_at_once_one_gets_it()
    {
        await using Joining joining = await StartAsync();
        joining.Store.Hold();
        var first = joining.RegisterAsync(Probe("x", "10.1.0.0"));
        await UntilAsync(() => joining.Store.IsHolding);
        var second = joining.RegisterAsync(Probe("a", "10.0.0.1", instance: "x"));
        var third = joining.RegisterAsync(Probe("a", "10.0.0.2", instance: "y"));
        joining.Store.Release();

        Assert.Equal(RegisterOutcome.Joined, (await first).Outcome);
        Assert.Equal([RegisterOutcome.Joined, RegisterOutcome.NameTaken], [(await second).Outcome, (await third).Outcome]);
        Assert.Equal("10.0.0.1:8100", (await third).Holder!.Id);
    }

    [Fact]
    public async Task Changes_of_one_name_in_a_row_come_out_as_the_last_one()
    {
        await using Joining joining = await StartAsync();
        joining.Store.Hold();
        Task<RegisterReply>[] changes =
        [
            joining.RegisterAsync(Probe("a", tags: ("t", "1"))),
            joining.RegisterAsync(Probe("a", tags: ("t", "2"))),
            joining.RegisterAsync(Probe("b", tags: ("t", "3"))),
            joining.RegisterAsync(Probe("a", "10.0.0.9", tags: ("t", "4"))),
        ];
        joining.Store.Release();
        await Task.WhenAll(changes);

        Assert.Equal(
            [RegisterOutcome.Joined, RegisterOutcome.Changed, RegisterOutcome.Joined, RegisterOutcome.Joined],
            changes.Select(change => change.Result.Outcome));
        Assert.Equal(["b", "a"], joining.Names());
        Assert.Equal(["a", "b"], joining.Store.Stored.Keys.Select(key => key.Name).Order());
    }

    [Fact]
    public async Task Whatever_many_do_at_once_what_is_stored_is_what_is_seen()
    {
        await using Joining joining = await StartAsync();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(worker => Task.Run(async () =>
        {
            var random = new Random(worker);
            for (int i = 0; i < 300; i++)
            {
                string name = $"p{random.Next(6)}", address = $"10.0.0.{random.Next(4)}";
                if (random.Next(6) == 0) await joining.Registry.RemoveAsync("g", name, default);
                else await joining.RegisterAsync(Probe(name, address, instance: random.Next(3) == 0 ? null : $"{random.Next(3)}", tags: ("t", $"{random.Next(2)}")));
            }
        })));

        IEnumerable<string> seen = joining.Registry.Groups.SelectMany(group => group.Members).Select(Text).Order();
        IEnumerable<string> stored = joining.Store.Stored.Values.Select(one => Text(RegistrationDocument.Read(one)!)).Order();
        Assert.Equal(seen, stored);
        Assert.Equal(joining.Registry.Events.Newest, joining.Registry.Events.After(0, 10_000).Count);

        static string Text(Member member) =>
            $"{member.Registration.Name} {member.Registration.Id} {member.Registration.Instance} {member.Registration.TagOf("t")}";
    }

    [Fact]
    public async Task What_cannot_be_stored_has_not_happened_and_reading_goes_on()
    {
        await using Joining joining = await StartAsync();
        await joining.RegisterAsync(Probe("a", "10.0.0.1"));
        string? tag = joining.Registry.TagOf("g");
        joining.Store.Failure = new IOException("the disk is full; make room.");

        IOException refused = await Assert.ThrowsAsync<IOException>(() => joining.RegisterAsync(Probe("b", "10.0.0.2")));
        await Assert.ThrowsAsync<IOException>(() => joining.Registry.RemoveAsync("g", "a", default).AsTask());

        Assert.Equal("the disk is full; make room.", refused.Message);
        Assert.Equal("the disk is full; make room.", joining.Registry.StorageFault);
        Assert.Equal(RegisterOutcome.Renewed, (await joining.RegisterAsync(Probe("a", "10.0.0.1"))).Outcome);
        Assert.Equal(["a"], joining.Names());
        Assert.Equal(tag, joining.Registry.TagOf("g"));
        Assert.Equal(2, joining.Registry.Counters.StoreFailures);
        Assert.Single(joining.Warnings);
    }

    [Fact]
    public async Task Once_there_is_room_again_all_goes_on_by_itself()
    {
        await using Joining joining = await StartAsync();
        await joining.RegisterAsync(Probe("a", keepaliveSeconds: 20));
        joining.Store.Failure = new IOException("full");
        await Assert.ThrowsAsync<IOException>(() => joining.RegisterAsync(Probe("b", "10.0.0.2")));
        joining.Pass(30);

        Assert.Empty(joining.Names());
        Assert.Single(joining.Store.Stored);
        joining.Store.Failure = null;
        await UntilAsync(() =>
        {
            joining.Pass(1);
            return joining.Store.Stored.Count == 0;
        });

        Assert.Null(joining.Registry.StorageFault);
        Assert.Equal(2, joining.Warnings.Count);
        Assert.Equal(RegisterOutcome.Joined, (await joining.RegisterAsync(Probe("b", "10.0.0.2"))).Outcome);
    }

    [Fact]
    public async Task A_server_that_stops_stores_what_is_waiting_first()
    {
        Joining joining = await StartAsync();
        joining.Store.Hold();
        Task<RegisterReply>[] waiting = [.. Enumerable.Range(0, 50).Select(i => joining.RegisterAsync(Probe($"p{i}", $"10.0.0.{i}")))];
        ValueTask stopping = joining.DisposeAsync();
        joining.Store.Release();
        await stopping;

        await Task.WhenAll(waiting);
        Assert.Equal(50, joining.Store.Stored.Count);
        Assert.True(joining.Store.IsDisposed);
        await Assert.ThrowsAsync<IOException>(() => joining.RegisterAsync(Probe("late", "10.9.0.1")));
    }

    [Fact]
    public async Task Ten_thousand_who_come_in_the_same_second_all_get_in()
    {
        await using Joining joining = await StartAsync();
        joining.Store.Hold();

        // Not from the test's own context: it would bring ten thousand continuations to the few threads that all tests share.
        Task<RegisterReply>[] waiting = await Task.Run(() =>
            Enumerable.Range(0, 10_000).Select(i => joining.RegisterAsync(Probe($"p{i}", $"10.0.{i / 250}.{i % 250}"))).ToArray());
        joining.Store.Release();
        RegisterReply[] replies = await Task.WhenAll(waiting);

        Assert.DoesNotContain(replies, reply => reply.Outcome != RegisterOutcome.Joined);
        Assert.Equal(10_000, joining.Registry.Find("g")!.Members.Count);
        Assert.Equal(Enumerable.Range(0, 10_000).Select(i => $"p{i}"), joining.Names());
        Assert.InRange(joining.Store.Commits.Count, 10, 30);
        PlanInForce? plan = await joining.Registry.PlanOfAsync("g", default);
        Assert.Equal(10_000, plan!.Plan.Tests[0].Pool.Count);
    }

    [Fact]
    public async Task A_registration_that_cannot_be_written_down_harms_no_other()
    {
        await using Joining joining = await StartAsync();

        await Assert.ThrowsAsync<IOException>(() => joining.RegisterAsync(Probe("a") with { Tags = null! }));

        Assert.Equal(RegisterOutcome.Joined, (await joining.RegisterAsync(Probe("b", tags: ("half", "\uD800")))).Outcome);
    }

    [Fact]
    public async Task There_is_no_room_for_more_than_there_may_be_however_many_come_at_once()
    {
        await using Joining joining = await StartAsync(options: new RegistryOptions { MaxProbes = 10 });
        RegisterReply[] replies = await Task.WhenAll(Enumerable.Range(0, 30).Select(i => joining.RegisterAsync(Probe($"p{i}", $"10.0.0.{i}"))));

        Assert.Equal(10, replies.Count(reply => reply.Outcome == RegisterOutcome.Joined));
        Assert.Equal(20, replies.Count(reply => reply is { Outcome: RegisterOutcome.Full, Holder: null }));
        Assert.Equal(10, joining.Registry.Count);
    }
}
