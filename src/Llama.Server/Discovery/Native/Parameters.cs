using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Llama.Server.Discovery.Native;

/// <summary>Parameters in a query. Pure.</summary>
internal static class Parameters
{
    /// <summary>How long a client may have its answer held back.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(60);

    /// <summary>How <c>wait</c> is written.</summary>
    public const string WaitForm = "a time such as 30s, 500ms or 1m, and 60s at most counts";

    /// <summary>How <c>limit</c> is written.</summary>
    public const string LimitForm = "a whole number from 1 on, and 1000 at most counts";

    private const int MostEntries = 1000;

    /// <summary>How many entries are wanted, 1000 at most; null when it is no such number.</summary>
    /// <param name="context">The request.</param>
    /// <param name="usual">How many when it does not say.</param>
    public static int? Limit(HttpContext context, int usual = 100) => context.Request.Query["limit"].ToString() switch
    {
        "" => usual,
        string text when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int limit) && limit > 0 => Math.Min(limit, MostEntries),
        _ => null,
    };

    /// <summary>How long the answer may be held back: not at all unless told otherwise, a minute at most; null when it is no time.</summary>
    public static TimeSpan? Wait(HttpContext context)
    {
        if (!context.Request.QueryString.HasValue) return TimeSpan.Zero;
        string text = context.Request.Query["wait"].ToString();
        return text.Length == 0 ? TimeSpan.Zero : Duration(text);
    }

    /// <summary>Reads <c>30s</c>, <c>500ms</c>, <c>1m</c>, or seconds without a unit, and cuts it to the longest wait; null when it is none.</summary>
    internal static TimeSpan? Duration(ReadOnlySpan<char> text)
    {
        (int unit, double unitSeconds) = text.EndsWith("ms") ? (2, 0.001) : text.EndsWith("m") ? (1, 60) : text.EndsWith("s") ? (1, 1.0) : (0, 1.0);
        text = text[..^unit];
        if (!double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number) || !double.IsFinite(number)) return null;
        return TimeSpan.FromSeconds(Math.Min(number * unitSeconds, LongestWait.TotalSeconds));
    }
}
