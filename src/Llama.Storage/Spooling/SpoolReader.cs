using Microsoft.Win32.SafeHandles;

namespace Llama.Storage.Spooling;

/// <summary>
/// One reader of a spool, with two places: how far it has read, and how far it has acknowledged, which outlives the process. One caller at
/// a time, save <see cref="State"/>.
/// </summary>
public sealed class SpoolReader
{
    private const int LongestRead = 8 << 20;

    private readonly Spool _spool;
    private readonly PlaceFile _place;
    private readonly SegmentWindow _window = new();

    // Under the gate. What could not be read, from a number to the position where it goes on, until that is acknowledged.
    private readonly List<(long From, SpoolPosition To)> _gaps = [];
    private SpoolPosition _acknowledged;
    private SpoolPosition _reading;
    private long _dropped;
    private long _toldUpTo;
    private bool _toldOfPlace;
    private byte[] _note;
    private TaskCompletionSource? _waiter;

    internal SpoolReader(Spool spool, string name, PlaceFile place)
    {
        (_spool, Name, _place, _note) = (spool, name, place, place.Note);
    }

    /// <summary>As given to <see cref="Spool.Open"/>.</summary>
    public string Name { get; }

    /// <summary>What went with the last acknowledgement, also of an earlier process; empty when nothing did.</summary>
    public ReadOnlySpan<byte> Note => _note;

    /// <summary>How far behind it is. Any thread; looks at the disk.</summary>
    public SpoolState State
    {
        get
        {
            SpoolPosition oldest;
            Segment? segment;
            SpoolState state;
            lock (_spool.Gate)
            {
                oldest = _acknowledged;
                state = new SpoolState(_spool.End.Number - oldest.Number, _spool.BytesFrom(oldest), TimeSpan.Zero, _dropped);
                segment = _spool.Find(ref oldest);
            }

            return state.WaitingRecords == 0 || segment is null ? state : state with { OldestAge = AgeAt(segment, oldest.Offset) };
        }
    }

