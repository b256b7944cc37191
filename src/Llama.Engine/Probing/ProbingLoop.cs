using System.Buffers.Binary;
using System.Collections.Concurrent;
using Llama.Wire;
using Llama.Wire.Clocks;
using Llama.Wire.Datagrams;
using Llama.Wire.Sockets;

namespace Llama.Engine.Probing;

/// <summary>
/// The prober's one thread: sleeps until datagrams are due, takes what has arrived, judges what was waited for long enough, sends
/// what is due, and ends intervals. Because it is one thread, nothing in it is locked; because memory is taken when a plan comes,
/// nothing is allocated on the way of a datagram. Replies carry the kernel's receive timestamps, so it costs no truth that they
/// wait in their sockets, and it saves half of the wake-ups.
/// </summary>
/// <remarks>
/// A datagram is judged lost only when its deadline had passed at a moment when its socket was read empty: a loop that was held
/// up finds the replies in the socket, with the times at which they arrived.
/// </remarks>
internal sealed partial class ProbingLoop
{
    private const int BatchCapacity = 64;

    /// <summary>Batches taken from a socket before datagrams that are due get their turn.</summary>
    private const int ReceiveRounds = 16;

    /// <summary>Time between a deadline and judgement, for what the kernel is about to hand over.</summary>
    private const long GraceNanos = 1_000_000;

    /// <summary>Replies wait no longer than this.</summary>
    private const long LongestSleepNanos = 1_000_000_000;

    /// <summary>
    /// Above this rate the kernel is not asked when datagrams leave: it costs a system call for each reply where these are quick, and
    /// caches are warm enough for the time read around the send call to be right to some 3 us.
    /// </summary>
    private const double MostNotedPerSecond = 5_000;

    /// <summary>So many transmit times are taken even where no reply asks for them: they take up room in the receive buffer.</summary>
    private const int TransmitTimesToHold = 64;

    private readonly IDatagramNetwork _network;
    private readonly Clock _clock;
    private readonly ClockWatch _watch;
    private readonly BookShelf _shelf;
    private volatile ProbeAuthenticator? _authenticator;
    private readonly Action<IntervalBook> _closed;
    private readonly ConcurrentQueue<PlanChange> _changes = [];
    private readonly NonceSource _nonces = new();
    private readonly List<SourceSocket> _sources = [];
    private readonly Dictionary<IDatagramSocket, SourceSocket> _sourceOf = new(ReferenceEqualityComparer.Instance);
    private readonly DatagramBatch _replies = new(BatchCapacity, SourcePort.MaxSize);

    private readonly TransmitTime[] _transmitTimes = new TransmitTime[TransmitTimesToHold];
    private readonly PendingSend[] _pending = new PendingSend[BatchCapacity];
    private IDatagramSocket?[] _ready = new IDatagramSocket?[16];
    private List<ScheduledTest> _tests = [];
    private Flow[] _flows = [];
    private DatagramBatch _toSend = new(BatchCapacity, SourcePort.MinSize);
    private SourceSocket? _sendingFrom;
    private int _sendingFor;

    /// <summary>A loop without a plan.</summary>
    /// <param name="network">Where sockets come from, and what it waits on.</param>
    /// <param name="clock">What it reads time from.</param>
    /// <param name="key">What datagrams are signed with; empty for nothing.</param>
    /// <param name="closed">Takes each interval's book once nothing more will be added; gives it back with <see cref="Return"/>.</param>
    public ProbingLoop(IDatagramNetwork network, Clock clock, ReadOnlySpan<byte> key, Action<IntervalBook> closed)
    {
        _network = network;
        _clock = clock;
        _closed = closed;
        Rekey(key);
        _watch = new ClockWatch(clock);
        _shelf = new BookShelf(clock.Wall, clock.Monotonic);
    }

    /// <summary>True when every test of the plan has sent all it had to send, and all of it has been judged.</summary>
    public bool IsOver => HasSentAll && _sources.TrueForAll(source => source.IsDrained);

