using Llama.Storage.History;

namespace Llama.Server.Intake;

/// <summary>
/// Shows, behind a restart, what a history has of the last hour: pairs that report again take its place one by one. Runs beside pushes.
/// </summary>
/// <param name="newest">Where it is shown.</param>
/// <param name="names">One string for each name.</param>
/// <param name="history">What is known.</param>
/// <param name="time">Both clocks.</param>
internal sealed class NewestRestorer(NewestPairs newest, NamePool names, IHistoryStore history, TimeProvider time)
{
    private static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(1);

    private readonly DateTimeOffset _now = time.GetUtcNow();
    private readonly long _timestamp = time.GetTimestamp();
    private ReportMark _mark = new(default, default, false, 0);

    /// <summary>Runs once.</summary>
    /// <exception cref="IOException">What is stored can't be read.</exception>
    /// <exception cref="HistoryLimitException">There are more pairs than one answer may have.</exception>
    public async Task RunAsync(CancellationToken cancellation)
    {
        foreach (string group in history.Groups)
        {
            foreach (byte @class in history.Find(group)?.Classes ?? [])
            {
                var query = new HistoryQuery
                {
                    Group = group,
                    From = _now - NewestPairs.PairRetention,
                    To = _now + ClockSkew,
                    Class = @class,
                    IsNewestOnly = true,
                    Detail = HistoryDetail.Rtt | HistoryDetail.Path,
                };
                await history.QueryAsync(query, series => Take(group, @class, series), cancellation);
            }
        }
    }

    private void Take(string group, byte @class, HistorySeries series)
    {
        PairTotals totals = series.Points[^1].Totals;
        newest.Restore(names.Get(group), names.Get(series.Source), @class, names.Get(series.Destination), PairResult.Of(totals, MarkOf(totals)));
    }

    /// <summary>The report that totals are from. It was taken when it was over, as far as anybody knows now.</summary>
    private ReportMark MarkOf(PairTotals totals)
    {
        bool isSuspect = totals.SuspectIntervals > 0;
        if (totals.Start == _mark.Start && totals.End == _mark.End && isSuspect == _mark.IsSuspect) return _mark;
        TimeSpan age = _now > totals.End ? _now - totals.End : TimeSpan.Zero;
        return _mark = new ReportMark(totals.Start, totals.End, isSuspect, _timestamp - (long)(age.TotalSeconds * time.TimestampFrequency));
    }
}
