using Llama.Engine.Summaries;

namespace Llama.Storage.History.Blocks;

/// <summary>
/// What a point consists of in the counts of a block: when, and the datagrams' fates. Each number by what is expected of it, so that
/// regular intervals without loss are nothing but zeros, which take no room and are gone past without a look.
/// </summary>
/// <remarks>
/// <code>
/// sent              level
/// others            a group
///
/// first point       moment   based, 100 ns since the Unix epoch
/// others            step from the moment before   level          above 0
/// start             less the moment               level
/// length            end less start                level
/// intervals         level                         suspect intervals   unsigned
/// lost              unsigned
/// received          less sent + lost              signed
/// known             level                         1 lost forward, 2 lost reverse
/// lost forward      unsigned, when known; in a column of its own when nothing was lost
/// lost reverse      less lost + lost forward      signed, when known
/// late, duplicates, reordered, send errors        unsigned
///
/// level             based the first time, then less the one before, signed
/// </code>
/// </remarks>
internal static class CountsPart
{
    public const int BasedColumns = 7;
    public const int Columns = 24;

    private const int Step = 0;
    private const int Length = 1;
    private const int Intervals = 2;
    private const int Sent = 3;
    private const int Known = 4;
    private const int Start = 5;
    private const int Moment = 6;

    // The columns in between are those of levels, behind their first values.
    private const int Suspect = BasedColumns + Moment;
    private const int Lost = 14;
    private const int Received = 15;
    private const int Forward = 16;
    private const int ForwardOfNone = 17;
    private const int Reverse = 18;
    private const int Late = 19;
    private const int Duplicates = 20;
    private const int Reordered = 21;
    private const int SendErrors = 22;
    private const int Others = 23;

    private const long ForwardKnown = 1;
    private const long ReverseKnown = 2;

    // What a point is away from the next one at most: as many of them as a block can hold stay within all time there is.
    private const long LongestPlainStep = 1L << 37;

    /// <summary>Writes or reads a point.</summary>
    public static void Transfer<TSymbols>(ref TSymbols symbols, ref CountsBefore before, ref CountsPoint point)
        where TSymbols : struct, ISymbols, allows ref struct
    {
        if (Begin(ref symbols, ref before, point.Counts.Sent)) Expect(ref symbols, ref before, out point);
        else TransferOthers(ref symbols, ref before, ref point);
    }

    /// <summary>Begins a point. True where it is plain: it differs from what is expected in nothing but what it sent.</summary>
    public static bool Begin<TSymbols>(ref TSymbols symbols, ref CountsBefore before, long sent)
        where TSymbols : struct, ISymbols, allows ref struct
    {
        symbols.Level(Sent, BasedColumns, sent, ref before.Sent);
        return symbols.BeginGroup(Others);
    }

    /// <summary>Writes or reads the rest of a point that is not plain.</summary>
    public static void TransferOthers<TSymbols>(ref TSymbols symbols, ref CountsBefore before, ref CountsPoint point)
        where TSymbols : struct, ISymbols, allows ref struct
    {
        TransferTimes(ref symbols, ref before, ref point);
        point.Intervals = symbols.Level(Intervals, BasedColumns, point.Intervals, ref before.Intervals);
        point.SuspectIntervals = (long)symbols.Unsigned(Suspect, (ulong)point.SuspectIntervals);
        ref readonly DatagramCounts counts = ref point.Counts;
        long sent = before.Sent.Value;
        long lost = (long)symbols.Unsigned(Lost, (ulong)counts.Lost);
        long received = symbols.Signed(Received, counts.Received, sent - lost);
        long known = (counts.LostForward is null ? 0 : ForwardKnown) | (counts.LostReverse is null ? 0 : ReverseKnown);
        known = symbols.Level(Known, BasedColumns, known, ref before.Known);
        long? forward = (known & ForwardKnown) == 0 ? null
            : (long)symbols.Unsigned(lost == 0 ? ForwardOfNone : Forward, (ulong)counts.LostForward.GetValueOrDefault());
        long? reverse = (known & ReverseKnown) == 0 ? null
            : symbols.Signed(Reverse, counts.LostReverse.GetValueOrDefault(), lost - forward.GetValueOrDefault());
        long late = (long)symbols.Unsigned(Late, (ulong)counts.Late);
        long duplicates = (long)symbols.Unsigned(Duplicates, (ulong)counts.Duplicates);
        long reordered = (long)symbols.Unsigned(Reordered, (ulong)counts.Reordered);
        long errors = (long)symbols.Unsigned(SendErrors, (ulong)counts.SendErrors);
        symbols.EndGroup();
        if (!TSymbols.IsReading) return;
        point.Counts = new DatagramCounts
        {
            Sent = sent,
            Received = received,
            Lost = lost,
            LostForward = forward,
            LostReverse = reverse,
            Late = late,
            Duplicates = duplicates,
            Reordered = reordered,
            SendErrors = errors,
        };
    }