    private bool HasSentAll => _tests.Count > 0 && _changes.IsEmpty && _tests.TrueForAll(test => test.Pace.IsOver);

    /// <summary>Hands over a plan. Any thread may call it.</summary>
    public void Apply(PlanChange change)
    {
        _changes.Enqueue(change);
        _network.Wake();
    }

    /// <summary>Authenticates with another key from now on, or with none. Any thread may call it.</summary>
    public void Rekey(ReadOnlySpan<byte> key) => _authenticator = key.IsEmpty ? null : new ProbeAuthenticator(key);

    /// <summary>Gives back a book. Any thread may call it.</summary>
    public void Return(IntervalBook book) => _shelf.Return(book);

    /// <summary>Sleeps until there is something to do, and does it.</summary>
    public void Step()
    {
        long sleep = NanosToSleep();
        if (sleep > 0) _network.Sleep(sleep);

        // What had arrived by now is in a socket that is ready; what had not may still come in time for a later judgement.
        MonotonicTime looked = _clock.Monotonic;
        int ready = _network.Wait(_ready, 0);
        if (_watch.HasStepped(out MonotonicTime now)) OnClockStep(now);

        bool drained = true;
        for (int i = 0; i < ready; i++) drained &= Drain(_sourceOf.GetValueOrDefault(_ready[i]!));
        if (drained) Judge(looked);

        while (_changes.TryDequeue(out PlanChange? change)) Take(change, now);
        SendDue();
        EndIntervals(now);
    }

    /// <summary>Ends the running interval at once. What has not been judged is taken out of the counts, as if it had not been sent.</summary>
    public void Finish()
    {
        foreach (SourceSocket source in _sources)
        {
            Drain(source);
            _shelf.Current.ReceiveDrops += source.TakeDrops();
            Withdraw(source);
        }

        _shelf.End(_clock.Wall);
        while (_shelf.Oldest is not null) Close();
        foreach (SourceSocket source in _sources) source.Socket.Dispose();
    }

    private long NanosToSleep()
    {
        if (!_changes.IsEmpty) return 0;
        MonotonicTime now = _clock.Monotonic;
        long sleep = Math.Min(LongestSleepNanos, _shelf.Boundary - now);
        foreach (ScheduledTest test in _tests) sleep = Math.Min(sleep, test.Pace.Due - now);

        // Only replies can end it now, so they are looked for.
        if (HasSentAll) sleep = Math.Min(sleep, 2 * GraceNanos);

        // A closing interval whose deadline has passed waits for the judgement of what was sent last.
        if (_shelf.Oldest is { } oldest) sleep = Math.Min(sleep, Math.Max(GraceNanos, oldest.CloseAt - now));
        return Math.Max(0, sleep);
    }

    private void OnClockStep(MonotonicTime now)
    {
        _shelf.Current.ClockSteps++;
        _shelf.Align(_clock.Wall, now);
    }

    private void Take(PlanChange change, MonotonicTime now)
    {
        if (change.Roster.Flows.Length > _flows.Length) Array.Resize(ref _flows, change.Roster.Flows.Length);
        foreach (NewFlow flow in change.NewFlows)
        {
            _flows[flow.Index] = new Flow
            {
                Source = flow.Source,
                Remote = flow.Remote,
                Pair = flow.Pair,
                Class = flow.Class,
                Session = flow.Session,
            };
        }

        foreach (SourceSocket source in _sources) source.IsRetired = true;
        bool notesTransmitTimes = change.Tests.Sum(test => test.CyclesPerSecond * test.Flows.Length) <= MostNotedPerSecond;
        foreach (SourceChange source in change.Sources)
        {
            source.Source.Configure(source.Settings, source.RingCapacity);
            source.Source.IsRetired = false;
            TakeTransmitTimes(source.Source);
            source.Source.Socket.NotesTransmitTimes = notesTransmitTimes;
            if (_sourceOf.TryAdd(source.Source.Socket, source.Source)) _sources.Add(source.Source);
        }

        if (_ready.Length < _sources.Count) _ready = new IDatagramSocket?[_sources.Count * 2];
        if (_toSend.MaxLength < change.MaxSize) _toSend = new DatagramBatch(BatchCapacity, change.MaxSize);
        _tests = [.. change.Tests.Where(test => test.Flows.Length > 0).Select(test => Schedule(test, now))];
        _shelf.Configure(change.Interval, change.Roster, _clock.Wall, now);
    }

