using System.Globalization;
using Llama.Storage.History;

namespace Llama.Cli.Settings;

/// <summary>How long history is kept, or that it is not.</summary>
/// <param name="Kept">How long each level; null for no history.</param>
internal sealed record RetentionText(HistoryRetention? Kept)
{
    /// <summary>What holds when nobody says otherwise, as text.</summary>
    public const string DefaultText = "raw=2d,1m=14d,10m=60d,1h=1y,1d=5y";

    /// <summary>
    /// Reads <c>raw=2d,1m=14d,10m=60d,1h=1y,1d=5y</c> or some of it, or <c>none</c>. What is left out is kept as long as usual, and no
    /// shorter than what is finer. All mistakes are told, a line each.
    /// </summary>
    public static Parsed<RetentionText> Parse(string text)
    {
        if (text.Trim().Equals("none", StringComparison.OrdinalIgnoreCase)) return Parsed.Of(new RetentionText(Kept: null));
        var problems = new List<string>();
        var given = new Dictionary<HistoryLevel, (TimeSpan Span, string Text)>();
        foreach (string part in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)) Read(part, given, problems);
        if (given.Count == 0 && problems.Count == 0) problems.Add($"'{text}' says of no level how long it is kept: give some of {DefaultText}, or 'none'");

        var usual = new HistoryRetention();
        TimeSpan least = TimeSpan.Zero;
        HistoryLevel finer = HistoryLevel.Raw;
        var spans = new Dictionary<HistoryLevel, TimeSpan>();
        foreach (HistoryLevel level in HistoryLevels.All)
        {
            TimeSpan span = usual.Of(level);
            if (given.TryGetValue(level, out var own))
            {
                span = own.Span;
                if (span < least) problems.Add($"'{own.Text}' is shorter than {finer.Name()}={Text(least)}: what is coarser is kept at least as long");
            }

            (spans[level], finer) = span > least ? (span, level) : (least, finer);
            least = spans[level];
        }

        return problems.Count > 0
            ? new Parsed<RetentionText>(null, string.Join('\n', problems))
            : Parsed.Of(new RetentionText(new HistoryRetention
            {
                Raw = spans[HistoryLevel.Raw],
                Minute = spans[HistoryLevel.Minute],
                TenMinutes = spans[HistoryLevel.TenMinutes],
                Hour = spans[HistoryLevel.Hour],
                Day = spans[HistoryLevel.Day],
            }));
    }

    private static void Read(string part, Dictionary<HistoryLevel, (TimeSpan Span, string Text)> given, List<string> problems)
    {
        string[] sides = part.Split('=', 2, StringSplitOptions.TrimEntries);
        if (sides.Length != 2 || Level(sides[0]) is not { } level)
        {
            problems.Add($"'{part}' is no level with a duration: give some of {DefaultText}, or 'none'");
            return;
        }

        // Nothing shorter can be dropped by itself.
        TimeSpan least = level == HistoryLevel.Raw ? HistoryLevel.TenMinutes.Step() : level == HistoryLevel.Minute ? HistoryLevel.TenMinutes.Step() : level.Step();
        Parsed<TimeSpan?> span = ValueParser.Period(sides[1]);
        if (span.Value is not { } known) problems.Add($"'{part}': {span.Problem}");
        else if (known < least) problems.Add($"'{part}' is too short: {level.Name()} is kept for {Text(least)} or more");
        else if (!given.TryAdd(level, (known, part))) problems.Add($"'{part}' says a second time how long {level.Name()} is kept: leave one of them out");
    }

    private static HistoryLevel? Level(string name)
    {
        foreach (HistoryLevel level in HistoryLevels.All)
            if (level.Name() == name) return level;
        return null;
    }

    private static string Text(TimeSpan span) => span.Ticks % TimeSpan.TicksPerDay == 0
        ? string.Create(CultureInfo.InvariantCulture, $"{span.TotalDays:0}d")
        : span.Ticks % TimeSpan.TicksPerHour == 0
            ? string.Create(CultureInfo.InvariantCulture, $"{span.TotalHours:0}h")
            : string.Create(CultureInfo.InvariantCulture, $"{span.TotalMinutes:0.###}m");
}
