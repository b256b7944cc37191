using System.Buffers;
using System.Globalization;

namespace Llama.Server.History;

/// <summary>
/// Moments as requests write them: RFC 3339, Unix time in seconds or milliseconds, or from now on as in Grafana (<c>now-1d/d</c>, UTC).
/// Pure.
/// </summary>
public static class TimePoint
{
    /// <summary>How they are written, for errors.</summary>
    public const string Form =
        "a time such as 2026-11-22T12:00:00Z, Unix seconds or milliseconds, now, now-6h or now-1d/d; between the years 1970 and 2200";

    private const int MillisecondDigits = 13;
    private const int MostDigits = 6;

    private static readonly DateTimeOffset Last = new(2200, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly SearchValues<char> Numeric = SearchValues.Create("0123456789.");

    private static readonly string[] Formats =
    [
        "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", "yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd",
    ];

    /// <summary>Reads one; null when it is none.</summary>
    /// <param name="text">The text.</param>
    /// <param name="now">What now is.</param>
    /// <param name="isEnd">True where a rounded time is the end of a span: today is from <c>now/d</c> to <c>now/d</c>.</param>
    public static DateTimeOffset? Parse(string text, DateTimeOffset now, bool isEnd = false)
    {
        // Where somebody has not escaped a plus.
        text = text.Trim().Replace(' ', '+');
        DateTimeOffset? point = text.StartsWith("now", StringComparison.Ordinal) ? Relative(text.AsSpan(3), now.ToUniversalTime(), isEnd)
            : text.AsSpan().ContainsAnyExcept(Numeric) ? Written(text)
            : Unix(text);
        return point is { } known && known >= DateTimeOffset.UnixEpoch && known < Last ? known : null;
    }

    private static DateTimeOffset? Written(string text) =>
        DateTimeOffset.TryParseExact(text, Formats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time) ? time.ToUniversalTime() : null;

    private static DateTimeOffset? Unix(string text)
    {
        if (!decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal number)) return null;
        decimal seconds = text.Length >= MillisecondDigits && !text.Contains('.', StringComparison.Ordinal) ? number / 1000 : number;
        return seconds < Last.ToUnixTimeSeconds() ? DateTimeOffset.UnixEpoch.AddTicks((long)(seconds * TimeSpan.TicksPerSecond)) : null;
    }

    /// <summary>What stands behind now: steps away from it, and beginnings of units, in their order.</summary>
    private static DateTimeOffset? Relative(ReadOnlySpan<char> text, DateTimeOffset point, bool isEnd)
    {
        while (!text.IsEmpty)
        {
            char operation = text[0];
            text = text[1..];
            DateTimeOffset? next = operation switch
            {
                '/' => Round(ref text, point, isEnd),
                '+' or '-' => Move(ref text, point, operation == '-' ? -1 : 1),
                _ => null,
            };
            if (next is not { } known) return null;
            point = known;
        }

        return point;
    }

    private static DateTimeOffset? Move(ref ReadOnlySpan<char> text, DateTimeOffset point, int sign)
    {
        do
        {
            int digits = text.IndexOfAnyExceptInRange('0', '9');
            if (digits is < 1 or > MostDigits) return null;
            int count = sign * int.Parse(text[..digits], CultureInfo.InvariantCulture);
            text = text[digits..];
            if (Add(point, count, TakeUnit(ref text)) is not { } moved) return null;
            point = moved;
        }
        while (!text.IsEmpty && char.IsAsciiDigit(text[0]));
        return point;
    }

    private static DateTimeOffset? Add(DateTimeOffset point, int count, string unit)
    {
        if (unit is "M" or "y")
        {
            long months = unit == "y" ? 12L * count : count;
            return Math.Abs(months) <= 12 * 200 ? point.AddMonths((int)months) : null;
        }

        TimeSpan? one = unit switch
        {
            "ms" => TimeSpan.FromMilliseconds(1),
            "s" => TimeSpan.FromSeconds(1),
            "m" => TimeSpan.FromMinutes(1),
            "h" => TimeSpan.FromHours(1),
            "d" => TimeSpan.FromDays(1),
            "w" => TimeSpan.FromDays(7),
            _ => null,
        };
        return one * count is { } by && by.Duration() <= TimeSpan.FromDays(200 * 365) ? point + by : null;
    }

    /// <summary>The beginning of the unit that a moment is in; or that of the next one, which is where it ends.</summary>
    private static DateTimeOffset? Round(ref ReadOnlySpan<char> text, DateTimeOffset point, bool isEnd)
    {
        string unit = TakeUnit(ref text);
        const int daysFromSundayToMonday = 6;
        DateTimeOffset day = new(point.Date, TimeSpan.Zero);
        DateTimeOffset? start = unit switch
        {
            "s" => day.AddSeconds(Math.Floor(point.TimeOfDay.TotalSeconds)),
            "m" => day.AddMinutes(Math.Floor(point.TimeOfDay.TotalMinutes)),
            "h" => day.AddHours(point.Hour),
            "d" => day,
            "w" => day.AddDays(-(((int)point.DayOfWeek + daysFromSundayToMonday) % 7)),
            "M" => day.AddDays(1 - point.Day),
            "y" => day.AddDays(1 - point.DayOfYear),
            _ => null,
        };
        return start is { } known && isEnd ? Add(known, 1, unit) : start;
    }

    private static string TakeUnit(ref ReadOnlySpan<char> text)
    {
        int length = text.StartsWith("ms") ? 2 : Math.Min(1, text.Length);
        string unit = text[..length].ToString();
        text = text[length..];
        return unit;
    }
}
