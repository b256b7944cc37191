using System.Globalization;
using System.Net;
using Llama.Engine.Reflecting;
using Llama.Fuzz.Datagrams;
using Llama.Wire.Clocks;
using Llama.Wire.Sockets;

namespace Llama.Fuzz.Rounds;

/// <summary>
/// The real reflector over real sockets, attacked from several addresses at full speed while a prober measures it: every reply is
/// what the reference says, the counters say what was sent, and the prober loses nothing.
/// </summary>
internal sealed class ReflectorRound(Corpus corpus, bool portable, int workers) : IRound
{
    private const int AttackersEach = 3;
    private const int Threads = 2;
    private const int HonestFlows = 4;
    private const double HonestCyclesPerSecond = 50;
    private const long MaxGrowthBytes = 64 << 20;

    public string Name => portable ? "reflector-portable" : workers > 1 ? "reflector-workers" : "reflector";

    public string Title =>
        $"reflector with {(portable ? "portable" : "kernel")} sockets, {workers} worker{(workers > 1 ? "s" : "")}, and a prober beside the flood";

    public double Share => portable ? 0.04 : workers > 1 ? 0.03 : 0.08;

    public double TimeShare => portable ? 0.15 : workers > 1 ? 0.1 : 0.2;

    public void Run(Campaign campaign)
    {
        using var reflector = new Reflector(
            () => DatagramNetwork.Create(portable),
            Clock.System,
            new ReflectorOptions
            {
                Bind = new IPEndPoint(IPAddress.IPv6Any, 0),
                Workers = workers,
                MaxPerSecond = null,
                MaxPerSecondPerSource = null,
            });
        var flood = new Flood(corpus, reflector.LocalEndPoint.Port, campaign.Seed, Threads, AttackersEach);
        using (flood)
        {
            using var honest = new HonestTraffic(new IPEndPoint(IPAddress.Loopback, reflector.LocalEndPoint.Port), HonestCyclesPerSecond, HonestFlows);
            flood.Run(campaign.Part(0.1), campaign);
            long before = Environment.WorkingSet;
            flood.Run(campaign.Part(0.9), campaign);
            long growth = Environment.WorkingSet - before;
            HonestResult result = honest.Stop();
            if (reflector.Completion.IsFaulted) throw new Violation($"a worker failed: {reflector.Completion.Exception}");
            Judge(campaign, reflector.Counters, flood, result, growth);
        }
    }

    private void Judge(Campaign campaign, ReflectorCounters counters, Flood flood, HonestResult honest, long growth)
    {
        campaign.Tell(string.Join(", ", Enum.GetValues<ReflectorVerdict>().Where(v => counters[v] > 0).Select(v => $"{v} {counters[v]:N0}")));
        campaign.Tell(string.Create(
            CultureInfo.InvariantCulture,
            $"honest: {honest.Sent:N0} sent, {honest.Lost} lost, RTT p50 {honest.Rtt.Percentile(0.5) / 1000.0:F0} us, p99 {honest.Rtt.Percentile(0.99) / 1000.0:F0} us; kernel drops {counters.ReceiveDrops}, late {flood.Late}, memory {growth >> 20:+0;-0} MiB"));

        Violation.If(honest.Sent == 0, "the honest prober sent nothing");
        Violation.If(honest.Lost > counters.ReceiveDrops + honest.ReceiveDrops, $"the honest prober lost {honest.Lost} that no kernel drop explains");
        Violation.If(honest.Unmatched > 0 || honest.Duplicates > 0, "the honest prober got replies that were not its own");
        Violation.If(growth > MaxGrowthBytes, $"memory grew by {growth >> 20} MiB");
        flood.Check(counters, honest.Sent, HonestFlows, knowsDrops: !portable);
    }
}
