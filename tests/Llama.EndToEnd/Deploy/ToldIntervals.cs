using System.Text.Json;
using Llama.EndToEnd.Collecting;
using Llama.EndToEnd.Harness;

namespace Llama.EndToEnd.Deploy;

/// <summary>What /api/v2/summaries told of a pair in one interval.</summary>
/// <param name="End">Its end, in seconds since the Unix epoch.</param>
/// <param name="Sent">Datagrams sent.</param>
/// <param name="Lost">Of these, lost.</param>
internal sealed record ToldInterval(double End, long Sent, long Lost);

/// <summary>Reads a collector's reports of one pair as they come, and keeps the last ones without a gap between them.</summary>
internal sealed class ToldIntervals(int apiPort, int destinationPort)
{
    private readonly List<ToldInterval> _run = [];

    /// <summary>Intervals, each of which begins where the one before ended.</summary>
    public IReadOnlyList<ToldInterval> Run => _run;

    /// <summary>Reads the newest report, to be called more often than reports come.</summary>
    public async Task ReadAsync()
    {
        JsonElement report = JsonDocument.Parse(await Web.Get(apiPort, "/api/v2/summaries?buckets=false&flows=false")).RootElement;
        double start = Seconds(report.GetProperty("start")), end = Seconds(report.GetProperty("end"));
        if (_run.Count > 0 && _run[^1].End == end) return;
        if (_run.Count > 0 && _run[^1].End != start) _run.Clear();
        JsonElement? summary = report.Summary("127.0.0.1", destinationPort);
        _run.Add(new ToldInterval(end, summary?.Count("sent") ?? 0, summary?.Count("lost") ?? 0));
    }

    private static double Seconds(JsonElement time) => time.GetDateTimeOffset().ToUnixTimeMilliseconds() / 1e3;
}
