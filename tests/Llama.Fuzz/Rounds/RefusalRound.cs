using System.Net;
using System.Net.Sockets;
using Llama.Engine.Reflecting;
using Llama.Fuzz.Datagrams;
using Llama.Wire.Clocks;
using Llama.Wire.Datagrams;
using Llama.Wire.Sockets;

namespace Llama.Fuzz.Rounds;

/// <summary>
/// A reflector with a key, one with limits, and datagrams that only a raw socket sends: what is refused is counted under its reason and
/// what is in order beside it is answered. With the other rounds, every verdict there is has been reached.
/// </summary>
internal sealed class RefusalRound(Corpus corpus) : IRound
{
    private static readonly byte[] Key = "fuzz"u8.ToArray();

    public string Name => "refusals";

    public string Title => "reflectors with a key and with limits, datagrams from port 0, from a broadcast address, without an octet";

    public double Share => 0.002;

    public double TimeShare => 0.05;

    public void Run(Campaign campaign)
    {
        foreach (bool portable in (bool[])[false, true])
        {
            Keyed(campaign, portable);
            Limited(campaign, portable);
            Odd(campaign, portable);
        }
    }

    /// <summary>Mutations of signed datagrams: only those whose signed part is whole are answered. The honest prober has the key.</summary>
    private void Keyed(Campaign campaign, bool portable)
    {
        using Reflector reflector = Start(portable, new ReflectorOptions { Key = Key });
        using var honest = new HonestTraffic(reflector.LocalEndPoint, 50, 1, key: Key);
        using var client = new Client(reflector.LocalEndPoint);
        var authenticator = new ProbeAuthenticator(Key);
        var hostile = new HostileDatagrams(corpus);
        var dice = new Dice(0);
        byte[] room = new byte[HostileDatagrams.RoomLength];
        long stamped = 0, refused = 0, rest = 0;
        Campaign part = campaign.Part(0.2);
        for (; part.Tried < part.Datagrams && !part.IsOver; part.Tried++, campaign.Tried++)
        {
            dice.Restart(campaign.Seed, part.Tried);
            int length = hostile.Write(dice, room);
            if (length is >= 84 and < 4096 && room[26] == 52 && dice.OneIn(2))
            {
                authenticator.Sign(room.AsSpan(0, length));
                if (dice.OneIn(2)) length = HostileDatagrams.Edit(dice, room, length);
            }

            Expectation expected = Expectation.Of(room.AsSpan(0, length), (datagram, offset) => authenticator.Verify(datagram, offset));
            if (expected.Fate == Fate.Stamped) stamped++;
            else if (expected.Fate == Fate.NotAuthenticated) refused++;
            else rest++;
            client.Send(room.AsSpan(0, length));
            if ((part.Tried & 15) == 15) client.AwaitReplies(stamped, authenticator);
        }

        client.AwaitReplies(stamped, authenticator);
        HonestResult result = honest.Stop();
        ReflectorCounters counters = reflector.Counters;
        Tell(campaign, portable, "key", counters);
        Violation.If(result.Lost > 0, $"the honest prober with the key lost {result.Lost}");
        Violation.If(counters[ReflectorVerdict.NotAuthenticated] != refused, $"{refused} had no right tag, {counters[ReflectorVerdict.NotAuthenticated]} were refused for it");
        Violation.If(counters[ReflectorVerdict.Reflected] < stamped + result.Sent, "datagrams with a right tag were refused");
        Violation.If(
            counters[ReflectorVerdict.Malformed] + counters[ReflectorVerdict.AlreadyReflected] != rest, "other verdicts than the reference's");
    }

    /// <summary>One source far above its limit takes nothing from a quiet one; all of them together stay below the limit of all.</summary>
    private static void Limited(Campaign campaign, bool portable)
    {
        const int perSecond = 2000, perSource = 200, datagrams = 5000;
        using Reflector reflector = Start(portable, new ReflectorOptions { MaxPerSecond = perSecond, MaxPerSecondPerSource = perSource });
        using var quiet = new Client(reflector.LocalEndPoint);
        Client[] loud = [.. Enumerable.Range(0, 20).Select(i => new Client(reflector.LocalEndPoint, $"127.9.0.{i + 1}"))];
        TimeSpan start = campaign.Elapsed;
        byte[] datagram = new byte[100];
        for (int i = 0; i < datagrams; i++)
        {
            ProbeWriter.Write(datagram, new ProbeHeader((uint)i, 1, 0, new WallTime(1), (uint)i, campaign.Seed));
            if (i == 100)
            {
                quiet.Send(datagram);
                quiet.AwaitReplies(1, null);
            }

            loud[i < 1000 ? 0 : i % loud.Length].Send(datagram);
        }

        foreach (Client client in loud) client.Dispose();
        campaign.Tried += datagrams + 1;
        SettledCounters(reflector, datagrams + 1);
        ReflectorCounters counters = reflector.Counters;
        Tell(campaign, portable, "limits", counters);
        double most = perSecond * (1 + (campaign.Elapsed - start).TotalSeconds) + 1;
        Violation.If(counters[ReflectorVerdict.Reflected] > most, $"{counters[ReflectorVerdict.Reflected]} answered, where {most:F0} were the most");
        Violation.If(counters[ReflectorVerdict.SourceRateLimited] == 0 || counters[ReflectorVerdict.RateLimited] == 0, "a limit did nothing");
        Violation.If(counters.Received != counters.ByVerdict.Sum(), "verdicts do not add up");
    }

