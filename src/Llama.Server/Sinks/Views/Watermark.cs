using System.Buffers.Binary;
using Llama.Storage.Spooling;

namespace Llama.Server.Sinks.Views;

/// <summary>
/// Up to when intervals are closed: rows of those are late. It goes on with the wall clock once everything there is has been read.
/// Where much waits to be read, as after an outage, the wall clock says nothing of what is still to come; then it goes on with the
/// records themselves: half of the last 63 are of later intervals. So a few clocks that are wrong move nothing, and reading the
/// same records again closes nothing earlier than reading them the first time did.
/// </summary>
/// <param name="grace">How long after its end an interval is closed.</param>
/// <param name="time">Its clock.</param>
internal sealed class Watermark(TimeSpan grace, TimeProvider time)
{
    private const byte Version = 1;
    private const int NoteBytes = 25;

    // Until it is closed an interval holds back what may be acknowledged, so one of next year must not be opened.
    private static readonly TimeSpan MostAhead = TimeSpan.FromMinutes(5);

    private readonly DateTimeOffset[] _ends = new DateTimeOffset[63];
    private readonly DateTimeOffset[] _sorted = new DateTimeOffset[63];
    private int _seen;

    /// <summary>Intervals that end by then are closed.</summary>
    public DateTimeOffset ClosedUpTo { get; private set; }

    /// <summary>The last record that was counted; records up to it are read for the second time.</summary>
    public SpoolPosition? CountedTo { get; private set; }

    /// <summary>What brings it back after a restart: version 1, closed up to 8, counted to 16.</summary>
    public ReadOnlyMemory<byte> Note
    {
        get
        {
            byte[] note = new byte[NoteBytes];
            note[0] = Version;
            BinaryPrimitives.WriteInt64BigEndian(note.AsSpan(1), ClosedUpTo.UtcTicks);
            BinaryPrimitives.WriteInt64BigEndian(note.AsSpan(9), CountedTo?.Segment ?? -1);
            BinaryPrimitives.WriteInt64BigEndian(note.AsSpan(17), CountedTo?.Offset ?? -1);
            return note;
        }
    }

    /// <summary>Begins again where a note was made, or anew where there is none that it knows.</summary>
    public void Restore(ReadOnlySpan<byte> note)
    {
        _seen = 0;
        ClosedUpTo = default;
        if (note.Length != NoteBytes || note[0] != Version) return;
        long ticks = BinaryPrimitives.ReadInt64BigEndian(note[1..]);
        if (ticks >= 0 && ticks <= DateTimeOffset.MaxValue.Ticks) ClosedUpTo = new DateTimeOffset(ticks, TimeSpan.Zero);
        var counted = new SpoolPosition(BinaryPrimitives.ReadInt64BigEndian(note[9..]), BinaryPrimitives.ReadInt64BigEndian(note[17..]));
        if (counted.Segment >= 0 && (CountedTo is not { } to || to < counted)) CountedTo = counted;
    }

    /// <summary>A record is read.</summary>
    /// <param name="end">End of its interval.</param>
    /// <param name="at">Where it is.</param>
    /// <returns>True when it is counted for the first time.</returns>
    public bool See(DateTimeOffset end, SpoolPosition at)
    {
        DateTimeOffset latest = ForgetWrongFuture() + MostAhead;
        _ends[_seen++ % _ends.Length] = end;
        if (_seen >= _ends.Length)
        {
            _ends.CopyTo(_sorted, 0);
            Array.Sort(_sorted);
            DateTimeOffset middle = _sorted[_sorted.Length / 2];
            CloseUpTo(middle < latest ? middle : latest);
        }

        if (CountedTo is { } counted && at <= counted) return false;
        CountedTo = at;
        return true;
    }

    /// <summary>All that there is has been read.</summary>
    public void CatchUp() => CloseUpTo(ForgetWrongFuture());

    /// <summary>True for an interval that takes rows.</summary>
    public bool IsOpen(DateTimeOffset end) => end > ClosedUpTo && end <= time.GetUtcNow() + MostAhead;

    private void CloseUpTo(DateTimeOffset now)
    {
        // Times near year 1 come from clocks that are wrong, and close nothing.
        if (now - DateTimeOffset.MinValue > grace && now - grace > ClosedUpTo) ClosedUpTo = now - grace;
    }

    /// <summary>A clock that was put back from a time that never was must not leave everything late until then.</summary>
    private DateTimeOffset ForgetWrongFuture()
    {
        DateTimeOffset now = time.GetUtcNow();
        if (ClosedUpTo > now + MostAhead) ClosedUpTo = now - grace;
        return now;
    }
}