    /// <summary>Takes a plain point: levels and moment are those of it then.</summary>
    public static void TakePlain<TSymbols>(ref TSymbols symbols, ref CountsBefore before)
        where TSymbols : struct, ISymbols, allows ref struct
    {
        before.Moment = before.HasMoment ? before.Moment + symbols.Expected(Step, ref before.Step) : symbols.Base(Moment);
        before.HasMoment = true;
        symbols.Expected(Start, ref before.Start);
        symbols.Expected(Length, ref before.Length);
        symbols.Expected(Intervals, ref before.Intervals);
        symbols.Expected(Known, ref before.Known);
    }

    /// <summary>
    /// Goes past plain points behind the first one of a pair that send what the one before did. The moment is that of the last of them
    /// then, and levels are those of all of them, the step between them too.
    /// </summary>
    /// <param name="symbols">Where from.</param>
    /// <param name="before">What is expected.</param>
    /// <param name="most">How many at most.</param>
    /// <returns>How many; there may be more.</returns>
    public static int PassPlain(ref StripReader symbols, ref CountsBefore before, int most)
    {
        Level step = before.Step;
        if (!symbols.IsZero(Sent + BasedColumns) || symbols.Expected(Step, ref step) is <= 0 or > LongestPlainStep) return 0;
        int points = symbols.ZerosAhead(Others, most);
        if (points == 0) return 0;
        symbols.PassZeros(Others, points);
        before.Step = step;
        before.Moment += points * step.Value;
        return points;
    }

    /// <summary>How many pairs come next that have one plain point each, which is the same in all of them; there may be more.</summary>
    /// <param name="symbols">Where from.</param>
    /// <param name="most">How many at most.</param>
    public static int PlainPairsAhead(ref StripReader symbols, int most) =>
        symbols.IsZero(Sent) && !symbols.AreOwn ? symbols.ZerosAhead(Others, most) : 0;

    /// <summary>Goes past them, and says what the point is.</summary>
    public static void PassPlainPairs(ref StripReader symbols, int pairs, out CountsPoint point)
    {
        symbols.PassZeros(Others, pairs);
        var before = new CountsBefore { Sent = new Level { Value = symbols.Base(Sent), IsSet = true } };
        Expect(ref symbols, ref before, out point);
    }

    private static void Expect<TSymbols>(ref TSymbols symbols, ref CountsBefore before, out CountsPoint point)
        where TSymbols : struct, ISymbols, allows ref struct
    {
        TakePlain(ref symbols, ref before);
        point = new CountsPoint
        {
            Moment = before.Moment,
            Start = before.Moment + before.Start.Value,
            End = before.Moment + before.Start.Value + before.Length.Value,
            Intervals = before.Intervals.Value,
            Counts = new DatagramCounts
            {
                Sent = before.Sent.Value,
                Received = before.Sent.Value,
                LostForward = (before.Known.Value & ForwardKnown) == 0 ? null : 0,
                LostReverse = (before.Known.Value & ReverseKnown) == 0 ? null : 0,
            },
        };
    }

    private static void TransferTimes<TSymbols>(ref TSymbols symbols, ref CountsBefore before, ref CountsPoint point)
        where TSymbols : struct, ISymbols, allows ref struct
    {
        point.Moment = before.HasMoment
            ? before.Moment + symbols.Level(Step, BasedColumns, point.Moment - before.Moment, ref before.Step)
            : symbols.Based(Moment, point.Moment);
        (before.Moment, before.HasMoment) = (point.Moment, true);
        point.Start = point.Moment + symbols.Level(Start, BasedColumns, point.Start - point.Moment, ref before.Start);
        point.End = point.Start + symbols.Level(Length, BasedColumns, point.End - point.Start, ref before.Length);
    }
}

/// <summary>Times and counts of a point. Times are in 100 ns since the Unix epoch.</summary>
internal struct CountsPoint
{
    public long Moment;
    public long Start;
    public long End;
    public long Intervals;
    public long SuspectIntervals;
    public DatagramCounts Counts;
}

/// <summary>What is expected of the next point of a pair; new for each pair.</summary>
internal struct CountsBefore
{
    public long Moment;
    public bool HasMoment;
    public Level Step;
    public Level Start;
    public Level Length;
    public Level Intervals;
    public Level Sent;
    public Level Known;
}
