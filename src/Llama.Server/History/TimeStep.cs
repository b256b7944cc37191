using System.Globalization;
using Llama.Storage.History;

namespace Llama.Server.History;

/// <summary>Lengths of time as requests write them, and steps that suit a span. Pure.</summary>
internal static class TimeStep
{
    /// <summary>How they are written, for errors.</summary>
    public const string Form = "a time such as 30s, 5m, 1h or 1d, or seconds; 0 is each interval by itself, and else it is a second at least";

    private const int PointsWanted = 300;

    private static readonly TimeSpan Longest = TimeSpan.FromDays(3660);

    /// <summary>Round steps, the shortest first; each of a level's length or above divides by it.</summary>
    public static IReadOnlyList<TimeSpan> Round { get; } =
    [
        TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(10),
        TimeSpan.FromMinutes(30), TimeSpan.FromHours(1), TimeSpan.FromHours(6), TimeSpan.FromDays(1),
    ];

    /// <summary>Reads one: zero, or from a second to ten years; null when it is none.</summary>
    public static TimeSpan? Parse(string text)
    {
        double? unit = text is [.., char last] && !char.IsAsciiDigit(last)
            ? last switch { 's' => 1, 'm' => 60, 'h' => 3600, 'd' => 86400, 'w' => 7 * 86400, _ => null }
            : 1;
        string number = text is [.., 's' or 'm' or 'h' or 'd' or 'w'] ? text[..^1] : text;
        if (unit is not { } seconds || !double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double count)) return null;
        double total = count * seconds;
        if (total == 0) return TimeSpan.Zero;
        return total >= 1 && total <= Longest.TotalSeconds ? TimeSpan.FromMilliseconds(Math.Round(total * 1000)) : null;
    }

    /// <summary>
    /// How long the points are that are kept of a time; zero for intervals as they came. Points of a coarse level begin before what is in
    /// them does: where the finer one has all of that, its points go for the time before it as well, and there is nothing.
    /// </summary>
    /// <param name="levels">The finest first.</param>
    /// <param name="at">The time.</param>
    public static TimeSpan Kept(IReadOnlyList<HistoryLevelSpan> levels, DateTimeOffset at)
    {
        return levels.FirstOrDefault(level => level.Oldest <= at || HasAll(level))?.Level.Step() ?? TimeSpan.Zero;

        bool HasAll(HistoryLevelSpan level) =>
            level.Oldest is { } oldest && levels.All(other => other.Oldest is not { } first || first + other.Level.Step() >= oldest);
    }

    /// <summary>A round step that makes about 300 points of a span, and no more.</summary>
    public static TimeSpan For(TimeSpan span)
    {
        TimeSpan exact = span / PointsWanted;
        foreach (TimeSpan step in Round)
            if (step >= exact) return step;
        return TimeSpan.FromDays(Math.Ceiling(exact.TotalDays));
    }
}
