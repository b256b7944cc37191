using Llama.Mesh.Membership;
using Llama.Server.Discovery;
using Llama.Tests.Storage;
using static Llama.Tests.Server.Discovery.Joining;

namespace Llama.Tests.Server.Discovery;

public class RegistryTests
{
    [Fact]
    public async Task A_probe_that_joined_is_there_and_stored()
    {
        await using Joining joining = await StartAsync();

        RegisterReply reply = await joining.RegisterAsync(Probe("a"));

        Assert.Equal(RegisterOutcome.Joined, reply.Outcome);
        Assert.Equal(joining.Registry.TagOf("g"), reply.ConfigTag);
        Assert.Equal(joining.Time.GetUtcNow(), reply.Holder!.RegisteredAt);
        Assert.Equal(["a"], joining.Names());
        Assert.Single(joining.Store.Stored);
    }

    [Fact]
    public async Task A_lease_ends_within_a_second_of_its_time()
    {
        await using Joining joining = await StartAsync();
        await joining.RegisterAsync(Probe("a", keepaliveSeconds: 90));

        joining.Pass(89.9);
        Assert.Equal(["a"], joining.Names());
        Assert.Equal(0.1, joining.Registry.Find("g", "a")!.Value.Left.TotalSeconds, 3);
        joining.Pass(1);
        Assert.Empty(joining.Names());
        Assert.Null(joining.Registry.TagOf("g"));
        Assert.Equal(1, joining.Registry.Counters.Expired);
        await UntilAsync(() => joining.Store.Stored.Count == 0);
    }

    [Fact]
    public async Task A_renewal_begins_the_lease_anew_and_writes_nothing()
    {
        await using Joining joining = await StartAsync();
        RegisterReply joined = await joining.RegisterAsync(Probe("a", keepaliveSeconds: 40));
        int commits = joining.Store.Commits.Count;

        for (int i = 0; i < 10; i++)
        {
            joining.Pass(30);
            RegisterReply renewed = await joining.RegisterAsync(Probe("a", keepaliveSeconds: 40));
            Assert.Equal((RegisterOutcome.Renewed, joined.ConfigTag), (renewed.Outcome, renewed.ConfigTag));
        }

        Assert.Equal(["a"], joining.Names());
        Assert.Equal(commits, joining.Store.Commits.Count);
        Assert.Single(joining.Registry.Events.After(0, 100));
    }

    [Fact]
    public async Task Stepping_the_wall_clock_neither_ends_nor_prolongs_a_lease()
    {
        await using Joining joining = await StartAsync();
        await joining.RegisterAsync(Probe("a", keepaliveSeconds: 90));
        joining.Time.StepWall(TimeSpan.FromDays(3650));
        joining.Pass(80);
        Assert.Equal(["a"], joining.Names());

        joining.Time.StepWall(TimeSpan.FromDays(-7300));
        joining.Pass(11);
        Assert.Empty(joining.Names());
    }

    [Fact]
    public async Task Leases_go_on_after_a_restart_where_they_were()
    {
        await using Joining first = await StartAsync();
        await first.RegisterAsync(Probe("short", "10.0.0.1", keepaliveSeconds: 30));
        await first.RegisterAsync(Probe("a", "10.0.0.2", keepaliveSeconds: 1000, instance: "x", tags: ("k", "v")));
        first.Pass(20);
        await first.RegisterAsync(Probe("short", "10.0.0.1", keepaliveSeconds: 30));
        await first.DisposeAsync();

        first.Time.Pass(TimeSpan.FromSeconds(100));
        await using Joining second = await StartAsync(first.Store.Restart(), first.Time);

        Assert.Equal(["short", "a"], second.Names());
        Assert.Equal(880, second.Registry.Find("g", "a")!.Value.Left.TotalSeconds, 1);
        Assert.Equal(30, second.Registry.Find("g", "short")!.Value.Left.TotalSeconds, 1);
        Assert.True(first.Registry.Find("g", "a")!.Value.Member.Registration.SaysTheSameAs(second.Registry.Find("g", "a")!.Value.Member.Registration));
        Assert.Equal(RegisterOutcome.Renewed, (await second.RegisterAsync(Probe("a", "10.0.0.2", keepaliveSeconds: 1000, instance: "x", tags: ("k", "v")))).Outcome);
        Assert.NotEqual(first.Registry.TagOf("g"), second.Registry.TagOf("g"));
        second.Pass(31);
        Assert.Equal(["a"], second.Names());
    }

    [Theory]
    [InlineData(-1e6, 1000)]
    [InlineData(1e6, 60)]
    public async Task A_wall_clock_stepped_while_the_server_was_away_leaves_leases_between_a_minute_and_their_keepalive(double seconds, double left)
    {
        await using Joining first = await StartAsync();
        await first.RegisterAsync(Probe("a", keepaliveSeconds: 1000));
        await first.DisposeAsync();
        first.Time.StepWall(TimeSpan.FromSeconds(seconds));

        await using Joining second = await StartAsync(first.Store.Restart(), first.Time);

        Assert.Equal(left, second.Registry.Find("g", "a")!.Value.Left.TotalSeconds, 1);
    }

    [Fact]
    public async Task Renewals_are_brought_to_disk_within_a_minute_or_so()
    {
        await using Joining joining = await StartAsync();
        await joining.RegisterAsync(Probe("a", keepaliveSeconds: 1000));
        joining.Pass(50);
        await joining.RegisterAsync(Probe("a", keepaliveSeconds: 1000));
        DateTimeOffset renewed = joining.Time.GetUtcNow();
        joining.Pass(15);

        await UntilAsync(() => joining.Store.Stored.Values.Single().RenewedAt == renewed);
    }

    [Fact]
    public async Task A_stored_document_that_makes_no_sense_is_passed_over_and_told()
    {
        var store = new MemoryRegistryStore();
        foreach (string document in (string[])["", "{}", "null", "[1]", """{"full_name":"x","address":"no","port":1,"keepalive":"00:01:00","registered_at":"2026-11-22T00:00:00Z"}"""])
            store.Put(new(new("g", $"bad{document.Length}"), System.Text.Encoding.UTF8.GetBytes(document), DateTimeOffset.UnixEpoch));

        await using Joining joining = await StartAsync(store);

        Assert.Empty(joining.Registry.Groups);
        Assert.Contains("5 stored registrations", Assert.Single(joining.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Groups_come_in_the_order_they_came_to_be()
    {
        await using Joining joining = await StartAsync();
        foreach (string group in (string[])["z", "a", "m"]) await joining.RegisterAsync(Probe("p", group: group));

        Assert.True(await joining.Registry.RemoveAsync("a", "p", default));
        Assert.False(await joining.Registry.RemoveAsync("a", "p", default));
        await joining.RegisterAsync(Probe("p", group: "a"));

        Assert.Equal(["z", "m", "a"], joining.Registry.Groups.Select(group => group.Name));
        Assert.Equal(MeshEventKind.Removed, joining.Registry.Events.After(3, 1).Single().Kind);
    }

    [Fact]
    public async Task Snapshots_stay_as_they_were_handed_out()
    {
        await using Joining joining = await StartAsync();
        await joining.RegisterAsync(Probe("a"));
        GroupSnapshot before = joining.Registry.Find("g")!;
        Assert.Same(before, joining.Registry.Find("g"));
        await joining.RegisterAsync(Probe("b", "10.0.0.2"));

        Assert.Single(before.Members);
        Assert.True(joining.Registry.Find("g")!.Version > before.Version);
    }
}
