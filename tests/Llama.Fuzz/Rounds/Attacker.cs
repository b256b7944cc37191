using System.Net;
using Llama.Fuzz.Datagrams;
using Llama.Wire.Clocks;
using Llama.Wire.Datagrams;
using Llama.Wire.Sockets;

namespace Llama.Fuzz.Rounds;

/// <summary>
/// One source address that sends volleys of hostile datagrams to a reflector as fast as they are dealt with, and holds every reply
/// against what the reference says must come back. The last datagram of a volley is a good one: its reply tells that all before it
/// have been judged, so no more is ever in flight than the reflector's buffer holds. Belongs to one thread.
/// </summary>
internal sealed class Attacker : IDisposable
{
    private const int VolleyLength = 64;
    private const int VolleyBytes = 48 << 10;
    private const long PatienceNanos = 2_000_000_000;
    private const int MaxTries = 10;

    private readonly IDatagramNetwork _network = DatagramNetwork.Create();
    private readonly IDatagramSocket _socket;
    private readonly IDatagramSocket?[] _ready = new IDatagramSocket?[1];
    private readonly DatagramBatch _requests = new(VolleyLength, HostileDatagrams.RoomLength);
    private readonly DatagramBatch _replies = new(VolleyLength, HostileDatagrams.RoomLength);
    private readonly Expectation[] _expected = new Expectation[VolleyLength];
    private readonly long[] _fates = new long[Enum.GetValues<Fate>().Length];
    private readonly HostileDatagrams _hostile;
    private readonly UdpEndpoint _target;
    private readonly UdpEndpoint _targetAddress;
    private readonly Dice _dice = new(0);
    private readonly ulong _seed;
    private readonly ulong _session;
    private long _made;
    private uint _markers;

    /// <summary>An attacker at an address of this host.</summary>
    public Attacker(HostileDatagrams hostile, IPAddress source, IPEndPoint target, ulong seed)
    {
        _hostile = hostile;
        _seed = seed;
        _session = new Dice(seed).Next();
        _target = UdpEndpoint.From(target);
        _targetAddress = _target with { Port = 0 };
        _socket = _network.Open(new DatagramSocketOptions { Bind = new IPEndPoint(source, 0) });
    }

    /// <summary>Datagrams the kernel took, good ones included.</summary>
    public long Sent { get; private set; }

    /// <summary>Replies that were right.</summary>
    public long Answered { get; private set; }

    /// <summary>Datagrams that were to be answered and were not, beyond those that may have been taken for bouncing ones.</summary>
    public long Unanswered { get; private set; }

    /// <summary>Datagrams without an extension that were not answered: the reflector must have taken them for bouncing ones.</summary>
    public long TakenForBouncing { get; private set; }

    /// <summary>Replies that came when they were no longer waited for.</summary>
    public long Late { get; private set; }

    /// <summary>Replies the kernel dropped on the way in here.</summary>
    public long ReceiveDrops => _socket.ReceiveDrops;

    /// <summary>How many datagrams were to have this fate.</summary>
    public long this[Fate fate] => _fates[(int)fate];

    /// <summary>Sends a volley and takes what comes back.</summary>
    public void Volley()
    {
        Fill();
        Send();
        int next = 0;
        if (Take(ref next)) return;
        Miss(next, _requests.Count);
        CatchUp();
    }

    public void Dispose()
    {
        _socket.Dispose();
        _network.Dispose();
    }

    private void Fill()
    {
        int count = 0;
        int octets = 0;
        while (count < VolleyLength - 1 && octets < VolleyBytes)
        {
            _dice.Restart(_seed, _made++);
            int length = _hostile.Write(_dice, _requests.Room(count));
            if (length == 0) continue;
            _requests[count].Length = length;
            Expect(count++);
            octets += length;
        }

        _requests[count].Length = Marker(_requests.Room(count));
        Expect(count++);
        _requests.Count = count;
    }

    private int Marker(Span<byte> room)
    {
        const int length = 100;
        uint number = _markers++;
        ProbeWriter.Write(room[..length], new ProbeHeader(number, _seed >> 16, 0, new WallTime(1), number, _session));
        return length;
    }

    private void Expect(int index)
    {
        ref Datagram datagram = ref _requests[index];
        datagram.Remote = _target;
        datagram.Marks = DatagramMarks.HasTos;
        datagram.Tos = (byte)(_dice.Next() & 0xFC);
        _expected[index] = Expectation.Of(_requests.Payload(index));
    }

    private void Send()
    {
        int sent = _socket.Send(_requests);
        for (int i = 0; i < _requests.Count; i++)
        {
            if (_requests[i].Error == 0) _fates[(int)_expected[i].Fate]++;
        }

        Violation.If(sent != _requests.Count, $"{_requests.Count - sent} datagrams could not be sent");
        Sent += sent;
    }

    /// <summary>Takes replies until the last datagram's has come.</summary>
    /// <returns>False when it did not come.</returns>
    private bool Take(ref int next)
    {
        while (next < _requests.Count)
        {
            if (!Receive()) return false;
            for (int i = 0; i < _replies.Count; i++) next = Match(i, next);
        }

        return true;
    }

    /// <summary>Takes what has come, and waits for it.</summary>
    /// <returns>False when nothing came for so long that nothing will.</returns>
    private bool Receive()
    {
        MonotonicTime end = Clock.System.Monotonic + PatienceNanos;
        while (_socket.Receive(_replies) == 0)
        {
            long left = end - Clock.System.Monotonic;
            if (left <= 0) return false;
            _network.Wait(_ready, left);
        }

        return true;
    }

    /// <summary>The last datagram of a volley or its reply was lost, or is late. Another one tells that the reflector has come as far.</summary>
    private void CatchUp()
    {
        for (int tries = 0; tries < MaxTries; tries++)
        {
            _requests.Count = 1;
            _requests[0].Length = Marker(_requests.Room(0));
            Expect(0);
            Send();
            while (Receive())
            {
                for (int i = 0; i < _replies.Count; i++)
                {
                    bool isLast = _expected[0].Allows(_requests.Payload(0), _replies.Payload(i));
                    if (!isLast) Late++;
                    else if (i == _replies.Count - 1) return;
                }
            }

            Miss(0, 1);
        }

        throw new Violation("the reflector does not answer any more");
    }

    /// <summary>Finds the request that a reply belongs to, at <paramref name="next"/> or behind it: a socket's datagrams stay in order.</summary>
    private int Match(int index, int next)
    {
        ReadOnlySpan<byte> reply = _replies.Payload(index);
        ref Datagram datagram = ref _replies[index];
        if (datagram.Remote.Port != _target.Port || datagram.Remote.Low != _targetAddress.Low)
            throw new Violation($"a reply came from {datagram.Remote}, not from {_target}", reply.ToArray());
        for (int i = next; i < _requests.Count; i++)
        {
            if (!_expected[i].Allows(_requests.Payload(i), reply)) continue;
            Miss(next, i);
            Answered++;
            if (datagram.Has(DatagramMarks.HasTos) && datagram.Tos != _expected[i].Tos)
                throw new Violation($"a reply has class {datagram.Tos:X2}, not {_expected[i].Tos:X2}", reply.ToArray());
            return i + 1;
        }

        throw new Violation("a reply belongs to no datagram that was sent and not answered yet", reply.ToArray());
    }

    private void Miss(int from, int to)
    {
        for (int i = from; i < to; i++)
        {
            if (_expected[i].Fate == Fate.Stamped) Unanswered++;
            if (_expected[i].Fate == Fate.EchoedUnlessBouncing) TakenForBouncing++;
        }
    }
}
