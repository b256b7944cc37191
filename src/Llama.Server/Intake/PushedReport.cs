using System.Runtime.InteropServices;
using Llama.Engine.Summaries;

namespace Llama.Server.Intake;

/// <summary>Who pushes.</summary>
/// <param name="Group">Its group.</param>
/// <param name="Name">Its name in the group.</param>
/// <param name="Instance">What it registered with to tell it from others of its name; null when it has none.</param>
internal sealed record PushedProbe(string Group, string Name, string? Instance);

/// <summary>
/// A report as a probe pushed it, or as a collector was asked for it: all that its /api/v2/summaries tells. Filled again and again, so
/// that thousands of pairs leave no garbage: whoever wants to keep something copies it before the call that hands the report out returns.
/// </summary>
internal sealed class PushedReport
{
    private readonly List<PushedPair> _pairs = [];
    private readonly List<PushedFlow> _flows = [];
    private readonly List<LatencyBucket> _buckets = [];

    /// <summary>Start of the interval.</summary>
    public DateTimeOffset Start { get; set; }

    /// <summary>End of the interval, behind its start.</summary>
    public DateTimeOffset End { get; set; }

    /// <summary>True when the collector does not trust the interval, for whatever reason.</summary>
    public bool IsSuspect { get; set; }

    /// <summary>Those of its reasons that are known here.</summary>
    public IReadOnlyList<SuspectReason> Suspect { get; set; } = [];

    /// <summary>How well the collector did, with the same reasons; null when it did not tell.</summary>
    public CollectorHealth? Health { get; set; }

    /// <summary>The pairs, as they came.</summary>
    public ReadOnlySpan<PushedPair> Pairs => CollectionsMarshal.AsSpan(_pairs);

    /// <summary>The tags of all pairs; those of one are at its <see cref="PushedPair.Tags"/>.</summary>
    public TagTable Tags { get; } = new();

    /// <summary>How much it holds, and would hold on to: the pairs, flows and buckets there was ever room for.</summary>
    public int Room => _pairs.Capacity + _flows.Capacity + _buckets.Capacity + Tags.Room;

    /// <summary>The flows of a pair, in the order of their source ports.</summary>
    public ReadOnlySpan<PushedFlow> FlowsOf(in PushedPair pair) => CollectionsMarshal.AsSpan(_flows)[pair.Flows];

    /// <summary>The buckets of a pair's round-trip times, laid out as <see cref="LogLinear"/> says, in the order of their indices.</summary>
    public ReadOnlySpan<LatencyBucket> BucketsOf(in PushedPair pair) => CollectionsMarshal.AsSpan(_buckets)[pair.Buckets];

    /// <summary>How many flows have been added.</summary>
    public int FlowCount => _flows.Count;

    /// <summary>How many buckets have been added.</summary>
    public int BucketCount => _buckets.Count;

    public void Add(in PushedPair pair) => _pairs.Add(pair);

    public void Add(in PushedFlow flow) => _flows.Add(flow);

    public void Add(LatencyBucket bucket) => _buckets.Add(bucket);

    /// <summary>Makes room for the next one.</summary>
    public void Clear()
    {
        _pairs.Clear();
        _flows.Clear();
        _buckets.Clear();
        Tags.Clear();
        (Start, End, IsSuspect, Suspect, Health) = (default, default, false, [], null);
    }
}

/// <summary>A summary as it was pushed. Null is what was not measured.</summary>
internal record struct PushedPair
{
    /// <summary>What the destination is called in the matrix: its short name, with its group before it where that is another; else its host.</summary>
    public string Destination { get; set; }

    /// <summary>The address sent from.</summary>
    public string? Source { get; set; }

    /// <summary>The target as configured.</summary>
    public string? Host { get; set; }

    /// <summary>The address sent to.</summary>
    public string? Address { get; set; }

    /// <summary>The port sent to.</summary>
    public int Port { get; set; }

    /// <summary>The ToS or traffic class octet.</summary>
    public byte Class { get; set; }

    /// <summary>The datagrams' fates.</summary>
    public DatagramCounts Counts { get; set; }

    /// <summary>Round-trip times.</summary>
    public PushedRtt Rtt { get; set; }

    /// <summary>RFC 3550 interarrival jitter, in nanoseconds.</summary>
    public double? JitterNanos { get; set; }

    /// <summary>RFC 5481 delay variation, in nanoseconds.</summary>
    public long? DelayVariationNanos { get; set; }

    /// <summary>The same on the way there.</summary>
    public long? ForwardDelayVariationNanos { get; set; }

    /// <summary>The same on the way back.</summary>
    public long? ReverseDelayVariationNanos { get; set; }

    /// <summary>What the path did to the IP header.</summary>
    public PathMarks Path { get; set; }

    /// <summary>Which tags of the report are its own.</summary>
    public Range Tags { get; set; }

    /// <summary>Which flows of the report are its own.</summary>
    public Range Flows { get; set; }

    /// <summary>Which buckets of the report are its own.</summary>
    public Range Buckets { get; set; }
}

/// <summary>A distribution of round-trip times in nanoseconds, without its buckets.</summary>
internal record struct PushedRtt
{
    public long Count { get; set; }

    public long SumNanos { get; set; }

    public long? MinNanos { get; set; }

    public double? MeanNanos { get; set; }

    public long? P50Nanos { get; set; }

    public long? P90Nanos { get; set; }

    public long? P99Nanos { get; set; }

    public long? MaxNanos { get; set; }
}

/// <summary>One flow of a pushed summary.</summary>
internal record struct PushedFlow
{
    public int SourcePort { get; set; }

    public DatagramCounts Counts { get; set; }

    public PushedRtt Rtt { get; set; }

    public PathMarks Path { get; set; }
}
