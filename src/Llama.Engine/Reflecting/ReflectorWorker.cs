using Llama.Wire.Clocks;
using Llama.Wire.Datagrams;
using Llama.Wire.Sockets;

namespace Llama.Engine.Reflecting;

/// <summary>
/// One socket of a reflector and the loop over it: receive a batch, judge each datagram, patch those that pass where they lie,
/// and send the same memory back. Nothing is allocated or locked on the way. Belongs to one thread, its counters may be read by any.
/// </summary>
internal sealed class ReflectorWorker
{
    /// <summary>Datagrams without an extension are cut here, as by the receive buffer of the Go reflector.</summary>
    public const int PlainMaxLength = 4096;

    private const int BatchCapacity = 64;
    private const long SettleNanos = 20_000;

    /// <summary>From the send call to the wire, at the most.</summary>
    private const double LongestWayInNanos = 1000;

    private readonly IDatagramSocket _socket;
    private readonly Clock _clock;
    private readonly TokenBucket? _bucket;
    private readonly SourceLimiter? _sourceLimiter;
    private volatile ProbeAuthenticator? _authenticator;
    private readonly BounceGuard _bounceGuard = new(SecretHash.NewSeed());
    private readonly SessionTable _sessions = new(SecretHash.NewSeed());
    private readonly DatagramBatch _batch = new(BatchCapacity, SourcePort.MaxSize);
    private readonly int[] _extensionOffsets = new int[BatchCapacity];
    private readonly bool[] _headerKnown = new bool[BatchCapacity];
    private readonly byte[] _receivedTos = new byte[BatchCapacity];
    private readonly long[] _verdicts = new long[Enum.GetValues<ReflectorVerdict>().Length];
    private long _received;

    /// <summary>What a send call takes for its first datagram, with the way in and out, and for each further one: as it was lately.</summary>
    private double _firstNanos, _furtherNanos;

    /// <summary>A worker over a socket that is open already.</summary>
    public ReflectorWorker(IDatagramSocket socket, Clock clock, ReflectorOptions options, TokenBucket? bucket)
    {
        _socket = socket;
        _clock = clock;
        _bucket = bucket;
        _sourceLimiter = options.MaxPerSecondPerSource is { } rate ? new SourceLimiter(rate, SecretHash.NewSeed()) : null;
        Rekey(options.Key.Span);
    }

    /// <summary>Datagrams received so far.</summary>
    public long Received => Volatile.Read(ref _received);

    /// <summary>Datagrams the kernel dropped so far for want of buffer.</summary>
    public long ReceiveDrops => _socket.ReceiveDrops;

    /// <summary>Datagrams with this verdict so far.</summary>
    public long this[ReflectorVerdict verdict] => Volatile.Read(ref _verdicts[(int)verdict]);

    /// <summary>Authenticates with another key from now on, or with none. Any thread may call it.</summary>
    public void Rekey(ReadOnlySpan<byte> key) => _authenticator = key.IsEmpty ? null : new ProbeAuthenticator(key);

    /// <summary>Takes one batch and sends back what passes.</summary>
    /// <returns>How many datagrams were there; 0 means that it is time to wait.</returns>
    public int Step()
    {
        int count = _socket.Receive(_batch);
        if (count > 0)
        {
            _received += count;
            Reflect(count);
        }

        return count;
    }

    private void Reflect(int count)
    {
        long now = _clock.Monotonic.Nanos;
        int allowed = _bucket?.Take(count, now) ?? count;
        int passed = 0;
        for (int i = 0; i < count; i++)
        {
            ref Datagram datagram = ref _batch[i];
            ReflectorVerdict verdict = Judge(ref datagram, i, now, passed < allowed);
            if (verdict == ReflectorVerdict.Reflected)
            {
                passed++;
            }
            else
            {
                _verdicts[(int)verdict]++;
                datagram.Length = 0;
            }
        }

        if (allowed > passed) _bucket?.Return(allowed - passed);
        if (passed > 0) SendBack(count, passed, now);
    }

