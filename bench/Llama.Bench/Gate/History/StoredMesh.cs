using Llama.Storage.History;

namespace Llama.Benchmarks.Gate.History;

/// <summary>
/// Realistic reports of many sources with as many pairs each, put into a store. All sources take turns with what one of them measured,
/// since making it up costs far more than storing it: to the store, which packs each source by itself, they are as good as their own.
/// </summary>
internal sealed class StoredMesh
{
    private const int Flows = 4, Seed = 3;

    private readonly HistoryReport[] _reports;
    private readonly HistorySource[] _sources;

    /// <param name="group">The group.</param>
    /// <param name="sources">How many sources.</param>
    /// <param name="pairs">How many pairs each of them has.</param>
    /// <param name="begin">Start of the first interval.</param>
    /// <param name="intervals">How many intervals.</param>
    /// <param name="interval">How long one is.</param>
    /// <param name="datagrams">How many datagrams a pair sends in one.</param>
    public StoredMesh(string group, int sources, int pairs, DateTimeOffset begin, int intervals, TimeSpan interval, int datagrams)
    {
        var made = new RealisticReports(Seed, pairs, Flows, datagrams, group);
        _sources = [.. Enumerable.Range(0, sources).Select(source => new HistorySource(group, NameOf(source), [new("site", $"s{source % 40:00}")]))];
        _reports = [.. Enumerable.Range(0, intervals).Select(_ => made.NewReport())];
        foreach ((int index, HistoryReport report) in _reports.Index()) made.Fill(report, begin + index * interval, interval);
        Summaries = (long)sources * pairs * intervals;
    }

    /// <summary>How many summaries there are in all.</summary>
    public long Summaries { get; }

    public static string NameOf(int source) => $"n{source:0000}";

    /// <summary>Takes all of them to a store, interval by interval.</summary>
    public async Task AppendAsync(SqliteHistoryStore store, CancellationToken cancellation)
    {
        foreach (HistoryReport report in _reports)
        {
            foreach (HistorySource source in _sources)
            {
                report.Source = source;
                await store.AppendAsync(report, cancellation).ConfigureAwait(false);
            }
        }
    }
}
