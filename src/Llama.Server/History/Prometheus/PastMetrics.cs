using Llama.Mesh;
using Llama.Storage.History;

namespace Llama.Server.History.Prometheus;

/// <summary>A metric of the past, as Prometheus has it.</summary>
/// <param name="Name">Its name: that of the gauge on /metrics where there is one.</param>
/// <param name="Extra">A label that tells it from others of the name; empty for none.</param>
/// <param name="Detail">What has to be read for it.</param>
/// <param name="Of">Its value over a step; null where it was not measured.</param>
internal sealed record PastMetric(string Name, (string Label, string Value) Extra, HistoryDetail Detail, Func<PairTotals, double?> Of)
{
    private const double Second = 1e9;

    /// <summary>All of them.</summary>
    public static IReadOnlyList<PastMetric> All { get; } =
    [
        new("llama_loss_ratio", default, HistoryDetail.Counts, totals => totals.Counts.LossRatio),
        new("llama_datagrams_sent", default, HistoryDetail.Counts, totals => totals.Counts.Sent),
        new("llama_datagrams_lost", default, HistoryDetail.Counts, totals => totals.Counts.Lost),
        new("llama_rtt_seconds", ("quantile", "0"), HistoryDetail.Rtt, totals => totals.RttMinNanos / Second),
        new("llama_rtt_seconds", ("quantile", "0.5"), HistoryDetail.Rtt, totals => totals.Percentile(0.5) / Second),
        new("llama_rtt_seconds", ("quantile", "0.9"), HistoryDetail.Rtt, totals => totals.Percentile(0.9) / Second),
        new("llama_rtt_seconds", ("quantile", "0.99"), HistoryDetail.Rtt, totals => totals.Percentile(0.99) / Second),
        new("llama_rtt_seconds", ("quantile", "1"), HistoryDetail.Rtt, totals => totals.RttMaxNanos / Second),
        new("llama_jitter_seconds", default, HistoryDetail.Rtt, totals => totals.JitterNanos / Second),
        new("llama_delay_variation_seconds", default, HistoryDetail.Rtt, totals => totals.DelayVariationNanos / Second),
        new("llama_one_way_delay_variation_seconds", ("direction", "forward"), HistoryDetail.Rtt, totals => totals.ForwardDelayVariationNanos / Second),
        new("llama_one_way_delay_variation_seconds", ("direction", "reverse"), HistoryDetail.Rtt, totals => totals.ReverseDelayVariationNanos / Second),
        new("llama_received_ttl", ("direction", "forward"), HistoryDetail.Path, totals => totals.Path.ForwardTtl),
        new("llama_received_ttl", ("direction", "reverse"), HistoryDetail.Path, totals => totals.Path.ReverseTtl),
    ];
}

/// <summary>The labels of the pairs of a group: names, class and tags, the source's with <c>src_</c> before them and the destination's with <c>dst_</c>.</summary>
internal sealed class PairLabelSet
{
    private readonly Dictionary<string, List<KeyValuePair<string, string>>> _ofSource = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<KeyValuePair<string, string>>> _ofDestination = new(StringComparer.Ordinal);

    /// <summary>The labels of a group.</summary>
    public PairLabelSet(HistoryGroup group)
    {
        Group = group;
        foreach (HistorySource source in group.Sources) _ofSource[source.Name] = Tags("src_", source.Tags);
        foreach (HistoryDestination destination in group.Destinations) _ofDestination[destination.Name] = Tags("dst_", destination.Tags);
    }

    /// <summary>The group.</summary>
    public HistoryGroup Group { get; }

    /// <summary>Labels and values of one metric of a pair, each label once.</summary>
    public Dictionary<string, string> Of(PastMetric metric, byte @class, string source, string destination)
    {
        var labels = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [Selector.NameLabel] = metric.Name,
            ["group"] = Group.Name,
            ["source"] = source,
            ["destination"] = destination,
            ["class"] = TrafficClass.Name(@class),
        };
        if (metric.Extra.Label is { } extra) labels[extra] = metric.Extra.Value;
        foreach ((string key, string value) in _ofSource.GetValueOrDefault(source) ?? []) labels.TryAdd(key, value);
        foreach ((string key, string value) in _ofDestination.GetValueOrDefault(destination) ?? []) labels.TryAdd(key, value);
        return labels;
    }

    /// <summary>All labels of the group with their values, some of them more than once.</summary>
    public IEnumerable<KeyValuePair<string, string>> All() =>
    [
        new("group", Group.Name),
        .. _ofSource.Keys.Select(name => KeyValuePair.Create("source", name)),
        .. _ofDestination.Keys.Select(name => KeyValuePair.Create("destination", name)),
        .. Group.Classes.Select(@class => KeyValuePair.Create("class", TrafficClass.Name(@class))),
        .. _ofSource.Values.Concat(_ofDestination.Values).SelectMany(tags => tags),
    ];

    private static List<KeyValuePair<string, string>> Tags(string side, IEnumerable<KeyValuePair<string, string>> tags) =>
    [
        .. tags.Where(tag => tag.Value.Length > 0).Select(tag => KeyValuePair.Create(
            string.Concat((tag.Key.StartsWith(side, StringComparison.Ordinal) ? tag.Key : side + tag.Key).Select(c => char.IsAsciiLetterOrDigit(c) ? c : '_')), tag.Value)),
    ];
}
