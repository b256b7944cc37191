using System.Text.Json;
using Llama.Engine.Summaries;
using Llama.Server.Discovery;
using Llama.Storage.History;
using Llama.Tests.Server.Discovery.Native;
using Llama.Tests.Storage.History;

namespace Llama.Tests.Server.History;

/// <summary>A server whose history is the model, and what a test puts into it.</summary>
internal sealed class Past : IAsyncDisposable
{
    /// <summary>What the server's clock shows at first.</summary>
    public static readonly DateTimeOffset Noon = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);

    private Past(NativeServer server, HistoryModel model) => (Server, Model) = (server, model);

    public NativeServer Server { get; }

    public HistoryModel Model { get; }

    public static async Task<Past> StartAsync(DiscoveryOptions? options = null)
    {
        var model = new HistoryModel();
        return new Past(await NativeServer.StartAsync((options ?? new DiscoveryOptions()) with { History = model }), model);
    }

    /// <summary>Puts in a report of ten seconds.</summary>
    /// <param name="source">Who measured.</param>
    /// <param name="seconds">Start of the interval, from noon.</param>
    /// <param name="pairs">What was measured.</param>
    public async Task ReportAsync(string source, double seconds, params Pair[] pairs)
    {
        var report = new HistoryReport { Source = new HistorySource("g", source, TagsOf(source)), Start = Noon.AddSeconds(seconds), End = Noon.AddSeconds(seconds + 10) };
        foreach (Pair pair in pairs)
            pair.Fill(report.Add(new HistoryDestination { Name = pair.To, Host = pair.To, Tags = TagsOf(pair.To) }, pair.Class));
        Assert.True(await Model.AppendAsync(report, CancellationToken.None));
    }

    /// <summary>The answer as JSON.</summary>
    public async Task<JsonElement> GetAsync(string target)
    {
        Reply reply = await Server.GetAsync(target);
        Assert.True(reply.Status == 200, reply.Text);
        return reply.Json;
    }

    /// <summary>What a question gives when the model is asked itself.</summary>
    public async Task<List<(string Source, string Destination, List<(DateTimeOffset At, PairTotals Totals)> Points)>> AskAsync(HistoryQuery query)
    {
        var series = new List<(string, string, List<(DateTimeOffset, PairTotals)>)>();
        await Model.QueryAsync(
            query,
            one => series.Add((one.Source, one.Destination, [.. one.Points.Select(point =>
            {
                var copy = new PairTotals();
                copy.Add(point.Totals);
                return (point.At, copy);
            })])),
            CancellationToken.None);
        return series;
    }

    public ValueTask DisposeAsync() => Server.DisposeAsync();

    /// <summary>Names tell region and rack: eu1-7 is in the region eu and the rack eu1.</summary>
    private static KeyValuePair<string, string>[] TagsOf(string name) =>
        name.Contains('-', StringComparison.Ordinal) ? [new("region", name[..2]), new("rack", name.Split('-')[0])] : [];
}

/// <summary>What was measured of a pair.</summary>
internal sealed record Pair(string To, long Sent, long Lost, params long[] RttNanos)
{
    public byte Class { get; init; }

    public (int Port, long Sent, long Lost)[] Flows { get; init; } = [];

    public void Fill(PairTotals totals)
    {
        totals.Counts = new DatagramCounts { Sent = Sent, Received = Sent - Lost, Lost = Lost, LostForward = Lost, LostReverse = 0, Duplicates = 3 };
        totals.RttCount = RttNanos.Length;
        totals.RttSumNanos = RttNanos.Sum();
        totals.RttMinNanos = RttNanos.Length > 0 ? RttNanos.Min() : null;
        totals.RttMaxNanos = RttNanos.Length > 0 ? RttNanos.Max() : null;
        totals.SetBuckets([.. RttNanos.GroupBy(LogLinear.IndexOf).OrderBy(bucket => bucket.Key).Select(bucket => new LatencyBucket(bucket.Key, bucket.Count()))]);
        totals.Path = new PathMarks { ForwardTtl = 60 };
        foreach ((int port, long sent, long lost) in Flows) totals.AddFlow(new FlowTotals { SourcePort = port, Sent = sent, Lost = lost, LostForward = lost, RttMinNanos = sent > lost ? 1000 : null });
    }
}
