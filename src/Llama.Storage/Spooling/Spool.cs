using System.Buffers;
using Microsoft.Win32.SafeHandles;

namespace Llama.Storage.Spooling;

/// <summary>
/// A log of records on disk, read by several readers, each at its own pace. What was appended outlives the process, however it ends; a
/// loss of power may cost what the kernel had not written yet, most of it of the last segment. Records come to a reader in order, and
/// again after a crash if it had not acknowledged them. Segments that all have acknowledged are deleted; at the limits the oldest go unread.
/// </summary>
/// <remarks>
/// A directory of segments, numbered from 1, each a row of records and nothing else:
/// <code>
/// +-----------+----------+-----------+----------+--
/// | header 32 | record   | header 32 | record   | ...
/// +-----------+----------+-----------+----------+--
/// </code>
/// <see cref="RecordHeader"/> has the header's octets, <see cref="PlaceFile"/> those of a reader's place. A process never appends to what
/// another one left: it begins a segment of its own.
/// </remarks>
public sealed class Spool : IDisposable
{
    // What is old goes in steps of this part of the limits.
    private const int SegmentsAtLeast = 8;

    private readonly SpoolDirectory _directory;
    private readonly SpoolLimits _limits;
    private readonly TimeProvider _time;
    private readonly Action<string> _warn;
    private readonly long _opened;
    private readonly long _segmentBytes;
    private readonly Dictionary<string, SpoolReader> _readers = new(StringComparer.Ordinal);

    // Held while a record is written; never taken by readers.
    private readonly Lock _writing = new();
    private SafeFileHandle? _active;
    private Task _closing = Task.CompletedTask;
    private bool _disposed;

    // Oldest first; the last one is the active one while _active is there.
    private readonly List<Segment> _segments;
    private long _bytes;

    private Spool(SpoolDirectory directory, IReadOnlyList<string> readers, SpoolLimits limits, TimeProvider time, Action<string> warn)
    {
        (_directory, _limits, _time, _warn) = (directory, limits, time, warn);
        _opened = time.GetTimestamp();
        _segmentBytes = Math.Min(limits.SegmentBytes, limits.MaxBytes / SegmentsAtLeast);
        _segments = directory.LoadSegments(time.GetUtcNow(), warn, out long next);
        _bytes = _segments.Sum(segment => segment.Length);
        directory.ForgetPlacesBut(readers);
        long id = _segments.Count == 0 ? 1 : _segments[^1].Id + 1;
        try
        {
            foreach (string name in readers)
            {
                PlaceFile place = directory.OpenPlace(name);
                _readers.Add(name, new SpoolReader(this, name, place));

                // A place may be further than what a loss of power left. Numbers and segments go on behind it all the same.
                if (place.Position is not { } known) continue;
                id = Math.Max(id, known.Offset > 0 ? known.Segment + 1 : known.Segment);
                next = Math.Max(next, known.Number);
            }

            End = new SpoolPosition(id, 0) { Number = next };
            foreach (SpoolReader reader in _readers.Values) reader.Begin();
        }
        catch
        {
            foreach (SpoolReader reader in _readers.Values) reader.Close();
            throw;
        }

        MakeRoom(0);
        DropAcknowledged();
    }

    /// <summary>Octets of all its segments. Any thread.</summary>
    public long Bytes
    {
        get
        {
            lock (Gate) return _bytes;
        }
    }

    /// <summary>Guards positions, here and in the readers; held for no longer than that takes.</summary>
    internal Lock Gate { get; } = new();

    /// <summary>Behind the last record. Needs the gate.</summary>
    internal SpoolPosition End { get; private set; }

    /// <summary>Where the oldest record is. Needs the gate.</summary>
    internal SpoolPosition Start => _segments.Count == 0 ? End : _segments[0].Start;

