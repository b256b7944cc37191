using System.Net.Sockets;
using Llama.Wire;
using Llama.Wire.Clocks;
using Llama.Wire.Datagrams;
using Llama.Wire.Sockets;

namespace Llama.Engine.Probing;

/// <summary>
/// Finds the largest datagrams that pass to a reflector and back, by bisection, with don't-fragment set. Small datagrams of the
/// same session go before and after each large one: the reflector's count in their replies tells whether a large one without a
/// reply got there. One at a time, so it takes some seconds. Belongs to one thread.
/// </summary>
public sealed class PathMtuSearch : IDisposable
{
    private const int SmallSize = SourcePort.MinSize;

    /// <summary>A size is given up only after so many losses, since any datagram may be lost.</summary>
    private const int Attempts = 3;

    private const int SmallAttempts = 5;
    private const long ShortestWaitNanos = 200_000_000;

    /// <summary>What Ethernet carries, and just not: most searches end with these.</summary>
    private const int CommonMtu = 1500;

    private const int MessageTooLong = 90, MessageTooLongWindows = 10040, MessageTooLongBsd = 40;

    private readonly IDatagramNetwork _network;
    private readonly IDatagramSocket _socket;
    private readonly Clock _clock;
    private readonly PathMtuOptions _options;
    private readonly ProbeAuthenticator? _authenticator;
    private readonly DatagramBatch _toSend = new(1, SourcePort.MaxSize);
    private readonly DatagramBatch _replies = new(16, SourcePort.MaxSize);
    private readonly IDatagramSocket?[] _ready = new IDatagramSocket?[1];
    private readonly Dictionary<int, Fate> _fates = [];
    private readonly ulong _session = KernelRandom.NextUInt64();
    private uint _sequence;
    private long _waitNanos;

    /// <summary>The reflector's count in the newest reply; null where it does not count.</summary>
    private uint? _arrived;

    /// <summary>Opens a socket.</summary>
    /// <param name="network">Where it comes from; disposed with the search.</param>
    /// <param name="clock">What time is read from.</param>
    /// <param name="options">Where to search.</param>
    /// <exception cref="SocketException">The source address can't be bound.</exception>
    public PathMtuSearch(IDatagramNetwork network, Clock clock, PathMtuOptions options)
    {
        _network = network;
        _clock = clock;
        _options = options;
        _authenticator = options.Key.IsEmpty ? null : new ProbeAuthenticator(options.Key.Span);
        _waitNanos = (long)options.Timeout.TotalNanoseconds;
        _socket = network.Open(new DatagramSocketOptions { Bind = new(options.Source, 0), DontFragment = true });
    }

    private enum Fate
    {
        /// <summary>The kernel did not take it.</summary>
        Refused,

        /// <summary>It did not get there, or nobody can tell.</summary>
        Lost,

        /// <summary>It got there, and its reply did not get back.</summary>
        Arrived,

        /// <summary>Its reply came back.</summary>
        Returned,
    }

    /// <summary>Searches.</summary>
    /// <returns>What was found; null when the reflector does not answer, or ceased to.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public PathMtu? Find(CancellationToken cancellation)
    {
        using CancellationTokenRegistration wake = cancellation.Register(_network.Wake);
        try
        {
            SendSmall(null, cancellation, out _);
            int most = Math.Clamp(_options.MaxSize, SmallSize, SourcePort.MaxSize);
            if (_arrived is null)
            {
                int round = Largest(size => FateOf(size, cancellation) == Fate.Returned, most);
                return new PathMtu { Target = _options.Target, Forward = null, Reverse = new PathLimit(round, Why(round, most)) };
            }

            int forward = Largest(size => FateOf(size, cancellation) >= Fate.Arrived, most);
            int reverse = Largest(size => FateOf(size, cancellation) == Fate.Returned, forward);
            SizeLimit forwardLimit = Why(forward, most);
            return new PathMtu
            {
                Target = _options.Target,
                Forward = new PathLimit(forward, forwardLimit),
                Reverse = new PathLimit(
                    reverse, reverse < forward ? SizeLimit.Path : forward == most ? SizeLimit.None : SizeLimit.OtherWay),
            };
        }
        catch (TimeoutException)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _socket.Dispose();
        _network.Dispose();
    }

    private SizeLimit Why(int largest, int most) =>
        largest == most ? SizeLimit.None : _fates[largest + 1] == Fate.Refused ? SizeLimit.Local : SizeLimit.Path;

    /// <summary>The largest size that fits; small datagrams always do.</summary>
    private int Largest(Func<int, bool> fits, int most)
    {
        int good = SmallSize, bad = most + 1;
        int common = CommonMtu - (_options.Target.AddressFamily == AddressFamily.InterNetwork ? 28 : 48);
        foreach (int guess in (int[])[most, common, common + 1])
        {
            if (guess <= good || guess >= bad) continue;
            if (fits(guess)) good = guess;
            else bad = guess;
        }

        while (bad - good > 1)
        {
            int middle = (good + bad) / 2;
            if (fits(middle)) good = middle;
            else bad = middle;
        }

        return good;
    }