    private ReflectorVerdict Judge(ref Datagram datagram, int index, long now, bool allowed)
    {
        if (datagram.Remote.Port == 0) return ReflectorVerdict.SourcePortZero;

        ReadOnlySpan<byte> payload = _batch.Payload(index);
        ProbeError error = ProbeReader.Read(payload, out ProbeFields fields);
        if (payload.Length > PlainMaxLength && (error != ProbeError.None || !fields.HasExtension))
        {
            payload = payload[..PlainMaxLength];
            error = ProbeReader.Read(payload, out fields);
            datagram.Length = PlainMaxLength;
        }

        if (error != ProbeError.None || !fields.HasTos) return ReflectorVerdict.Malformed;

        bool extended = fields.HasExtension;
        if (extended && (ProbeExtension.ReadMarks(payload[fields.ExtensionOffset..]) & ProbeMarks.Reflected) != 0)
            return ReflectorVerdict.AlreadyReflected;
        if (_authenticator is { } authenticator && !(extended && authenticator.Verify(payload, fields.ExtensionOffset)))
            return ReflectorVerdict.NotAuthenticated;
        if (!extended && !_bounceGuard.TryPass(payload.Slice(fields.SignatureOffset, fields.SignatureLength), datagram.Remote, now))
            return ReflectorVerdict.Bouncing;
        if (!allowed) return ReflectorVerdict.RateLimited;
        if (_sourceLimiter is not null && !_sourceLimiter.TryTake(datagram.Remote, now)) return ReflectorVerdict.SourceRateLimited;

        _extensionOffsets[index] = fields.ExtensionOffset;
        _headerKnown[index] = datagram.Has(DatagramMarks.HasTtl | DatagramMarks.HasTos);
        _receivedTos[index] = datagram.Tos;
        datagram.Marks |= DatagramMarks.HasTos;
        datagram.Tos = fields.Tos;
        return ReflectorVerdict.Reflected;
    }

    private void SendBack(int count, int passed, long now)
    {
        WallTime transmit = _clock.Wall;
        uint nowSeconds = (uint)(now / 1_000_000_000);
        int position = 0;
        for (int i = 0; i < count; i++)
        {
            if (_batch[i].Length == 0) continue;
            if (_extensionOffsets[i] > 0) Stamp(i, transmit + AheadNanos(position), nowSeconds);
            position++;
        }

        WallTime before = _clock.Wall;
        int sent = _socket.Send(_batch);
        Learn(passed, _clock.Wall - before);
        _verdicts[(int)ReflectorVerdict.Reflected] += sent;
        _verdicts[(int)ReflectorVerdict.SendFailed] += passed - sent;
    }

    /// <summary>How long after the send call begins a datagram of the batch leaves.</summary>
    private long AheadNanos(int position)
    {
        double wayIn = Math.Min(_firstNanos / 2, LongestWayInNanos);
        return (long)(position == 0 ? wayIn : wayIn + _firstNanos + (position - 1) * _furtherNanos);
    }

    /// <summary>
    /// The two are told apart, because what piled up while this thread had no core leaves in a batch, of which the cost of a
    /// datagram that leaves alone would make far too much. A call that took too long was interrupted, and teaches nothing.
    /// </summary>
    private void Learn(int passed, long callNanos)
    {
        if (callNanos < 0 || callNanos / passed >= SettleNanos) return;
        if (passed == 1) _firstNanos += (callNanos - _firstNanos) / 8;
        else _furtherNanos += (Math.Max(0, callNanos - _firstNanos) / (passed - 1) - _furtherNanos) / 8;
    }

    private void Stamp(int index, WallTime transmit, uint nowSeconds)
    {
        ref Datagram datagram = ref _batch[index];
        Span<byte> payload = _batch.Payload(index);
        Span<byte> extension = payload[_extensionOffsets[index]..];
        uint receives = _sessions.Count(ProbeExtension.ReadSession(extension), nowSeconds);
        bool headerKnown = _headerKnown[index];
        ProbeExtension.Patch(extension, new ReflectorStamps(
            headerKnown ? _receivedTos[index] : (byte)0,
            headerKnown ? datagram.Ttl : (byte)0,
            datagram.Received,
            transmit,
            receives,
            datagram.Has(DatagramMarks.KernelTime)));
        _authenticator?.Sign(payload, _extensionOffsets[index]);
    }
}