    /// <summary>Opens a spool, or makes one.</summary>
    /// <param name="directory">Belongs to this process while it runs.</param>
    /// <param name="readers">Who reads, by names of their own. One that is new begins at the end; places of those not named here are forgotten.</param>
    /// <param name="limits">How much may wait.</param>
    /// <param name="time">Ages go by this.</param>
    /// <param name="warn">Told, in one line, of what was found damaged. Called from any thread.</param>
    /// <exception cref="IOException">It can't be used; the message says what to do.</exception>
    public static Spool Open(string directory, IReadOnlyList<string> readers, SpoolLimits limits, TimeProvider time, Action<string> warn)
    {
        if (readers.Distinct(StringComparer.Ordinal).Count() != readers.Count) throw new ArgumentException("Two readers have one name.", nameof(readers));
        SpoolDirectory taken = SpoolDirectory.Take(directory);
        try
        {
            return new Spool(taken, readers, limits, time, warn);
        }
        catch (Exception error)
        {
            taken.Dispose();
            if (error is not (IOException or UnauthorizedAccessException)) throw;
            throw new IOException(
                $"{directory}: can't be used: {error.Message.TrimEnd('.')}; make room, give it to the user that runs llama, or name another directory.", error);
        }
    }

    /// <summary>
    /// Puts a record behind the others. It is in the kernel's hands on return, so that no end of the process loses it. Any thread.
    /// </summary>
    /// <exception cref="IOException">It can't be written, and is not there: the disk is full, most often.</exception>
    public void Append(ReadOnlySpan<byte> record)
    {
        int size = checked(RecordHeader.Size + record.Length);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(size);
        try
        {
            record.CopyTo(buffer.AsSpan(RecordHeader.Size));
            uint crc = Crc32C.Of(record);
            lock (_writing)
            {
                ObjectDisposedException.ThrowIf(_disposed, this);
                Segment segment = SegmentFor(size);
                new RecordHeader(record.Length, End.Number, _time.GetUtcNow().ToUnixTimeMilliseconds(), crc).Write(buffer);
                Write(segment, buffer.AsSpan(0, size));
                Publish(segment, size);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>A reader that was named when the spool was opened. Any thread.</summary>
    /// <exception cref="KeyNotFoundException">It was not.</exception>
    public SpoolReader Reader(string name) => _readers[name];

    /// <summary>Brings everything to disk, and gives the directory back.</summary>
    public void Dispose()
    {
        lock (_writing)
        {
            if (_disposed) return;
            _disposed = true;
            CloseActive();
        }

        _closing.Wait();
        foreach (SpoolReader reader in _readers.Values) reader.Close();
        _directory.Dispose();
    }

    internal DateTimeOffset Now => _time.GetUtcNow();

    internal TimeProvider Time => _time;

    internal void Warn(string message) => _warn(message);

    /// <summary>The segment that a position is in, or the next that holds something behind it; null at the end. Needs the gate.</summary>
    internal Segment? Find(ref SpoolPosition position)
    {
        foreach (Segment segment in _segments)
        {
            if (segment.Id < position.Segment) continue;
            long offset = segment.Id == position.Segment ? position.Offset : 0;
            if (offset >= segment.Length) continue;
            position = new SpoolPosition(segment.Id, offset) { Number = position.Number };
            return segment;
        }

        position = End with { Number = position.Number };
        return null;
    }

    /// <summary>Octets from a position to the end. Needs the gate.</summary>
    internal long BytesFrom(SpoolPosition position)
    {
        long bytes = 0;
        for (int i = _segments.Count - 1; i >= 0 && _segments[i].Id >= position.Segment; i--)
        {
            bytes += _segments[i].Length - (_segments[i].Id == position.Segment ? Math.Min(position.Offset, _segments[i].Length) : 0);
        }

        return bytes;
    }

    /// <summary>How old a segment's first record is.</summary>
    internal TimeSpan AgeOf(Segment segment) => Since - segment.OldestAt;

    /// <summary>Deletes the segments that nobody needs any more, but never the active one. Needs the gate.</summary>
    internal void DropAcknowledged()
    {
        while (OldestClosed is { } oldest && _readers.Values.All(reader => reader.IsPast(oldest))) Drop(oldest);
    }

    private TimeSpan Since => _time.GetElapsedTime(_opened);

    private Segment? OldestClosed => _segments.Count > (_active is null ? 0 : 1) ? _segments[0] : null;

    /// <summary>The active segment if a record of that size has its place there, else a new one.</summary>
    private Segment SegmentFor(int size)
    {
        if (_active is not null && _segments[^1] is { Length: > 0 } active
            && (active.Length + size > _segmentBytes || AgeOf(active) > _limits.MaxAge / SegmentsAtLeast))
        {
            CloseActive();
        }

        lock (Gate)
        {
            MakeRoom(size);
            if (_active is not null) return _segments[^1];
        }

        string path = _directory.SegmentPath(End.Segment);
        try
        {
            _active = File.OpenHandle(path, FileMode.Create, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"{path}: can't be made: {error.Message.TrimEnd('.')}; make room there.", error);
        }

        TimeSpan now = Since;
        var segment = new Segment { Id = End.Segment, Path = path, First = End.Number, OldestAt = now, NewestAt = now };
        lock (Gate) _segments.Add(segment);
        return segment;
    }

    private void Write(Segment segment, ReadOnlySpan<byte> octets)
    {
        try
        {
            RandomAccess.Write(_active!, octets, segment.Length);
        }
        catch (IOException error)
        {
            // A part of it may be there. The next record would overwrite it, and whoever opens the spool cuts it off; this gives the room back.
            RandomAccess.SetLength(_active!, segment.Length);
            throw new IOException($"{segment.Path}: can't be written: {error.Message.TrimEnd('.')}; make room there.", error);
        }
    }

    private void Publish(Segment segment, int size)
    {
        lock (Gate)
        {
            segment.Length += size;
            segment.NewestAt = Since;
            _bytes += size;
            End = new SpoolPosition(segment.Id, segment.Length) { Number = End.Number + 1 };
            foreach (SpoolReader reader in _readers.Values) reader.Wake();
        }
    }

    /// <summary>The next record begins a new segment. Bringing this one to disk may take a while, and nobody waits for it.</summary>
    private void CloseActive()
    {
        if (_active is not { } handle) return;
        lock (Gate)
        {
            Segment closed = _segments[^1];
            _active = null;
            End = new SpoolPosition(closed.Id + 1, 0) { Number = End.Number };
            DropAcknowledged();
        }

        Task before = _closing;
        _closing = Task.Run(async () =>
        {
            await before.ConfigureAwait(false);
            try
            {
                RandomAccess.FlushToDisk(handle);
            }
            catch (IOException error)
            {
                _warn($"a segment of the spool can't be brought to disk: {error.Message}");
            }

            handle.Dispose();
        });
    }

    /// <summary>Drops the oldest segments until so many octets more keep within the limits. Needs the gate.</summary>
    private void MakeRoom(long bytes)
    {
        while (OldestClosed is { } oldest && (_bytes + bytes > _limits.MaxBytes || Since - oldest.NewestAt > _limits.MaxAge)) Drop(oldest);
    }

    private void Drop(Segment oldest)
    {
        _segments.RemoveAt(0);
        _bytes -= oldest.Length;
        foreach (SpoolReader reader in _readers.Values) reader.GiveUpBefore(Start);
        try
        {
            // Emptied first, its room is free at once, also while it is still being brought to disk.
            File.OpenHandle(oldest.Path, FileMode.Truncate, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete).Dispose();
            File.Delete(oldest.Path);
        }
        catch (FileNotFoundException)
        {
            // Somebody else has deleted it.
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            _warn($"{oldest.Path}: can't be deleted: {error.Message.TrimEnd('.')}; it goes when the spool is opened again.");
        }
    }
}