    private Fate FateOf(int size, CancellationToken cancellation)
    {
        if (_fates.TryGetValue(size, out Fate known)) return known;
        Fate best = Fate.Lost;
        for (int attempt = 0; attempt < Attempts && best is Fate.Lost or Fate.Arrived; attempt++)
        {
            Fate fate = SendLarge(size, cancellation);
            if (fate is Fate.Refused) best = fate;
            else if (fate > best) best = fate;
        }

        return _fates[size] = best;
    }

    private Fate SendLarge(int size, CancellationToken cancellation)
    {
        uint? before = _arrived;
        ulong nonce = Send(size, out int error);
        if (error is MessageTooLong or MessageTooLongWindows or MessageTooLongBsd) return Fate.Refused;
        if (error == 0 && Await(nonce, null, cancellation, out _)) return Fate.Returned;
        int smalls = SendSmall(nonce, cancellation, out bool cameLate);
        if (cameLate) return Fate.Returned;

        // Of the small ones at least the last arrived. If all of them did, and one more, that was the large one.
        return before is { } known && _arrived is { } now && (int)(now - known) > smalls ? Fate.Arrived : Fate.Lost;
    }

    /// <summary>Sends small datagrams until one is answered, which tells how many have arrived.</summary>
    /// <param name="large">The large one whose reply may still come.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <param name="largeCame">True when it did.</param>
    /// <returns>How many were sent.</returns>
    /// <exception cref="TimeoutException">None was answered.</exception>
    private int SendSmall(ulong? large, CancellationToken cancellation, out bool largeCame)
    {
        largeCame = false;
        for (int attempt = 1; attempt <= SmallAttempts; attempt++)
        {
            MonotonicTime start = _clock.Monotonic;
            ulong nonce = Send(SmallSize, out _);
            bool answered = Await(nonce, large, cancellation, out bool came);
            largeCame |= came;
            if (!answered) continue;
            long rtt = _clock.Monotonic - start;
            _waitNanos = Math.Min((long)_options.Timeout.TotalNanoseconds, Math.Max(ShortestWaitNanos, 4 * rtt));
            return attempt;
        }

        throw new TimeoutException();
    }

    private ulong Send(int size, out int error)
    {
        ulong nonce = KernelRandom.NextUInt64() >> 16;
        ref Datagram datagram = ref _toSend[0];
        datagram = new Datagram
        {
            Remote = UdpEndpoint.From(_options.Target),
            Length = size,
            Tos = _options.Class,
            Marks = DatagramMarks.HasTos,
        };
        Span<byte> payload = _toSend.Payload(0);
        ProbeWriter.Write(payload, new ProbeHeader(_sequence, nonce, _options.Class, _clock.Wall, _sequence, _session));
        _sequence++;
        _authenticator?.Sign(payload);
        _toSend.Count = 1;
        _socket.Send(_toSend);
        error = datagram.Error;
        return nonce;
    }

    /// <summary>Waits for the reply to a datagram.</summary>
    /// <param name="nonce">The datagram.</param>
    /// <param name="other">Another one, whose reply is noticed too.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <param name="otherCame">True when that reply came meanwhile.</param>
    /// <returns>False when it did not come in time.</returns>
    private bool Await(ulong nonce, ulong? other, CancellationToken cancellation, out bool otherCame)
    {
        otherCame = false;
        MonotonicTime deadline = _clock.Monotonic + _waitNanos;
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            while (_socket.Receive(_replies) > 0)
            {
                for (int i = 0; i < _replies.Count; i++)
                {
                    if (IsReply(_replies.Payload(i), nonce)) return true;
                    otherCame |= other is { } late && IsReply(_replies.Payload(i), late);
                }
            }

            long left = deadline - _clock.Monotonic;
            if (left <= 0) return false;
            _network.Wait(_ready, left);
        }
    }

    /// <summary>True for the reply to a datagram; then its count is taken.</summary>
    private bool IsReply(ReadOnlySpan<byte> payload, ulong nonce)
    {
        if (ProbeReader.Read(payload, out ProbeFields fields) != ProbeError.None || !fields.HasSignature) return false;
        if (ProbeWriter.ReadNonce(payload[fields.SignatureOffset..]) != nonce) return false;
        if (!fields.HasExtension) return true;

        ReadOnlySpan<byte> extension = payload[fields.ExtensionOffset..];
        if (_authenticator is not null && !_authenticator.Verify(payload, fields.ExtensionOffset)) return false;
        if ((ProbeExtension.ReadMarks(extension) & ProbeMarks.Reflected) != 0)
            _arrived = ProbeExtension.ReadStamps(extension).SessionReceives;
        return true;
    }
}
