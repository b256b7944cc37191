using Llama.Storage.History;

namespace Llama.Tests.Server.Intake;

/// <summary>What a history holds, interval by interval.</summary>
internal static class HistoryContent
{
    public static async Task<List<(string Source, string Destination, PairTotals Totals)>> AllAsync(IHistoryStore history, string group)
    {
        var all = new List<(string, string, PairTotals)>();
        var query = new HistoryQuery
        {
            Group = group,
            From = DateTimeOffset.UnixEpoch,
            To = DateTimeOffset.UnixEpoch.AddYears(200),
            Step = TimeSpan.Zero,
            Detail = HistoryDetail.All,
        };
        await history.QueryAsync(query, Take, CancellationToken.None);
        return all;

        void Take(HistorySeries series)
        {
            foreach (HistoryPoint point in series.Points)
            {
                // What a series is given as is filled anew for the next one.
                var copy = new PairTotals();
                copy.Add(point.Totals);
                all.Add((series.Source, series.Destination, copy));
            }
        }
    }
}
