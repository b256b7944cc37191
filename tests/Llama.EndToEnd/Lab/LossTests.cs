using System.Net;

namespace Llama.EndToEnd.Lab;

/// <summary>Loss that is put into a network, and what the collector says of it.</summary>
[Collection(nameof(NetworkLab))]
public sealed class LossTests
{
    private const byte Expedited = 0xB8, Assured = 0x88, Background = 0x20;

    [SkippableFact]
    public async Task Loss_is_as_injected_in_each_direction_and_class_and_both_families()
    {
        await using NetworkLab lab = await NetworkLab.CreateAsync();
        LabReflector reflector = await lab.B.StartReflectorAsync();
        Fault forward = await lab.LoseAsync(0.05, lab.A, lab.B, @class: Expedited);
        Fault reverse = await lab.LoseAsync(0.03, lab.B, lab.A, @class: Assured);
        Fault there = await lab.LoseAsync(0.10, lab.A, lab.B, @class: Background);
        Fault back = await lab.LoseAsync(0.02, lab.B, lab.A, @class: Background);
        LabCollector collector = await lab.A.StartCollectorAsync(
            [reflector.V4, reflector.V6], cps: 100, new FlowGroup(4), new FlowGroup(4) { Class = Expedited }, new FlowGroup(4) { Class = Assured }, new FlowGroup(4) { Class = Background });

        await collector.MeasureAsync(intervals: 2);
        foreach (Fault fault in (Fault[])[forward, reverse, there, back]) await fault.HealAsync();
        Measured all = await collector.EverythingAsync();

        (long Forward, long Reverse) hit = (0, 0);
        foreach (IPEndPoint target in (IPEndPoint[])[reflector.V4, reflector.V6])
        {
            MeasuredCounts expedited = all.To(target, Expedited).Counts, assured = all.To(target, Assured).Counts;
            Assert.Equal(0, all.To(target).Counts.Vanished);
            Assert.Equal(expedited.Vanished, expedited.LostForward);
            Assert.Equal(assured.Vanished, assured.LostReverse - assured.Late);
            Assert.Equal(0, assured.LostForward);
            hit = (hit.Forward + expedited.Vanished, hit.Reverse + assured.Vanished);
        }

        // To the datagram, what the network lost is what the collector missed.
        Assert.Equal(await forward.HitsAsync(), hit.Forward);
        Assert.Equal(await reverse.HitsAsync(), hit.Reverse);
        MeasuredCounts[] both = [all.To(reflector.V4, Background).Counts, all.To(reflector.V6, Background).Counts];
        Assert.Equal(await there.HitsAsync() + await back.HitsAsync(), both.Sum(counts => counts.Vanished));
        Assert.Equal(await there.HitsAsync(), both.Sum(counts => counts.LostForward));
    }

    [SkippableTheory]
    [InlineData(0.01, 0)]
    [InlineData(0, 0.20)]
    public async Task Measured_loss_is_within_what_chance_allows(double there, double back)
    {
        await using NetworkLab lab = await NetworkLab.CreateAsync();
        LabReflector reflector = await lab.B.StartReflectorAsync();
        if (there > 0) await lab.LoseAsync(there, lab.A, lab.B);
        if (back > 0) await lab.LoseAsync(back, lab.B, lab.A);
        LabCollector collector = await lab.A.StartCollectorAsync([reflector.V4, reflector.V6], cps: 200, new FlowGroup(4));

        Measured measured = await collector.MeasureAsync();

        MeasuredCounts counts = measured.Total;
        Binomial.AssertLikely(counts.Vanished, counts.Sent, there + back);
        Assert.Equal(there > 0 ? counts.Vanished : 0, counts.LostForward);
        Assert.Equal(back > 0 ? counts.Lost : counts.Late, counts.LostReverse);
    }

    [SkippableFact]
    public async Task Of_three_sites_the_pair_with_the_bad_path_is_named_by_both_its_ends()
    {
        await using NetworkLab lab = await NetworkLab.CreateAsync(paths: 2, sites: 3);
        LabReflector[] reflectors = [.. await Task.WhenAll(lab.Hosts.Select(host => host.StartReflectorAsync()))];
        Fault fault = await lab.LoseAsync(0.25, lab.A, lab.C);
        LabCollector ofA = await lab.A.StartCollectorAsync([reflectors[1].V4, reflectors[2].V6], cps: 50, new FlowGroup(4));
        LabCollector ofC = await lab.C.StartCollectorAsync([reflectors[0].V6, reflectors[1].V4], cps: 50, new FlowGroup(4));

        await Task.WhenAll(ofA.MeasureAsync(1), ofC.MeasureAsync(1));
        await fault.HealAsync();
        Measured fromA = await ofA.EverythingAsync(), fromC = await ofC.EverythingAsync();

        MeasuredCounts there = fromA.To(reflectors[2].V6).Counts, back = fromC.To(reflectors[0].V6).Counts;
        Assert.Equal(0, fromA.To(reflectors[1].V4).Counts.Vanished + fromC.To(reflectors[1].V4).Counts.Vanished);
        Assert.Equal(there.Vanished, there.LostForward);
        Assert.Equal(back.Lost, back.LostReverse);
        Assert.Equal(await fault.HitsAsync(), there.Vanished + back.Vanished);
    }
}

/// <summary>Labs run one after the other: they share two cores with the rest of the tests.</summary>
[CollectionDefinition(nameof(NetworkLab))]
public sealed class OneLabAtATime;
