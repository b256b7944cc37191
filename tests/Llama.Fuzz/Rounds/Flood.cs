using System.Net;
using System.Net.Sockets;
using Llama.Engine.Reflecting;
using Llama.Fuzz.Datagrams;

namespace Llama.Fuzz.Rounds;

/// <summary>Attackers at addresses of their own, on a few threads, and what they know together.</summary>
internal sealed class Flood : IDisposable
{
    private readonly Attacker[][] _attackers;

    /// <summary>Opens their sockets: 127.x.y.z, and ::1 for one of them where there is IPv6.</summary>
    public Flood(Corpus corpus, int port, ulong seed, int threads, int attackersEach)
    {
        var hostile = new HostileDatagrams(corpus);
        _attackers = [.. Enumerable.Range(0, threads).Select(thread =>
            Enumerable.Range(0, attackersEach).Select(i =>
            {
                bool isIPv6 = thread == 0 && i == 0 && Socket.OSSupportsIPv6;
                IPAddress source = isIPv6 ? IPAddress.IPv6Loopback : new IPAddress([127, (byte)(1 + thread), (byte)(10 + i), (byte)(1 + seed % 250)]);
                return new Attacker(
                    hostile, source, new IPEndPoint(isIPv6 ? IPAddress.IPv6Loopback : IPAddress.Loopback, port), seed + (ulong)(thread * 100 + i) * 0x1_0000_0001);
            }).ToArray())];
    }

    private IEnumerable<Attacker> All => _attackers.SelectMany(attackers => attackers);

    public long Sent => All.Sum(attacker => attacker.Sent);

    public long Late => All.Sum(attacker => attacker.Late);

    /// <summary>Attacks until enough was sent or the time is up.</summary>
    /// <param name="part">How much, and until when.</param>
    /// <param name="campaign">Where it is counted.</param>
    public void Run(Campaign part, Campaign campaign)
    {
        long start = Sent, tried = campaign.Tried;
        var failures = new Exception?[_attackers.Length];
        Thread[] threads = [.. _attackers.Select((attackers, index) => new Thread(
            () =>
            {
                try
                {
                    while (Sent - start < part.Datagrams && !part.IsOver && !failures.Any(failure => failure is not null))
                        foreach (Attacker attacker in attackers) attacker.Volley();
                }
                catch (Exception exception)
                {
                    failures[index] = exception;
                }
            },
            ReferenceReader.StackBytes) { IsBackground = true, Name = $"attack {index}" })];
        foreach (Thread thread in threads) thread.Start();
        foreach (Thread thread in threads)
        {
            while (!thread.Join(1000))
            {
                campaign.Tried = tried + Sent - start;
                _ = campaign.GoesOn;
            }
        }

        campaign.Tried = tried + Sent - start;
        if (failures.FirstOrDefault(failure => failure is not null) is { } first) throw first;
    }

    /// <summary>Holds a reflector's counters against what was sent.</summary>
    /// <param name="counters">The reflector's, after the last reply.</param>
    /// <param name="honest">What others sent it that was all in order.</param>
    /// <param name="unsettled">How much more of that there may be: sent, and not yet counted.</param>
    /// <param name="knowsDrops">True where the reflector's sockets tell what the kernel dropped.</param>
    public void Check(ReflectorCounters counters, long honest, int unsettled, bool knowsDrops)
    {
        long drops = counters.ReceiveDrops, replyDrops = All.Sum(attacker => attacker.ReceiveDrops);
        long unanswered = All.Sum(attacker => attacker.Unanswered);
        Violation.If(counters.Received != counters.ByVerdict.Sum(), $"{counters.Received} received, {counters.ByVerdict.Sum()} judged");
        Violation.If(
            knowsDrops && unanswered > drops + replyDrops + Late,
            $"{unanswered} were not answered; the kernel dropped {drops} requests and {replyDrops} replies");
        if (!knowsDrops && unanswered + Late > 0) return;

        long arrived = counters.Received + drops;
        Violation.If(
            arrived < Sent + honest || arrived > Sent + honest + unsettled,
            $"{Sent} hostile and {honest} honest datagrams were sent, {counters.Received} received, {drops} dropped by the kernel");
        CheckVerdict(counters, ReflectorVerdict.Malformed, Fate.Malformed, drops);
        CheckVerdict(counters, ReflectorVerdict.AlreadyReflected, Fate.AlreadyReflected, drops);
        long passed = counters[ReflectorVerdict.Reflected] + counters[ReflectorVerdict.Bouncing];
        long wanted = this[Fate.Stamped] + this[Fate.EchoedUnlessBouncing] + honest;
        Violation.If(passed > wanted + unsettled || passed < wanted - drops, $"{wanted} were well-formed, {passed} were taken for that");
        long bouncing = All.Sum(attacker => attacker.TakenForBouncing);
        Violation.If(
            Math.Abs(counters[ReflectorVerdict.Bouncing] - bouncing) > drops + replyDrops + Late,
            $"{bouncing} were not echoed, {counters[ReflectorVerdict.Bouncing]} counted as bouncing");
    }

    public void Dispose()
    {
        foreach (Attacker attacker in All) attacker.Dispose();
    }

    private long this[Fate fate] => All.Sum(attacker => attacker[fate]);

    private void CheckVerdict(ReflectorCounters counters, ReflectorVerdict verdict, Fate fate, long drops)
    {
        long wanted = this[fate];
        Violation.If(counters[verdict] > wanted || counters[verdict] < wanted - drops, $"{wanted} were {fate}, {counters[verdict]} counted as {verdict}");
    }
}
