using System.Net;

namespace Llama.EndToEnd.Lab;

/// <summary>Networks that take small datagrams and not large ones, or not so many.</summary>
[Collection(nameof(NetworkLab))]
public sealed class SizeTests
{
    private const byte LargeClass = 0x20;
    private const int Large = 1400, Small = 200;

    [SkippableFact]
    public async Task A_smaller_mtu_on_one_path_loses_the_large_datagrams_of_the_flows_that_walk_it_alone()
    {
        await using NetworkLab lab = await NetworkLab.CreateAsync(paths: 2);
        LabReflector four = await lab.B.StartReflectorAsync(), six = await lab.B.StartReflectorAsync();
        LabCollector collector = await lab.A.StartCollectorAsync(
            [four.V4, six.V6],
            cps: 25,
            new FlowGroup(12) { Size = Large, Class = LargeClass, DontFragment = true },
            new FlowGroup(12) { Size = Small, DontFragment = true });
        Measured before = await collector.MeasureAsync(1);
        IReadOnlySet<(int Source, int Destination)> there = await lab.FlowsAsync(lab.A, lab.B, path: 1), back = await lab.FlowsAsync(lab.B, lab.A, path: 1);

        await lab.SetMtuAsync(1300, lab.A, lab.B, path: 1);
        Measured measured = await collector.MeasureAsync();

        Assert.Equal(0, before.Total.Vanished);
        foreach (IPEndPoint target in (IPEndPoint[])[four.V4, six.V6])
        {
            MeasuredPair large = measured.To(target, LargeClass);
            int[] dead = [.. large.Flows.Where(flow => flow.Value.Received == 0).Select(flow => flow.Key).Order()];

            // Replies are never fragmented either, so a flow whose way back is the narrow one is as dead as one whose way there is.
            Assert.Equal(large.Flows.Keys.Where(port => there.Contains((port, target.Port)) || back.Contains((target.Port, port))).Order(), dead);
            Assert.Contains(measured.To(target).Flows.Keys, port => there.Contains((port, target.Port)));
            Assert.Empty(measured.To(target).LossyPorts);
            Assert.Equal(dead, large.LossyPorts);
        }
    }

    [SkippableTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_hole_for_large_packets_is_seen_by_the_large_datagrams_in_its_direction(bool forward)
    {
        await using NetworkLab lab = await NetworkLab.CreateAsync();
        LabReflector reflector = await lab.B.StartReflectorAsync();
        Fault hole = await lab.LoseAsync(0.5, forward ? lab.A : lab.B, forward ? lab.B : lab.A, longerThan: 1000);
        LabCollector collector = await lab.A.StartCollectorAsync(
            [reflector.V4, reflector.V6], cps: 50, new FlowGroup(4) { Size = Large, Class = LargeClass }, new FlowGroup(4) { Size = Small });

        await collector.MeasureAsync(1);
        await hole.HealAsync();
        Measured all = await collector.EverythingAsync();

        MeasuredCounts large = MeasuredCounts.Add(all.To(reflector.V4, LargeClass).Counts, all.To(reflector.V6, LargeClass).Counts);
        Assert.Equal(await hole.HitsAsync(), large.Vanished);
        Assert.Equal(forward ? large.Vanished : 0, large.LostForward);
        Assert.Equal(large.Vanished, all.Total.Vanished);
    }

    [SkippableFact]
    public async Task A_rate_limit_is_loss_in_its_direction_and_delay()
    {
        await using NetworkLab lab = await NetworkLab.CreateAsync();
        LabReflector reflector = await lab.B.StartReflectorAsync();
        LabCollector collector = await lab.A.StartCollectorAsync([reflector.V4], cps: 125, new FlowGroup(8) { Size = 1028 });
        MeasuredPair before = (await collector.MeasureAsync(1)).To(reflector.V4);

        // A thousand datagrams a second with their headers are 8.5 Mbit/s.
        Fault limit = await lab.LimitAsync(kilobitsPerSecond: 4_000, lab.A, lab.B, path: 0);
        MeasuredPair limited = (await collector.MeasureAsync()).To(reflector.V4);
        await limit.HealAsync();
        Measured all = await collector.EverythingAsync();

        Assert.Equal(0, before.Counts.Vanished);
        Assert.InRange((double)limited.Counts.Vanished / limited.Counts.Sent, 0.45, 0.62);
        Assert.Equal(await limit.HitsAsync(), all.Total.Vanished);
        Assert.Equal(all.Total.Vanished, all.Total.LostForward);
        Assert.InRange(limited.Last("rtt.p50_ns")!.Value, 10e6, 40e6);
        Assert.True(limited.Last("rtt.p50_ns") > before.Last("rtt.p50_ns"));
    }
}
