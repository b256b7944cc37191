using System.Collections.Concurrent;
using Llama.Wire.Clocks;

namespace Llama.Engine.Probing;

/// <summary>
/// The interval that is running, those that wait for their last deadlines, and empty books for the next ones. Intervals start at
/// multiples of their length on the wall clock; while one runs, its end is watched on the clock that only goes forward. Belongs
/// to the loop, save <see cref="Return"/>.
/// </summary>
internal sealed class BookShelf
{
    private readonly List<IntervalBook> _books = [];
    private readonly Queue<IntervalBook> _waiting = [];
    private readonly ConcurrentQueue<IntervalBook> _empty = [];
    private Roster _roster = Roster.Empty;
    private long _intervalNanos = 30_000_000_000;

    /// <summary>A shelf whose first interval begins now.</summary>
    public BookShelf(WallTime wall, MonotonicTime now)
    {
        Current = Take(wall);
        Align(wall, now);
    }

    /// <summary>The book of the interval that is running.</summary>
    public IntervalBook Current { get; private set; }

    /// <summary>When the interval that is running ends.</summary>
    public MonotonicTime Boundary { get; private set; }

    /// <summary>The book that waits for its last deadline, the oldest of them; null when none does.</summary>
    public IntervalBook? Oldest => _waiting.TryPeek(out IntervalBook? book) ? book : null;

    /// <summary>The book that a slot refers to.</summary>
    public IntervalBook this[byte index] => _books[index];

    /// <summary>True while the interval that a slot refers to has not been closed.</summary>
    public bool IsOpen(byte index, byte turn) => _books[index] is { IsOpen: true } book && book.Turn == turn;

    /// <summary>Takes another plan's interval and indices.</summary>
    public void Configure(TimeSpan interval, Roster roster, WallTime wall, MonotonicTime now)
    {
        _roster = roster;
        _intervalNanos = (long)interval.TotalNanoseconds;
        Current.Resize(roster.Flows.Length, roster.Pairs.Length);
        foreach (IntervalBook book in _waiting) book.Resize(roster.Flows.Length, roster.Pairs.Length);
        Align(wall, now);
    }

    /// <summary>Finds the end of the running interval anew: the wall clock was stepped, or the interval has another length.</summary>
    public void Align(WallTime wall, MonotonicTime now)
    {
        long sinceBoundary = wall.Nanos % _intervalNanos;
        Boundary = now + (_intervalNanos - sinceBoundary);
        Current.End = new WallTime(wall.Nanos - sinceBoundary + _intervalNanos);
        if (Current.Start > wall) Current.Start = wall;
    }

    /// <summary>Ends the running interval and begins the next one.</summary>
    /// <param name="wall">Now.</param>
    /// <param name="now">Now.</param>
    /// <param name="waitNanos">How long until the last deadline of what was sent.</param>
    public void Turn(WallTime wall, MonotonicTime now, long waitNanos)
    {
        IntervalBook ended = Current;
        ended.CloseAt = now + waitNanos;
        _waiting.Enqueue(ended);

        // The clocks are read one after the other, so the boundary may seem some microseconds off: it is at a multiple all the same.
        WallTime start = ended.End;
        if (Math.Abs(wall - start) >= _intervalNanos) start = new WallTime(wall.Nanos - wall.Nanos % _intervalNanos);
        Current = Take(start);
        for (int pair = 0; pair < ended.Pairs.Length; pair++)
        {
            Current.Pairs[pair].Forward = ended.Pairs[pair].Forward.Next();
            Current.Pairs[pair].Reverse = ended.Pairs[pair].Reverse.Next();
        }

        Align(wall < start ? start : wall, now);
    }

    /// <summary>Ends the running interval early, at the end of everything.</summary>
    public void End(WallTime wall)
    {
        Current.End = wall;
        Current.CloseAt = default;
        _waiting.Enqueue(Current);
        Current = Take(wall);
    }

    /// <summary>Takes <see cref="Oldest"/> off the shelf.</summary>
    public IntervalBook Close()
    {
        IntervalBook book = _waiting.Dequeue();
        book.Roster = _roster;
        book.IsOpen = false;
        return book;
    }

    /// <summary>The first stamped reply of a flow in the intervals that are still open.</summary>
    public ReplyMark? FirstReply(int flow)
    {
        foreach (IntervalBook book in _waiting)
            if (book.Flows[flow].StampedReplies > 0) return book.Flows[flow].FirstReply;
        return Current.Flows[flow].StampedReplies > 0 ? Current.Flows[flow].FirstReply : null;
    }

    /// <summary>Gives back a book that has been summarised and emptied. Any thread may call it.</summary>
    public void Return(IntervalBook book) => _empty.Enqueue(book);

    private IntervalBook Take(WallTime start)
    {
        if (!_empty.TryDequeue(out IntervalBook? book))
        {
            book = new IntervalBook((byte)_books.Count);
            _books.Add(book);
        }

        book.Resize(_roster.Flows.Length, _roster.Pairs.Length);
        book.Start = start;
        book.IsOpen = true;
        book.Turn++;
        return book;
    }
}