    /// <summary>From UDP port 0, from a broadcast address where no answer may be sent, and with no octet at all.</summary>
    private static void Odd(Campaign campaign, bool portable)
    {
        const int each = 200;
        using RawSocket? raw = RawSocket.TryOpen();
        if (raw is null)
        {
            campaign.Skip("datagrams from port 0 and from a broadcast address need CAP_NET_RAW");
            return;
        }

        using Reflector reflector = Start(portable, new ReflectorOptions());
        byte[] datagram = new byte[100];
        for (uint i = 0; i < each; i++)
        {
            ProbeWriter.Write(datagram, new ProbeHeader(i, 1, 0, new WallTime(1), i, campaign.Seed));
            raw.Send(new IPEndPoint(IPAddress.Loopback, 0), reflector.LocalEndPoint, datagram);
            raw.Send(new IPEndPoint(IPAddress.Parse("127.255.255.255"), 9), reflector.LocalEndPoint, datagram);
            raw.Send(new IPEndPoint(IPAddress.Loopback, 9), reflector.LocalEndPoint, []);
            SettledCounters(reflector, 3 * (i + 1));
        }

        campaign.Tried += 3 * each;
        ReflectorCounters counters = reflector.Counters;
        Tell(campaign, portable, "odd", counters);
        Violation.If(counters[ReflectorVerdict.SourcePortZero] != each, "a datagram from port 0 was not refused for that");
        Violation.If(counters[ReflectorVerdict.SendFailed] != each, "an answer to a broadcast address did not fail");
        Violation.If(counters[ReflectorVerdict.Malformed] != each, "an empty datagram was not malformed");
    }

    private static void SettledCounters(Reflector reflector, long received)
    {
        using var timer = new ManualResetEventSlim();
        for (int i = 0; i < 5000 && reflector.Counters.ByVerdict.Sum() < received; i++) timer.Wait(1);
        Violation.If(reflector.Counters.Received != received, $"{received} sent, {reflector.Counters.Received} received");
    }

    private static void Tell(Campaign campaign, bool portable, string what, ReflectorCounters counters) => campaign.Tell(
        $"{(portable ? "portable" : "kernel")}, {what}: "
        + string.Join(", ", Enum.GetValues<ReflectorVerdict>().Where(v => counters[v] > 0).Select(v => $"{v} {counters[v]:N0}")));

    private static Reflector Start(bool portable, ReflectorOptions options) => new(
        () => DatagramNetwork.Create(portable),
        Clock.System,
        options with
        {
            Bind = new IPEndPoint(IPAddress.Loopback, 0),
            MaxPerSecond = options.MaxPerSecond == 2000 ? 2000 : null,
            MaxPerSecondPerSource = options.MaxPerSecondPerSource == 200 ? 200 : null,
        });

    /// <summary>A plain socket that counts what comes back.</summary>
    private sealed class Client : IDisposable
    {
        private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        private readonly byte[] _room = new byte[1 << 16];
        private long _replies;

        public Client(IPEndPoint target, string source = "127.0.0.1")
        {
            _socket.ReceiveTimeout = 5000;
            _socket.Bind(new IPEndPoint(IPAddress.Parse(source), 0));
            _socket.Connect(target);
        }

        public void Send(ReadOnlySpan<byte> datagram) => _socket.Send(datagram);

        /// <summary>Waits until this many have come since the beginning, each signed where there is a key.</summary>
        public void AwaitReplies(long replies, ProbeAuthenticator? authenticator)
        {
            for (; _replies < replies; _replies++)
            {
                int length;
                try
                {
                    length = _socket.Receive(_room);
                }
                catch (SocketException)
                {
                    throw new Violation($"{replies} replies were due, {_replies} came");
                }

                if (authenticator is null) continue;
                byte[] reply = _room[..length];
                bool isRight = ReferenceReader.Read(reply, out ProbeFields fields) == ProbeError.None && authenticator.Verify(reply, fields.ExtensionOffset);
                if (!isRight) throw new Violation("a reply is not signed", reply);
            }

            Violation.If(_socket.Available > 0, "more replies than requests");
        }

        public void Dispose() => _socket.Dispose();
    }
}
