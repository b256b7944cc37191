using Llama.Server.Sinks.Records;

namespace Llama.Server.Sinks.Views;

/// <summary>How many round trips a row was timed by, and their sum.</summary>
/// <param name="Count">Timed replies, or where a row does not tell (an original's) replies.</param>
/// <param name="SumNanos">Their round-trip times added up.</param>
internal readonly record struct RoundTrips(long Count, Int128 SumNanos)
{
    /// <summary>Those of a row; nothing where it was not timed.</summary>
    public static RoundTrips Of(in Measures row)
    {
        long count = row[Measure.RttCount] ?? Replies(row) ?? 0;
        if (count == 0) return default;
        if (row[Measure.RttSum] is { } sum) return new RoundTrips(count, sum);
        return row[Measure.RttMean] is { } mean ? new RoundTrips(count, (Int128)mean * count) : default;
    }

    /// <summary>Datagrams answered in time; an original tells what it sent and what of that was lost.</summary>
    public static long? Replies(in Measures row) =>
        row[Measure.Received] ?? (row[Measure.Sent] is { } sent && row[Measure.Lost] is { } lost ? Math.Max(0, sent - lost) : null);
}