    /// <summary>A test that is the same as before keeps its place in its cycle; another one starts at a random place.</summary>
    private ScheduledTest Schedule(TestChange test, MonotonicTime now)
    {
        foreach (ScheduledTest running in _tests)
        {
            if (running.Test.Name == test.Name
                && running.Test.CyclesPerSecond.Equals(test.CyclesPerSecond)
                && running.Test.MostDatagrams == test.MostDatagrams
                && running.Test.Flows.AsSpan().SequenceEqual(test.Flows)) return running;
        }

        // A slow test's first datagrams need not wait for a random part of a long cycle, only be apart from those of other probes.
        long phase = (long)(Random.Shared.NextDouble() * Math.Min(1e9, 1e9 / test.CyclesPerSecond));
        var pace = new PacedTest(test.CyclesPerSecond, test.Flows, test.Targets, now + phase, test.MostDatagrams ?? long.MaxValue);
        return new ScheduledTest(test, pace);
    }

    private void EndIntervals(MonotonicTime now)
    {
        if (now >= _shelf.Boundary) Turn(now);
        while (_shelf.Oldest is { InFlight: 0 } oldest && now >= oldest.CloseAt) Close();
    }

    private void Turn(MonotonicTime now)
    {
        long longestTimeout = 0;
        for (int i = _sources.Count - 1; i >= 0; i--)
        {
            SourceSocket source = _sources[i];
            longestTimeout = Math.Max(longestTimeout, source.TimeoutNanos);
            _shelf.Current.ReceiveDrops += source.TakeDrops();
            if (source.IsRetired && source.IsDrained) Close(source, i);
        }

        _shelf.Turn(_clock.Wall, now, longestTimeout + 2 * GraceNanos);
    }

    private void Close(SourceSocket source, int index)
    {
        _sources.RemoveAt(index);
        _sourceOf.Remove(source.Socket);
        source.Socket.Dispose();
    }

    private void Close()
    {
        IntervalBook book = _shelf.Close();
        for (int flow = 0; flow < book.Flows.Length; flow++)
        {
            ref FlowCounts counts = ref book.Flows[flow];
            if (counts.IsEmpty) continue;
            book.LostForward[flow] = _flows[flow].Direction.Attribute(counts, _shelf.FirstReply(flow));
            book.JitterNanos[flow] = _flows[flow].JitterNanos;
        }

        _closed(book);
    }

    private sealed record ScheduledTest(TestChange Test, PacedTest Pace);

    /// <summary>A datagram of the batch that is being filled.</summary>
    private struct PendingSend
    {
        public int Flow;
        public uint SlotIndex;
        public MonotonicTime Due;
    }

    /// <summary>Unguessable numbers, taken from the kernel many at a time. Belongs to the loop.</summary>
    private sealed class NonceSource
    {
        private const int NonceLength = 6;

        private readonly byte[] _octets = new byte[NonceLength * 512];
        private int _position = NonceLength * 512;

        public ulong Next()
        {
            if (_position == _octets.Length)
            {
                KernelRandom.Fill(_octets);
                _position = 0;
            }

            ReadOnlySpan<byte> nonce = _octets.AsSpan(_position, NonceLength);
            _position += NonceLength;
            return ((ulong)BinaryPrimitives.ReadUInt16BigEndian(nonce) << 32) | BinaryPrimitives.ReadUInt32BigEndian(nonce[2..]);
        }
    }
}
