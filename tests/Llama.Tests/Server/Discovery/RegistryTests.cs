using Llama.Mesh.Membership;
using static Llama.Tests.Server.Discovery.Joining;

namespace Llama.Tests.Server.Discovery;

public class RegistryTests
{
    [Fact]
    public async Task A_probe_that_joined_is_there_and_stored()
    {
        await using Joining joining = await StartAsync();

        var reply = await joining.RegisterAsync(Probe("a"));

        Assert.Equal(RegisterOutcome.Joined, reply.Outcome);
        Assert.Equal(joining.Registry.TagOf("g"), reply.ConfigTag);
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
        joining.Pass(1);
        Assert.Empty(joining.Names());
        await UntilAsync(() => joining.Store.Stored.Count == 0);
    }

    [Fact]
    public async Task A_renewal_begins_the_lease_anew_and_writes_nothing()
    {
        await using Joining joining = await StartAsync();
        await joining.RegisterAsync(Probe("a", keepaliveSeconds: 40));
        int commits = joining.Store.Commits.Count;

        for (int i = 0; i < 10; i++)
        {
            joining.Pass(30);
            Assert.Equal(RegisterOutcome.Renewed, (await joining.RegisterAsync(Probe("a", keepaliveSeconds: 40))).Outcome);
        }

        Assert.Equal(["a"], joining.Names());
        Assert.Equal(commits, joining.Store.Commits.Count);
    }

    [Fact]
    public async Task The_plan_of_a_group_shows_all_that_joined_before_it_was_asked_for()
    {
        await using Joining joining = await StartAsync();
        await joining.RegisterAsync(Probe("a"));
        var first = await joining.Registry.PlanOfAsync("g", CancellationToken.None);
        await joining.RegisterAsync(Probe("b", "10.0.0.2"));
        var second = await joining.Registry.PlanOfAsync("g", CancellationToken.None);

        Assert.Equal(["a"], first!.Plan.Tests[0].Pool.Select(probe => probe.Name));
        Assert.Equal(["a", "b"], second!.Plan.Tests[0].Pool.Select(probe => probe.Name));
        Assert.NotEqual(first.Tag, second.Tag);
        Assert.Equal(joining.Registry.TagOf("g"), second.Tag);
    }
}