    /// <summary>Reads what comes next, and moves the reading place behind it. Damaged records are left out, and counted once they are acknowledged.</summary>
    /// <param name="maxRecords">No more records than this.</param>
    /// <param name="maxBytes">No more octets than this, counting 32 for each record, unless the first record alone has more.</param>
    /// <returns>At least one record; null when none waits.</returns>
    /// <exception cref="IOException">The disk can't be read; the reading place has not moved.</exception>
    public SpoolBatch? Read(int maxRecords, int maxBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxRecords);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxBytes);
        while (true)
        {
            SpoolPosition from;
            Segment? segment;
            long limit, end;
            lock (_spool.Gate)
            {
                from = _reading < _acknowledged ? _acknowledged : _reading;
                segment = _spool.Find(ref from);
                end = _spool.End.Number;
                if (segment is null)
                {
                    if (from.Number < end) Skip(from.Number, _spool.End);
                    _reading = _spool.End;
                    return null;
                }

                limit = segment.Length;
            }

            try
            {
                if (ReadFrom(segment, from, limit, end, maxRecords, maxBytes) is { } batch) return batch;
            }
            catch (FileNotFoundException)
            {
                // Dropped since we looked, or taken away by somebody.
            }

            _reading = new SpoolPosition(segment.Id, limit) { Number = from.Number };
        }
    }

    /// <summary>
    /// Everything before a position is done, and does not come again, not even after a crash. A position before what is acknowledged
    /// already changes the note alone.
    /// </summary>
    /// <param name="position">From a batch of this reader.</param>
    /// <param name="note">Up to 64 octets that are kept together with it.</param>
    public void Acknowledge(SpoolPosition position, ReadOnlySpan<byte> note = default)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(note.Length, PlaceFile.LongestNote);
        lock (_spool.Gate)
        {
            if (position.Number <= 0 || position > _spool.End) throw new ArgumentException("The position is not one of this spool.", nameof(position));
            if (position > _acknowledged) _acknowledged = position;
            if (!note.SequenceEqual(_note)) _note = note.ToArray();
            CountGaps(alreadyCounted: 0);
            Save();
            _spool.DropAcknowledged();
        }
    }

    /// <summary>What was read and not acknowledged comes again.</summary>
    public void Rewind()
    {
        lock (_spool.Gate)
        {
            _reading = _acknowledged;
            _gaps.Clear();
        }
    }

    /// <summary>Waits until there is something to read, or that long.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public async Task WaitAsync(TimeSpan atMost, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        Task waiting;
        lock (_spool.Gate)
        {
            if (_reading < _spool.End && _acknowledged < _spool.End) return;
            _waiter = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            waiting = _waiter.Task;
        }

        try
        {
            await waiting.WaitAsync(atMost, _spool.Time, cancellation).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
        }
    }

    /// <summary>Takes its place when the spool has been loaded.</summary>
    internal void Begin()
    {
        if (_place.Position is { } known) _acknowledged = known;
        else if (_place.IsNew) _acknowledged = _spool.End;
        else
        {
            _spool.Warn($"{Name}: how far this reader had come is damaged; it begins with the oldest record.");
            _acknowledged = _spool.Start;
        }

        if (_acknowledged.Number < _spool.Start.Number) GiveUpBefore(_spool.Start);
        _place.Write(_acknowledged, _note);
        _reading = _acknowledged;
    }

    /// <summary>Needs the gate.</summary>
    internal bool IsPast(Segment segment) => _acknowledged >= new SpoolPosition(segment.Id, segment.Length);

    /// <summary>What was before a position is gone. Needs the gate.</summary>
    internal void GiveUpBefore(SpoolPosition start)
    {
        if (_acknowledged >= start) return;
        _dropped += Math.Max(0, start.Number - _acknowledged.Number);
        _acknowledged = start;
        CountGaps(alreadyCounted: start.Number);
        Save();
    }

    /// <summary>Needs the gate.</summary>
    internal void Wake()
    {
        _waiter?.TrySetResult();
        _waiter = null;
    }

    internal void Close() => _place.Dispose();

    /// <summary>Reads a batch from one segment; null when it holds nothing sound from there on.</summary>
    private SpoolBatch? ReadFrom(Segment segment, SpoolPosition from, long limit, long end, int maxRecords, int maxBytes)
    {
        _window.Turn(segment.Path);
        int octets = Math.Min(maxBytes, LongestRead);
        var taker = new Taker(_window, segment.Id, end, maxRecords, maxBytes);
        SpoolPosition position = taker.TakeFrom(from);

        // What is left in memory from the last time may be less than what was asked for.
        if (taker.Records.Count < maxRecords && _window.EndsBefore(limit) && !_window.StartsAt(from.Offset) && position.Offset - from.Offset < maxBytes)
        {
            _window.Fill(from.Offset, limit, octets);
            taker = new Taker(_window, segment.Id, end, maxRecords, maxBytes);
            position = taker.TakeFrom(from);
        }

        if (taker.Records.Count == 0)
        {
            // The record is damaged, or longer than what was read.
            long offset = from.Offset;
            if (!_window.Seek(ref offset, limit, new NumberSpan(from.Number, end), octets, out RecordHeader header, out _)) return null;
            var found = new SpoolPosition(segment.Id, offset) { Number = header.Number };
            if (header.Number > from.Number)
            {
                lock (_spool.Gate) Skip(from.Number, found);
            }

            position = taker.TakeFrom(found);
        }

        _reading = position;
        return new SpoolBatch(taker.Records, taker.Starts, position);
    }

    /// <summary>Needs the gate.</summary>
    private void Skip(long from, SpoolPosition to)
    {
        if (to.Number > _toldUpTo)
        {
            _spool.Warn($"{Name}: {to.Number - from} records of the spool are damaged or gone, up to {to.Offset} in segment {to.Segment}; going on behind them.");
        }

        _toldUpTo = Math.Max(_toldUpTo, to.Number);
        _gaps.Add((from, to));
        if (CountGaps(alreadyCounted: 0)) Save();
    }

    /// <summary>Gaps that begin where everything is acknowledged are done with. Needs the gate.</summary>
    private bool CountGaps(long alreadyCounted)
    {
        bool any = false;
        for (; _gaps.Count > 0 && _gaps[0].From <= _acknowledged.Number; any = true)
        {
            (long from, SpoolPosition to) = _gaps[0];
            _dropped += Math.Max(0, to.Number - Math.Max(from, alreadyCounted));
            if (_acknowledged < to) _acknowledged = to;
            _gaps.RemoveAt(0);
        }

        return any;
    }

    /// <summary>A place that can't be written holds nobody up: what it costs is that records come twice after a crash.</summary>
    private void Save()
    {
        try
        {
            _place.Write(_acknowledged, _note);
            _toldOfPlace = false;
        }
        catch (IOException error)
        {
            if (!_toldOfPlace)
            {
                _spool.Warn($"{Name}: how far this reader has come can't be written: {error.Message.TrimEnd('.')}; after a restart it reads some records again.");
            }

            _toldOfPlace = true;
        }
    }

    private TimeSpan AgeAt(Segment segment, long offset)
    {
        try
        {
            using SafeFileHandle file = File.OpenHandle(segment.Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            Span<byte> octets = stackalloc byte[RecordHeader.Size];
            if (RandomAccess.Read(file, octets, offset) == octets.Length && RecordHeader.TryRead(octets, out RecordHeader header)) return header.Age(_spool.Now);
        }
        catch (IOException)
        {
            // Dropped since we looked, or damaged.
        }

        return _spool.AgeOf(segment);
    }

    /// <summary>Collects the sound records that lie one behind the other in the window.</summary>
    private sealed class Taker(SegmentWindow window, long segment, long end, int maxRecords, int maxBytes)
    {
        public List<ReadOnlyMemory<byte>> Records { get; } = [];

        public List<SpoolPosition> Starts { get; } = [];

        /// <summary>Tells where it came to.</summary>
        public SpoolPosition TakeFrom(SpoolPosition from)
        {
            long taken = 0;
            SpoolPosition position = from;
            while (Records.Count < maxRecords && position.Number < end
                && window.TryTake(position.Offset, new NumberSpan(position.Number, position.Number + 1), out RecordHeader header, out ReadOnlyMemory<byte> record))
            {
                taken += RecordHeader.Size + header.Length;
                if (Records.Count > 0 && taken > maxBytes) break;
                Records.Add(record);
                Starts.Add(position);
                position = new SpoolPosition(segment, position.Offset + RecordHeader.Size + header.Length) { Number = header.Number + 1 };
            }

            return position;
        }
    }
}
