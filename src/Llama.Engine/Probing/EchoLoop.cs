using System.Security.Cryptography;
using Llama.Wire.Clocks;
using Llama.Wire.Datagrams;
using Llama.Wire.Sockets;

namespace Llama.Engine.Probing;

/// <summary>A reflector that somebody wants to hear of.</summary>
internal sealed class EchoQuestion(UdpEndpoint reflector, ReadOnlyMemory<byte> key)
{
    private readonly TaskCompletionSource<EchoReply?> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly (WallTime Wall, MonotonicTime Monotonic)[] _sendTimes = new (WallTime, MonotonicTime)[EchoLoop.MostDatagrams];

    public UdpEndpoint Reflector { get; } = reflector;

    public ProbeAuthenticator? Authenticator { get; } = key.IsEmpty ? null : new ProbeAuthenticator(key.Span);

    /// <summary>What a reply has to hold, so that nobody else can make one up.</summary>
    public ulong Nonce { get; } = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8)) >> 16;

    public ulong Session { get; } = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8));

    /// <summary>How many datagrams it was sent; each has the number of those before it as its sequence.</summary>
    public uint Sent { get; private set; }

    /// <summary>What came back; null for nothing.</summary>
    public Task<EchoReply?> Answer => _answer.Task;

    /// <summary>Notes that the next datagram leaves.</summary>
    public void NoteSend(WallTime wall, MonotonicTime monotonic) => _sendTimes[Sent++] = (wall, monotonic);

    /// <summary>When a datagram left, by both clocks; null for one that did not.</summary>
    public (WallTime Wall, MonotonicTime Monotonic)? SendTimeOf(uint sequence) => sequence < Sent ? _sendTimes[sequence] : null;

    public void Settle(EchoReply? reply) => _answer.TrySetResult(reply);
}

/// <summary>
/// Sends the datagrams of an <see cref="EchoCheck"/>, and sorts what comes back: a datagram that answers no question is dropped, whatever
/// it is. Belongs to one thread.
/// </summary>
internal sealed class EchoLoop : IDisposable
{
    /// <summary>How many datagrams a reflector is sent before it counts as silent.</summary>
    public const int MostDatagrams = 3;

    private const int MostQuestions = 1024;
    private const long BetweenDatagramsNanos = 300_000_000, LastWaitNanos = 400_000_000;

    /// <summary>The own clocks may drift apart by this between a datagram and its reply; what is more is a step.</summary>
    private const long MostDriftNanos = 1_000_000;

    private readonly IDatagramNetwork _network;
    private readonly IDatagramSocket _socket;
    private readonly Clock _clock;
    private readonly EchoQuestion?[] _slots = new EchoQuestion?[MostQuestions];
    private readonly Stack<int> _free = new(Enumerable.Range(0, MostQuestions));
    private readonly PriorityQueue<(int Slot, EchoQuestion Question), long> _due = new();
    private readonly DatagramBatch _toSend = new(1, ProbeWriter.MinLength);
    private readonly DatagramBatch _replies = new(64, ProbeWriter.MinLength);
    private readonly IDatagramSocket?[] _ready = new IDatagramSocket?[1];

    public EchoLoop(IDatagramNetwork network, Clock clock, IDatagramSocket socket)
    {
        _network = network;
        _clock = clock;
        _socket = socket;
    }

    public bool HasRoom => _free.Count > 0;

    /// <summary>Takes a question in; there has to be room.</summary>
    public void Ask(EchoQuestion question)
    {
        int slot = _free.Pop();
        _slots[slot] = question;
        _due.Enqueue((slot, question), _clock.Monotonic.Nanos);
    }

    /// <summary>Waits for something to do, and does it.</summary>
    public void Step()
    {
        _network.Wait(_ready, _due.TryPeek(out _, out long next) ? Math.Max(0, next - _clock.Monotonic.Nanos) : -1);
        while (_socket.Receive(_replies) > 0)
        {
            for (int i = 0; i < _replies.Count; i++) Take(_replies[i], _replies.Payload(i));
        }

        long now = _clock.Monotonic.Nanos;
        while (_due.TryPeek(out var due, out long at) && at <= now)
        {
            _due.Dequeue();
            GoOn(due.Slot, due.Question, now);
        }
    }

    public void Dispose()
    {
        foreach (EchoQuestion? question in _slots) question?.Settle(null);
        _socket.Dispose();
    }

    private void GoOn(int slot, EchoQuestion question, long now)
    {
        if (_slots[slot] != question) return;
        if (question.Sent == MostDatagrams)
        {
            Settle(slot, question, null);
            return;
        }

        Send(slot, question);
        _due.Enqueue((slot, question), now + (question.Sent == MostDatagrams ? LastWaitNanos : BetweenDatagramsNanos));
    }

    private void Send(int slot, EchoQuestion question)
    {
        _toSend[0] = new Datagram { Remote = question.Reflector, Length = ProbeWriter.MinLength };
        Span<byte> payload = _toSend.Payload(0);
        ProbeWriter.Write(payload, new ProbeHeader((uint)slot, question.Nonce, 0, _clock.Wall, question.Sent, question.Session));
        question.Authenticator?.Sign(payload);
        question.NoteSend(_clock.Wall, _clock.Monotonic);
        _toSend.Count = 1;
        _socket.Send(_toSend);
    }

    private void Take(in Datagram datagram, ReadOnlySpan<byte> payload)
    {
        if (ProbeReader.Read(payload, out ProbeFields fields) != ProbeError.None || !fields.HasSignature) return;
        ReadOnlySpan<byte> signature = payload[fields.SignatureOffset..];
        uint slot = ProbeWriter.ReadSlot(signature);
        if (slot >= MostQuestions || _slots[slot] is not { } question) return;
        if (ProbeWriter.ReadNonce(signature) != question.Nonce || datagram.Remote != question.Reflector) return;
        if (question.Authenticator is { } key && !(fields.HasExtension && key.Verify(payload, fields.ExtensionOffset))) return;
        Settle((int)slot, question, new EchoReply(fields.HasExtension ? ClockOf(question, payload[fields.ExtensionOffset..], datagram.Received) : null));
    }

    /// <summary>What a reply tells of the reflector's clock; null where the own one was stepped meanwhile, or it tells nothing.</summary>
    private ClockOffset? ClockOf(EchoQuestion question, ReadOnlySpan<byte> extension, WallTime received)
    {
        if ((ProbeExtension.ReadMarks(extension) & ProbeMarks.Reflected) == 0 || ProbeExtension.ReadSession(extension) != question.Session) return null;
        if (question.SendTimeOf(ProbeExtension.ReadSequence(extension)) is not { } sent) return null;
        long drift = _clock.Wall - sent.Wall - (_clock.Monotonic - sent.Monotonic);
        return Math.Abs(drift) > MostDriftNanos ? null : ClockOffset.Of(sent.Wall, ProbeExtension.ReadStamps(extension), received);
    }

    private void Settle(int slot, EchoQuestion question, EchoReply? reply)
    {
        _slots[slot] = null;
        _free.Push(slot);
        question.Settle(reply);
    }
}
