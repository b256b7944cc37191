using System.Net;
using Llama.Engine.Reflecting;
using Llama.Fuzz.Datagrams;
using Llama.Wire.Clocks;
using Llama.Wire.Sockets;

namespace Llama.Fuzz.Rounds;

/// <summary>Datagrams forged so that two reflectors answer each other: however many there are, the bouncing dies out.</summary>
internal sealed class BouncingRound(Corpus corpus) : IRound
{
    /// <summary>Answers to one datagram by each reflector, and one that is dropped.</summary>
    private const int MostPasses = 2 * 64 + 1;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(2);

    public string Name => "bouncing";

    public string Title => "two reflectors and forged datagrams between them";

    public double Share => 0.001;

    public double TimeShare => 0.05;

    public void Run(Campaign campaign)
    {
        using RawSocket? raw = RawSocket.TryOpen();
        if (raw is null)
        {
            campaign.Skip("forging a source address needs CAP_NET_RAW");
            return;
        }

        using Reflector first = Start("127.0.0.2"), second = Start("127.0.0.3");
        var hostile = new HostileDatagrams(corpus);
        var dice = new Dice(0);
        byte[] room = new byte[HostileDatagrams.RoomLength];
        long passes = 0;

        // A few at a time, so that none of those that bounce is lost to a full buffer and taken for dead.
        while (campaign.GoesOn)
        {
            for (int i = 0; i < 50; i++)
            {
                dice.Restart(campaign.Seed, campaign.Tried++);
                int length = Math.Min(hostile.Write(dice, room), 4096);
                raw.Send(second.LocalEndPoint, first.LocalEndPoint, room.AsSpan(0, length));
            }

            passes = WaitUntilStill(campaign, first, second);
        }

        campaign.Tell($"{campaign.Tried:N0} forged, {passes:N0} passes, {Bouncing(first) + Bouncing(second):N0} ended as bouncing, {Already(first) + Already(second):N0} by the mark");
        Violation.If(passes > campaign.Tried * MostPasses, "datagrams bounced more often than they may");
        Violation.If(campaign.Tried > 1000 && (Bouncing(first) + Bouncing(second) == 0 || Already(first) + Already(second) == 0), "nothing bounced");
    }

    private static long WaitUntilStill(Campaign campaign, Reflector first, Reflector second)
    {
        long passes = -1;
        using var timer = new ManualResetEventSlim();
        TimeSpan start = campaign.Elapsed;
        while (true)
        {
            long now = first.Counters.Received + second.Counters.Received;
            if (now == passes) return passes;
            passes = now;
            Violation.If(campaign.Elapsed - start > Patience, "the bouncing does not end");
            timer.Wait(Look);
        }
    }

    private static long Bouncing(Reflector reflector) => reflector.Counters[ReflectorVerdict.Bouncing];

    private static long Already(Reflector reflector) => reflector.Counters[ReflectorVerdict.AlreadyReflected];

    private static Reflector Start(string address) => new(
        () => DatagramNetwork.Create(),
        Clock.System,
        new ReflectorOptions { Bind = new IPEndPoint(IPAddress.Parse(address), 0), MaxPerSecond = null, MaxPerSecondPerSource = null });
}
