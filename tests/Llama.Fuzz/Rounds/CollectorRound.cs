using System.Net;
using Llama.Engine;
using Llama.Engine.Reflecting;
using Llama.Engine.Summaries;
using Llama.Fuzz.Datagrams;
using Llama.Tests.Engine.Simulation;
using Llama.Wire.Sockets;

namespace Llama.Fuzz.Rounds;

/// <summary>
/// The real collector against real reflectors in the simulated world, where the network between them does its worst: hours of it in
/// seconds. Reports keep the laws of summaries, and tell exactly what the network saw. Some episodes step the clock or change the plan.
/// </summary>
internal sealed class CollectorRound(Corpus corpus) : IRound
{
    private const int EpisodeSeconds = 40;
    private const int QuietSeconds = 20;

    private static readonly UdpEndpoint Collector = UdpEndpoint.From(Bench.At(1));

    private readonly HostileDatagrams _hostile = new(corpus);
    private string _described = "";

    public string Name => "collector";

    public string Title => "collector in a simulated network of liars";

    public double Share => 0.06;

    public double TimeShare => 0.2;

    public void Run(Campaign campaign)
    {
        long sent = 0, received = 0, episodes = 0;
        double hours = 0;
        for (; campaign.GoesOn; episodes++)
        {
            var dice = new Dice(0);
            dice.Restart(campaign.Seed, episodes);
            Bench bench;
            try
            {
                bench = Episode(dice, out Truth truth);
                campaign.Tried += truth.Arrived;
                sent += truth.Sent.Values.Sum();
            }
            catch (Violation violation)
            {
                throw new Violation($"episode {episodes} ({_described}): {violation.Message}", violation.Datagram);
            }

            received += bench.Summaries.Sum(summary => summary.Counts.Received);
            hours += bench.World.NowNanos / 3.6e12;
        }

        campaign.Tell($"{episodes:N0} episodes, {hours:F1} simulated hours: {sent:N0} sent, {campaign.Tried:N0} came back, {received:N0} judged received");
    }

    private Bench Episode(Dice dice, out Truth truth)
    {
        bool stepsClock = dice.OneIn(4), changesPlan = dice.OneIn(4);
        byte[] key = dice.OneIn(3) ? [1, 2, 3] : [];
        _described = $"{(stepsClock ? "steps clock, " : "")}{(changesPlan ? "changes plan, " : "")}{(key.Length > 0 ? "key" : "no key")}";
        var bench = new Bench(key);
        for (int host = 2; host <= 3; host++)
            bench.AddReflector(Bench.At(host), (long)(dice.Next() >> 12), new ReflectorOptions { MaxPerSecond = null, MaxPerSecondPerSource = null, Key = key });

        int timeoutMillis = 20 + dice.Below(500);
        ProbingPlan plan = AnyPlan(dice, timeoutMillis);
        long timeoutNanos = timeoutMillis * Bench.Millisecond;
        truth = new Truth();
        bench.World.Link = new HostileLink(dice, _hostile, bench, truth, timeoutNanos, stepsClock).Carry;

        bench.Apply(plan);
        bench.RunFor(EpisodeSeconds / 2 * Bench.Second);
        if (changesPlan) bench.Apply(AnyPlan(dice, timeoutMillis));
        bench.RunFor(EpisodeSeconds / 2 * Bench.Second);

        // Everything that is still on its way arrives; of what is sent meanwhile nothing does.
        Truth told = truth;
        bench.World.Link = packet =>
        {
            if (IsCollector(packet.From)) told.Leaves(packet, bench.World.NowNanos);
            return [];
        };
        bench.RunFor(QuietSeconds * Bench.Second);
        bench.Loop.Finish();

        foreach (IntervalReport report in bench.Reports) SummaryLaws.Check(report, TimeSpan.FromMilliseconds(timeoutMillis), stepsClock);
        if (!changesPlan) truth.Check(bench.Reports, Unsettled(plan, timeoutMillis), stepsClock);
        return bench;
    }

    /// <summary>What one port sends while replies are waited for.</summary>
    private static long Unsettled(ProbingPlan plan, int timeoutMillis) =>
        (long)Math.Ceiling(plan.Tests[0].CyclesPerSecond * plan.Tests[0].Targets.Count * (timeoutMillis + 5) / 1000.0) + plan.Tests[0].Targets.Count + 1;

    private static ProbingPlan AnyPlan(Dice dice, int timeoutMillis)
    {
        IPEndPoint[] targets = dice.OneIn(2) ? [Bench.At(2)] : [Bench.At(2), Bench.At(3)];
        return Bench.Plan(1 + dice.Below(60), 1 + dice.Below(5), targets, 1 + dice.Below(10), timeoutMillis);
    }

    private static bool IsCollector(UdpEndpoint endpoint) => endpoint.Low == Collector.Low;

    /// <summary>A network that loses, delays, copies and alters in both directions, and makes things up.</summary>
    private sealed class HostileLink(Dice dice, HostileDatagrams hostile, Bench bench, Truth truth, long timeoutNanos, bool stepsClock)
    {
        private readonly HostileReplies _replies = new(dice, hostile);
        private readonly byte[] _room = new byte[HostileDatagrams.RoomLength];

        public List<(long DelayNanos, Packet Packet)> Carry(Packet packet)
        {
            if (stepsClock && dice.OneIn(500)) bench.Clock.WallOffsetNanos += Step();
            return IsCollector(packet.From) ? There(packet) : Back(packet);
        }

        private List<(long DelayNanos, Packet Packet)> There(Packet packet)
        {
            truth.Leaves(packet, bench.World.NowNanos);
            var copies = new List<(long, Packet)>();
            int count = dice.Below(16) switch { 0 => 0, 1 => 2, _ => 1 };
            for (; count > 0; count--) copies.Add((Delay() / 2, dice.OneIn(10) ? packet with { Payload = Edited(packet.Payload) } : packet));
            return copies;
        }

        private List<(long DelayNanos, Packet Packet)> Back(Packet packet)
        {
            var copies = new List<(long, Packet)>();
            foreach (byte[] payload in _replies.Instead(packet.Payload))
            {
                long delay = Delay() / 2;
                truth.Arrives(packet.To, payload, bench.World.NowNanos + delay, timeoutNanos);
                copies.Add((delay, packet with { Payload = payload, Tos = (byte)dice.Next(), Ttl = (byte)dice.Next() }));
            }

            return copies;
        }

        private byte[] Edited(byte[] payload)
        {
            payload.CopyTo(_room, 0);
            return _room[..HostileDatagrams.Edit(dice, _room, payload.Length)];
        }

        /// <summary>Mostly short, sometimes about as long as is waited for, sometimes far longer.</summary>
        private long Delay() => dice.Below(8) switch
        {
            0 => timeoutNanos / 2 + dice.Below((int)(timeoutNanos / 1000)) * 1000L,
            1 => dice.Below(10_000) * Bench.Millisecond,
            _ => dice.Below(5000) * 1000L,
        };

        private long Step() => dice.Below(4) switch
        {
            0 => dice.Below(2_000_000) - 1_000_000,
            1 => 3600 * Bench.Second,
            2 => -3600 * Bench.Second,
            _ => (dice.Below(2000) - 1000) * Bench.Millisecond,
        };
    }
}
