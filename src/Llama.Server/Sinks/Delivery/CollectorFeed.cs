using System.Text;
using Llama.Engine.Summaries;
using Llama.Server.Collecting;
using Llama.Server.Sinks.Records;

namespace Llama.Server.Sinks.Delivery;

/// <summary>Gives a collector's own reports to sinks. One caller at a time.</summary>
/// <param name="sinks">Where they go.</param>
/// <param name="origin">Who measures: <c>GROUP/NAME</c> of a probe, else <c>HOST:PORT</c> of the collector's API.</param>
/// <param name="tags">The tags of who measures.</param>
public sealed class CollectorFeed(SinkSet sinks, string origin, IReadOnlyList<KeyValuePair<string, string>> tags)
{
    private readonly byte[] _origin = Encoding.UTF8.GetBytes(origin);
    private readonly ReportWriter _writer = new();
    private readonly TextOctets _texts = new();
    private readonly List<LatencyBucket> _buckets = [];

    /// <summary>Takes a report; returns when it is in the queue. Does not throw: what the queue can't take is counted.</summary>
    public void Take(IntervalReport report)
    {
        try
        {
            Write(report);
            sinks.Take(_writer.Record.Span);
        }
        catch (IOException)
        {
            sinks.Lose();
        }
    }

    private void Write(IntervalReport report)
    {
        _writer.Begin(report.Start, report.End, report.Health.Suspect.Count > 0 ? RecordFlags.Suspect : RecordFlags.None, _origin);
        foreach ((string key, string value) in tags) _writer.AddTag(key, value);
        _writer.EndOriginTags();
        foreach (Summary summary in report.Summaries)
        {
            _texts.Clear();
            _writer.BeginPair(
                _texts.Of(summary.Source.Canonical()),
                _texts.Of(summary.Target.Host),
                _texts.Of(summary.Destination.Address.Canonical()),
                summary.Destination.Port,
                summary.Class);
            foreach ((string key, string value) in summary.Target.Tags) _writer.AddTag(key, value);
            _buckets.Clear();
            if (sinks.WantsBuckets) _buckets.AddRange(summary.Rtt.Buckets);
            _writer.EndPair(RecordMeasures.Of(summary), System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_buckets));
            if (!sinks.WantsFlows) continue;
            foreach (FlowSummary flow in summary.Flows) _writer.AddFlow(flow.SourcePort, RecordMeasures.Of(flow));
        }
    }
}
