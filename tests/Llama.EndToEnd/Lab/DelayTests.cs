using System.Net;
using Llama.EndToEnd.Harness;

namespace Llama.EndToEnd.Lab;

/// <summary>Delays that a relay adds, each way by itself, and what the collector says of them.</summary>
[Collection(nameof(Alone))]
public sealed class DelayTests
{
    private const double Millisecond = 1e6;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(40);

    /// <summary>
    /// Delays are spread evenly from nothing to 8 ms in one direction, and constant in the other. So the 99th percentile is 7.92 ms
    /// above the least in that direction, and two delays in a row differ by a third of 8 ms in the mean, which is what jitter is.
    /// </summary>
    [SkippableFact]
    public async Task Delay_variation_is_told_in_the_direction_it_happens_in()
    {
        await using NetworkLab lab = await NetworkLab.CreateAsync();
        LabReflector reflector = await lab.B.StartReflectorAsync();
        Task<IPEndPoint> Relay(IPEndPoint to, string jitter) => lab.B.StartRelayAsync(to, "--delay", "20ms", "--back-delay", "10ms", jitter, "8ms");
        IPEndPoint[] there = [await Relay(reflector.V4, "--jitter"), await Relay(reflector.V6, "--jitter")];
        IPEndPoint[] back = [await Relay(reflector.V4, "--back-jitter"), await Relay(reflector.V6, "--back-jitter")];
        LabCollector collector = await lab.A.StartCollectorAsync([.. there, .. back], cps: 50, new FlowGroup(8));

        // Programs that take the cores for milliseconds are variation too, so one interval that they leave in peace will do.
        await Task.WhenAll(there.Concat(back).Select(relay => collector.MeasureUntilAsync(
            measured => IsAsAdded(measured.To(relay), there.Contains(relay)), Deadline, "an interval with the relay's delays and no others")));
    }

    private static bool IsAsAdded(MeasuredPair pair, bool forward)
    {
        (string varies, string constant) = forward
            ? ("forward_delay_variation_ns", "reverse_delay_variation_ns")
            : ("reverse_delay_variation_ns", "forward_delay_variation_ns");
        return IsWithin(pair.Last("rtt.min_ns"), 30, 31)
            && IsWithin(pair.Last("rtt.mean_ns"), 33, 35.5)
            && IsWithin(pair.Last(varies), 7.5, 9)
            && IsWithin(pair.Last(constant), 0, 1.5)
            && IsWithin(pair.Last("delay_variation_ns"), 7.5, 9.5)
            && IsWithin(pair.Last("jitter_ns"), 8 / 3.0 * 0.7, 8 / 3.0 * 1.4);
    }

    private static bool IsWithin(double? nanos, double least, double most) => nanos >= least * Millisecond && nanos <= most * Millisecond;
}
