using System.Diagnostics;
using System.Globalization;
using Llama.EndToEnd.Harness;
using Xunit.Abstractions;

namespace Llama.EndToEnd.Lab;

/// <summary>
/// Many datagrams for a long time. <c>make soak</c> takes half an hour, or as long as SOAK_SECONDS says; other runs of the tests take
/// the short form.
/// </summary>
[Collection(nameof(Alone))]
public sealed class SoakTests(ITestOutputHelper output)
{
    private const int DatagramsPerSecond = 20_000;
    private const int Flows = 40;
    private const int ShortSeconds = 20;
    private const int Samples = 20;
    private const long Megabyte = 1 << 20;

    /// <summary>
    /// The runtime lets garbage pile up while there is room, and each interval and each HTTP answer leaves some. With 4 MiB for it, what
    /// grows is what is kept.
    /// </summary>
    private const string SmallNursery = "DOTNET_GCgen0size=0x400000";

    /// <summary>What the runtime may still take for itself once it has settled.</summary>
    private const long AllowedGrowth = 8 * Megabyte;

    private static readonly int Seconds =
        int.TryParse(Environment.GetEnvironmentVariable("SOAK_SECONDS"), CultureInfo.InvariantCulture, out int seconds) ? seconds : ShortSeconds;

    [SkippableFact]
    public async Task Twenty_thousand_datagrams_a_second_for_long_cost_no_memory_and_lose_nothing_unexplained()
    {
        await using NetworkLab lab = await NetworkLab.CreateAsync(paths: 4);
        foreach (LabHost host in lab.Hosts) host.Variables.Add(SmallNursery);
        LabReflector reflector = await lab.B.StartReflectorAsync();
        LabCollector collector = await lab.A.StartCollectorAsync(reflector.V4, Flows, cps: DatagramsPerSecond / (double)Flows);

        // The runtime takes what it likes in the beginning; from the half on, it has to make do with what it had.
        var running = Stopwatch.StartNew();
        (long Reflector, long Collector) settled = default, now = default;
        while (running.Elapsed.TotalSeconds < Seconds)
        {
            await collector.MeasureAsync(Math.Max(1, Seconds / Samples / LabCollector.IntervalSeconds), TimeSpan.FromSeconds(Seconds + 60));
            now = (Resident(reflector.Process), Resident(collector.Process));
            if (running.Elapsed.TotalSeconds < Seconds / 2.0) settled = (Math.Max(settled.Reflector, now.Reflector), Math.Max(settled.Collector, now.Collector));
            output.WriteLine($"{running.Elapsed.TotalSeconds:F0} s: reflector {now.Reflector / Megabyte} MB, collector {now.Collector / Megabyte} MB");
        }

        // The first interval had begun before the collector did.
        var measured = new Measured([.. (await collector.EverythingAsync()).Intervals.Skip(1)]);
        MeasuredCounts total = measured.Total;
        long nominal = DatagramsPerSecond * LabCollector.IntervalSeconds * measured.Intervals.Count;
        int suspect = measured.Intervals.Count(interval => interval.IsSuspect);
        output.WriteLine(
            $"{total}; {measured.SkippedSends} not sent for want of time, {measured.ReceiveDrops} replies dropped by the collector's own sockets; "
            + $"{suspect} of {measured.Intervals.Count} intervals suspect");

        Assert.All(measured.Intervals, interval => Assert.True(new Measured([interval]).Total is var counts && counts.Sent == counts.Received + counts.Lost));
        Assert.InRange(total.Sent + measured.SkippedSends, 0.98 * nominal, 1.02 * nominal);
        Assert.True(now.Reflector - settled.Reflector < AllowedGrowth, "The reflector grows.");
        Assert.True(now.Collector - settled.Collector < AllowedGrowth, "The collector grows.");

        // The network loses nothing, so whatever else is missing is missing for no reason.
        long missing = total.Vanished - measured.ReceiveDrops - await reflector.ReceiveDropsAsync();
        Assert.True(missing <= 0, $"{missing} datagrams are missing.");
    }

    private static long Resident(LlamaProcess process)
    {
        string line = File.ReadLines($"/proc/{process.Id}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;
    }
}
