using System.Net;

namespace Llama.EndToEnd.Lab;

/// <summary>Equal-cost paths, of which one is bad.</summary>
[Collection(nameof(NetworkLab))]
public sealed class PathTests
{
    [SkippableFact]
    public async Task A_dead_path_is_seen_on_exactly_the_flows_that_take_it()
    {
        await using NetworkLab lab = await NetworkLab.CreateAsync(paths: 4);
        await lab.LoseAsync(share: 1, lab.A, lab.B, path: 2);
        LabReflector reflector = await lab.B.StartReflectorAsync();
        LabCollector collector = await lab.A.StartCollectorAsync(reflector.V4, flows: 32, cps: 50);

        MeasuredPair pair = (await collector.MeasureAsync()).To(reflector.V4);

        int[] onPath = [.. (await lab.FlowsAsync(lab.A, lab.B, path: 2)).Select(flow => flow.Source).Order()];
        Assert.Equal(onPath, pair.LossyPorts);
        Assert.InRange(onPath.Length, 1, 31);
        Assert.All(onPath, port => Assert.Equal(pair.Flows[port].Sent, pair.Flows[port].Lost));
    }

    [SkippableTheory]
    [InlineData(2, 0, true)]
    [InlineData(4, 1, false)]
    public async Task Loss_on_one_path_is_seen_on_its_flows_alone_with_its_direction(int paths, int path, bool forward)
    {
        await using NetworkLab lab = await NetworkLab.CreateAsync(paths);
        (LabHost from, LabHost to) = forward ? (lab.A, lab.B) : (lab.B, lab.A);
        Fault fault = await lab.LoseAsync(0.3, from, to, path);
        IPEndPoint[] targets = [(await lab.B.StartReflectorAsync()).V4, (await lab.B.StartReflectorAsync()).V6];
        LabCollector collector = await lab.A.StartCollectorAsync(targets, cps: 25, new FlowGroup(24));

        await collector.MeasureAsync(1);
        await fault.HealAsync();
        Measured all = await collector.EverythingAsync();

        IEnumerable<(int, int)> onPath = (await lab.FlowsAsync(from, to, path)).Select(flow => forward ? flow : (flow.Destination, flow.Source));
        IEnumerable<(int, int)> lossy = targets.SelectMany(target => all.To(target).LossyPorts.Select(port => (port, target.Port)));
        Assert.Equal(onPath.Order(), lossy.Order());
        Assert.Equal(await fault.HitsAsync(), all.Total.Vanished);
        Assert.Equal(forward ? all.Total.Vanished : 0, all.Total.LostForward);
    }

    [SkippableFact]
    public async Task A_path_that_dies_while_it_is_measured_is_forward_loss_on_its_flows()
    {
        await using NetworkLab lab = await NetworkLab.CreateAsync(paths: 2);
        LabReflector reflector = await lab.B.StartReflectorAsync();
        LabCollector collector = await lab.A.StartCollectorAsync(reflector.V6, flows: 16, cps: 50);
        Assert.Empty((await collector.MeasureAsync(1)).To(reflector.V6).LossyPorts);
        int[] onPath = [.. (await lab.FlowsAsync(lab.A, lab.B, path: 1)).Select(flow => flow.Source).Order()];

        Fault cut = await lab.LoseAsync(share: 1, lab.A, lab.B, path: 1);
        MeasuredPair dead = (await collector.MeasureAsync(1)).To(reflector.V6);
        await cut.HealAsync();
        Measured all = await collector.EverythingAsync();

        Assert.Equal(onPath, dead.LossyPorts);
        Assert.Equal(await cut.HitsAsync(), all.Total.Vanished);
    }
}
