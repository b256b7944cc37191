using System.Net;

namespace Llama.EndToEnd.Lab;

/// <summary>What routers change in the headers of datagrams.</summary>
[Collection(nameof(NetworkLab))]
public sealed class HeaderTests
{
    private const byte Expedited = 0xB8, Background = 0x20;

    /// <summary>Datagrams leave with 64, and each site has a router.</summary>
    private const double StraightTtl = 62;

    [SkippableFact]
    public async Task A_remarked_class_is_seen_in_the_direction_and_on_the_flows_it_happens_to()
    {
        await using NetworkLab lab = await NetworkLab.CreateAsync(paths: 2);
        LabReflector reflector = await lab.B.StartReflectorAsync();
        await lab.RemarkAsync(Background, lab.A, lab.B, path: 1);
        LabCollector collector = await lab.A.StartCollectorAsync([reflector.V4, reflector.V6], cps: 25, new FlowGroup(16) { Class = Expedited });
        Measured forward = await collector.MeasureAsync(1);
        await lab.RemarkAsync(0, lab.B, lab.A);
        Measured both = await collector.MeasureAsync(1);

        var taken = (await lab.FlowsAsync(lab.A, lab.B, path: 1)).Select(flow => flow.Source).ToHashSet();
        foreach (IPEndPoint target in (IPEndPoint[])[reflector.V4, reflector.V6])
        {
            MeasuredPair pair = forward.To(target, Expedited);
            int[] remarked = [.. pair.Flows.Keys.Where(port => pair.LastOfFlow(port, "path.forward_tos") == Background).Order()];
            Assert.NotEmpty(remarked);
            Assert.Subset(taken, remarked.ToHashSet());
            Assert.Equal(remarked.Sum(port => pair.Flows[port].Received), pair.Last("path.forward_remarked"));
            Assert.All(pair.Flows.Keys.Except(remarked), port => Assert.Equal(Expedited, pair.LastOfFlow(port, "path.forward_tos")));
            Assert.Equal(0, pair.Last("path.reverse_remarked"));
            Assert.Equal(Expedited, pair.Last("path.reverse_tos"));

            pair = both.To(target, Expedited);
            Assert.Equal(0, pair.Last("path.reverse_tos"));
            Assert.Equal(pair.Counts.Received, pair.Last("path.reverse_remarked"));
        }
    }

    [SkippableFact]
    public async Task A_route_that_becomes_longer_is_seen_on_the_way_and_on_the_flows_it_happens_to()
    {
        await using NetworkLab lab = await NetworkLab.CreateAsync(paths: 2);
        LabReflector reflector = await lab.B.StartReflectorAsync();
        LabCollector collector = await lab.A.StartCollectorAsync([reflector.V4, reflector.V6], cps: 25, new FlowGroup(12));
        Measured before = await collector.MeasureAsync(1);
        Fault longer = await lab.LengthenAsync(lab.A, lab.B, path: 1);
        Measured after = await collector.MeasureAsync(1);
        await longer.HealAsync();
        await lab.LengthenAsync(lab.B, lab.A, path: 0);
        Measured back = await collector.MeasureAsync(1);
        Measured all = await collector.EverythingAsync();

        foreach (IPEndPoint target in (IPEndPoint[])[reflector.V4, reflector.V6])
        {
            int[] ports = [.. before.To(target).Flows.Keys];
            int[] Longer(Measured measured, string way) => [.. ports.Where(port => measured.To(target).LastOfFlow(port, way) == StraightTtl - 1)];
            Assert.All(ports, port => Assert.Equal(StraightTtl, before.To(target).LastOfFlow(port, "path.forward_ttl")));
            Assert.All(ports, port => Assert.Equal(StraightTtl, before.To(target).LastOfFlow(port, "path.reverse_ttl")));
            int[] moved = Longer(after, "path.forward_ttl");
            Assert.NotEmpty(moved);
            Assert.Empty(Longer(after, "path.reverse_ttl"));
            Assert.Empty(Longer(back, "path.forward_ttl"));
            Assert.NotEmpty(Longer(back, "path.reverse_ttl"));

            // There and back again, on each flow that was moved.
            Assert.Equal(2 * moved.Length, all.To(target).Sum("path.forward_ttl_changes"));
        }

        Assert.Equal(0, all.Total.Vanished);
    }
}
