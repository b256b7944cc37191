namespace Llama.Storage.History;

/// <summary>A question about the pairs of a group. Immutable.</summary>
public sealed record HistoryQuery
{
    /// <summary>The key that stands for the name of a probe; any other one is a tag.</summary>
    public const string ByName = "name";

    /// <summary>The group.</summary>
    public required string Group { get; init; }

    /// <summary>Intervals that begin at this moment or later.</summary>
    public required DateTimeOffset From { get; init; }

    /// <summary>Intervals that begin before this moment.</summary>
    public required DateTimeOffset To { get; init; }

    /// <summary>
    /// How long each point of a series is, counted from the Unix epoch; null for the whole span as one point, zero for each interval
    /// by itself. Where what is kept of a time is coarser than this, its points are as well.
    /// </summary>
    public TimeSpan? Step { get; init; }

    /// <summary>True for the newest interval of each pair and class in the span alone: what a matrix shows of a moment.</summary>
    public bool IsNewestOnly { get; init; }

    /// <summary>Of this class; null for all classes together.</summary>
    public byte? Class { get; init; }

    /// <summary>Which sources; those that match all, or any of the same label. Empty for all of them.</summary>
    public IReadOnlyList<LabelMatch> Sources { get; init; } = [];

    /// <summary>Which destinations; likewise.</summary>
    public IReadOnlyList<LabelMatch> Destinations { get; init; } = [];

    /// <summary>What sources are put together by: <see cref="ByName"/>, a tag (those without it have the empty key), or null for all as one.</summary>
    public string? SourceBy { get; init; } = ByName;

    /// <summary>What destinations are put together by; likewise.</summary>
    public string? DestinationBy { get; init; } = ByName;

    /// <summary>What is wanted besides counts: the rest is not read, and stays empty.</summary>
    public HistoryDetail Detail { get; init; } = HistoryDetail.Rtt;

    /// <summary>Only the worst, worst first; null for all. Only with <see cref="Step"/> null.</summary>
    public HistoryTop? Top { get; init; }

    /// <summary>Most points of the answer, over all series.</summary>
    public long MaxPoints { get; init; } = 4_000_000;
}

/// <summary>What totals hold besides counts.</summary>
[Flags]
public enum HistoryDetail
{
    /// <summary>Counts, start, end and suspicion alone.</summary>
    Counts = 0,

    /// <summary>Round-trip times, jitter and delay variation.</summary>
    Rtt = 1,

    /// <summary>What the path did to the IP header.</summary>
    Path = 2,

    /// <summary>The flows.</summary>
    Flows = 4,

    /// <summary>All of it.</summary>
    All = Rtt | Path | Flows,
}

/// <summary>Names or values of a tag that count.</summary>
/// <param name="Label"><see cref="HistoryQuery.ByName"/> or a tag.</param>
/// <param name="Pattern">The text; <c>*</c> stands for any characters. A tag that is not there is the empty text.</param>
public sealed record LabelMatch(string Label, string Pattern)
{
    /// <summary>True where a party's names and tags are among those wanted: for each label that is named, one of its patterns matches.</summary>
    public static bool IsWanted(IReadOnlyList<LabelMatch> wanted, string name, IReadOnlyList<KeyValuePair<string, string>> tags)
    {
        foreach (LabelMatch match in wanted)
        {
            bool isMatched = false;
            string value = ValueOf(match.Label, name, tags);
            foreach (LabelMatch other in wanted) isMatched |= other.Label == match.Label && Matches(other.Pattern, value);
            if (!isMatched) return false;
        }

        return true;
    }

    /// <summary>What a party has for a label: its name, the value of a tag, or nothing.</summary>
    public static string ValueOf(string label, string name, IReadOnlyList<KeyValuePair<string, string>> tags)
    {
        if (label == HistoryQuery.ByName) return name;
        foreach ((string key, string value) in tags)
            if (key == label) return value;
        return "";
    }

    // Greedy, with one place to come back to: linear in practice, and never worse than the product of the lengths.
    private static bool Matches(ReadOnlySpan<char> pattern, ReadOnlySpan<char> text)
    {
        int p = 0, t = 0, star = -1, behind = 0;
        while (t < text.Length)
        {
            if (p < pattern.Length && pattern[p] == '*')
            {
                (star, behind) = (p++, t);
            }
            else if (p < pattern.Length && pattern[p] == text[t])
            {
                p++;
                t++;
            }
            else if (star >= 0)
            {
                (p, t) = (star + 1, ++behind);
            }
            else
            {
                return false;
            }
        }

        while (p < pattern.Length && pattern[p] == '*') p++;
        return p == pattern.Length;
    }
}

/// <summary>Only the worst; of those alike, in the order of their keys (ordinal), source before destination.</summary>
/// <param name="Count">How many at most.</param>
/// <param name="Rank">What makes them bad.</param>
public sealed record HistoryTop(int Count, HistoryRank Rank);

/// <summary>What makes a pair bad. What was not measured is not bad.</summary>
public enum HistoryRank
{
    /// <summary>Lost of sent; of those alike, the one that lost more.</summary>
    Loss,

    /// <summary>Of sent, lost on the way there.</summary>
    LossForward,

    /// <summary>Of sent, lost on the way back.</summary>
    LossReverse,

    /// <summary>Median round-trip time.</summary>
    RttP50,

    /// <summary>99th percentile of round-trip times.</summary>
    RttP99,

    /// <summary>Interarrival jitter.</summary>
    Jitter,

    /// <summary>Delay variation of round-trip times.</summary>
    DelayVariation,
}

/// <summary>One line of an answer: a pair, or all pairs that have the same keys. Filled anew for each.</summary>
public sealed class HistorySeries
{
    /// <summary>What its sources have in common.</summary>
    public string Source { get; set; } = "";

    /// <summary>What its destinations have in common.</summary>
    public string Destination { get; set; } = "";

    /// <summary>Its points in the order of time, those alone that there is something of. At least one.</summary>
    public IReadOnlyList<HistoryPoint> Points { get; set; } = [];
}

/// <summary>A point of a series.</summary>
/// <param name="At">Start of the step; of the span where it is one point; of the interval where each is by itself.</param>
/// <param name="Totals">What happened in it.</param>
public readonly record struct HistoryPoint(DateTimeOffset At, PairTotals Totals);

/// <summary>What an answer rests on.</summary>
/// <param name="Step">How long the points are, of those that are not coarser; null and zero as in the query.</param>
/// <param name="Oldest">Start of the first interval that was counted; null where there was none.</param>
/// <param name="Newest">End of the last interval that was counted; null where there was none.</param>
/// <param name="Series">How many series there were, before only the worst were taken.</param>
public sealed record HistoryAnswer(TimeSpan? Step, DateTimeOffset? Oldest, DateTimeOffset? Newest, long Series)
{
    /// <summary>What there is nothing of.</summary>
    internal static HistoryAnswer Nothing(HistoryQuery query) => new(query.Step, null, null, 0);

    /// <summary>Answers about different sources as one.</summary>
    internal HistoryAnswer With(HistoryAnswer other) => this with
    {
        Oldest = Oldest is null || other.Oldest < Oldest ? other.Oldest ?? Oldest : Oldest,
        Newest = Newest is null || other.Newest > Newest ? other.Newest ?? Newest : Newest,
        Series = Series + other.Series,
    };
}
