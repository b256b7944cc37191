using System.Text.Json;
using Llama.Engine.Summaries;

namespace Llama.Server.Intake;

/// <content>The summaries of a report.</content>
internal sealed partial class PushReader
{
    private void ReadPairs(ref Utf8JsonReader json, PushedReport report)
    {
        BeginArray(ref json, "summaries");
        for (_pair = 0; NextElement(ref json); _pair++)
        {
            Expect(_pair < MaxPairs, "", "is one too many: a report has at most 65,536 summaries");
            ReadPair(ref json, report);
        }

        _pair = -1;
    }

    private void ReadPair(ref Utf8JsonReader json, PushedReport report)
    {
        var pair = default(PushedPair);
        string? shortName = null, group = null;
        bool hasClass = false, hasCounts = false;
        Expect(json.TokenType == JsonTokenType.StartObject, "", "is not an object");
        while (NextMember(ref json))
        {
            if (json.ValueTextEquals("source"u8))
            {
                pair.Source = ReadText(ref json, "source");
            }
            else if (json.ValueTextEquals("destination"u8))
            {
                ReadDestination(ref json, ref pair);
            }
            else if (json.ValueTextEquals("class"u8))
            {
                pair.Class = (byte)ReadCount(ref json, "class", byte.MaxValue);
                hasClass = true;
            }
            else if (json.ValueTextEquals("tags"u8))
            {
                (shortName, group) = ReadTags(ref json, report, ref pair);
            }
            else if (json.ValueTextEquals("datagrams"u8))
            {
                pair.Counts = ReadCounts(ref json);
                hasCounts = true;
            }
            else if (json.ValueTextEquals("rtt"u8))
            {
                int first = report.BucketCount;
                pair.Rtt = ReadRtt(ref json, report);
                pair.Buckets = first..report.BucketCount;
            }
            else if (json.ValueTextEquals("jitter_ns"u8))
            {
                pair.JitterNanos = ReadNumberOrNull(ref json, "jitter_ns");
            }
            else if (json.ValueTextEquals("delay_variation_ns"u8))
            {
                pair.DelayVariationNanos = ReadCountOrNull(ref json, "delay_variation_ns");
            }
            else if (json.ValueTextEquals("forward_delay_variation_ns"u8))
            {
                pair.ForwardDelayVariationNanos = ReadCountOrNull(ref json, "forward_delay_variation_ns");
            }
            else if (json.ValueTextEquals("reverse_delay_variation_ns"u8))
            {
                pair.ReverseDelayVariationNanos = ReadCountOrNull(ref json, "reverse_delay_variation_ns");
            }
            else if (json.ValueTextEquals("path"u8))
            {
                pair.Path = ReadPath(ref json);
            }
            else if (json.ValueTextEquals("flows"u8))
            {
                int first = report.FlowCount;
                ReadFlows(ref json, report);
                pair.Flows = first..report.FlowCount;
            }
            else
            {
                json.Skip();
            }
        }

        Expect(hasClass, "class", "is missing");
        Expect(hasCounts, "datagrams", "is missing");
        pair.Destination = DestinationNames.Of(_names, Probe.Group, group, shortName, pair.Host);
        Expect(pair.Destination.Length > 0, "destination.host", "is missing, and so is the tag dst_shortname");
        report.Add(pair);
    }

    private void ReadDestination(ref Utf8JsonReader json, ref PushedPair pair)
    {
        BeginObject(ref json, "destination");
        while (NextMember(ref json))
        {
            if (json.ValueTextEquals("host"u8)) pair.Host = ReadText(ref json, "destination.host");
            else if (json.ValueTextEquals("address"u8)) pair.Address = ReadText(ref json, "destination.address");
            else if (json.ValueTextEquals("port"u8)) pair.Port = (int)ReadCount(ref json, "destination.port", ushort.MaxValue);
            else json.Skip();
        }
    }

    /// <summary>Keeps the tags that are texts, and says which of them tell what probe the destination is.</summary>
    private (string? ShortName, string? Group) ReadTags(ref Utf8JsonReader json, PushedReport report, ref PushedPair pair)
    {
        string? shortName = null, group = null;
        int first = report.Tags.Count;
        BeginObject(ref json, "tags");
        while (NextMember(ref json))
        {
            bool isShortName = json.ValueTextEquals("dst_shortname"u8), isGroup = json.ValueTextEquals("group"u8);
            Expect(_key.TryTake(ref json, out ReadOnlySpan<byte> key), "tags", "have a key that is not well-formed Unicode");
            if (isShortName || isGroup)
            {
                string? name = ReadText(ref json, isGroup ? "tags.group" : "tags.dst_shortname");
                if (isGroup) group = name;
                else shortName = name;
            }
            else
            {
                json.Read();
            }

            if (json.TokenType == JsonTokenType.String)
            {
                Expect(_value.TryTake(ref json, out ReadOnlySpan<byte> value), "tags", "have a value that is not well-formed Unicode");
                report.Tags.Set(first, key, value);
                Expect(report.Tags.Count - first <= MaxTags, "tags", "are too many: a summary has at most 128");
            }
            else
            {
                json.Skip();
            }
        }

        pair.Tags = first..report.Tags.Count;
        return (shortName, group);
    }

    private DatagramCounts ReadCounts(ref Utf8JsonReader json)
    {
        long sent = 0, received = 0, lost = 0, late = 0, duplicates = 0, reordered = 0, errors = 0;
        long? lostForward = null, lostReverse = null;
        BeginObject(ref json, "datagrams");
        while (NextMember(ref json))
        {
            if (json.ValueTextEquals("sent"u8)) sent = ReadCount(ref json, "datagrams.sent");
            else if (json.ValueTextEquals("received"u8)) received = ReadCount(ref json, "datagrams.received");
            else if (json.ValueTextEquals("lost"u8)) lost = ReadCount(ref json, "datagrams.lost");
            else if (json.ValueTextEquals("lost_forward"u8)) lostForward = ReadCountOrNull(ref json, "datagrams.lost_forward");
            else if (json.ValueTextEquals("lost_reverse"u8)) lostReverse = ReadCountOrNull(ref json, "datagrams.lost_reverse");
            else if (json.ValueTextEquals("late"u8)) late = ReadCount(ref json, "datagrams.late");
            else if (json.ValueTextEquals("duplicates"u8)) duplicates = ReadCount(ref json, "datagrams.duplicates");
            else if (json.ValueTextEquals("reordered"u8)) reordered = ReadCount(ref json, "datagrams.reordered");
            else if (json.ValueTextEquals("send_errors"u8)) errors = ReadCount(ref json, "datagrams.send_errors");
            else json.Skip();
        }

        Expect(lost <= sent && received == sent - lost, "datagrams.sent", "is not received + lost");
        return new DatagramCounts
        {
            Sent = sent,
            Received = received,
            Lost = lost,
            LostForward = lostForward,
            LostReverse = lostReverse,
            Late = late,
            Duplicates = duplicates,
            Reordered = reordered,
            SendErrors = errors,
        };
    }

    private PushedRtt ReadRtt(ref Utf8JsonReader json, PushedReport report)
    {
        var rtt = default(PushedRtt);
        bool hasBuckets = false;
        long inBuckets = 0;
        BeginObject(ref json, "rtt");
        while (NextMember(ref json))
        {
            if (json.ValueTextEquals("count"u8)) rtt.Count = ReadCount(ref json, "rtt.count");
            else if (json.ValueTextEquals("sum_ns"u8)) rtt.SumNanos = ReadCount(ref json, "rtt.sum_ns");
            else if (json.ValueTextEquals("min_ns"u8)) rtt.MinNanos = ReadCountOrNull(ref json, "rtt.min_ns");
            else if (json.ValueTextEquals("mean_ns"u8)) rtt.MeanNanos = ReadNumberOrNull(ref json, "rtt.mean_ns");
            else if (json.ValueTextEquals("p50_ns"u8)) rtt.P50Nanos = ReadCountOrNull(ref json, "rtt.p50_ns");
            else if (json.ValueTextEquals("p90_ns"u8)) rtt.P90Nanos = ReadCountOrNull(ref json, "rtt.p90_ns");
            else if (json.ValueTextEquals("p99_ns"u8)) rtt.P99Nanos = ReadCountOrNull(ref json, "rtt.p99_ns");
            else if (json.ValueTextEquals("max_ns"u8)) rtt.MaxNanos = ReadCountOrNull(ref json, "rtt.max_ns");
            else if (json.ValueTextEquals("buckets"u8) && !hasBuckets) (hasBuckets, inBuckets) = (true, ReadBuckets(ref json, report));
            else json.Skip();
        }

        Expect(!hasBuckets || inBuckets == rtt.Count, "rtt.buckets", "do not add up to count");
        Expect(rtt.MinNanos is not { } min || rtt.MaxNanos is not { } max || min <= max, "rtt.min_ns", "is above max_ns");
        return rtt;
    }

    private long ReadBuckets(ref Utf8JsonReader json, PushedReport report)
    {
        long total = 0;
        int last = -1;
        BeginArray(ref json, "rtt.buckets");
        while (NextElement(ref json))
        {
            Expect(json.TokenType == JsonTokenType.StartArray, "rtt.buckets", "is not an array of [index, count]");
            int index = (int)ReadCount(ref json, "rtt.buckets", LogLinear.BucketCount - 1);
            long count = ReadCount(ref json, "rtt.buckets");
            Expect(!NextElement(ref json), "rtt.buckets", "is not an array of [index, count]");
            Expect(index > last && count > 0, "rtt.buckets", "have an index that is not above the one before it, or an empty bucket");
            Expect(count <= long.MaxValue - total, "rtt.buckets", "hold more than can be counted");
            Expect(report.BucketCount < MaxBuckets, "rtt.buckets", "are too many: a report has at most 2,097,152");
            report.Add(new LatencyBucket(index, count));
            last = index;
            total += count;
        }

        return total;
    }

    private PathMarks ReadPath(ref Utf8JsonReader json)
    {
        byte? forwardTtl = null, reverseTtl = null, forwardTos = null, reverseTos = null;
        long? forwardRemarked = null, reverseRemarked = null, ttlChanges = null;
        BeginObject(ref json, "path");
        while (NextMember(ref json))
        {
            if (json.ValueTextEquals("forward_ttl"u8)) forwardTtl = (byte?)ReadCountOrNull(ref json, "path.forward_ttl", byte.MaxValue);
            else if (json.ValueTextEquals("reverse_ttl"u8)) reverseTtl = (byte?)ReadCountOrNull(ref json, "path.reverse_ttl", byte.MaxValue);
            else if (json.ValueTextEquals("forward_tos"u8)) forwardTos = (byte?)ReadCountOrNull(ref json, "path.forward_tos", byte.MaxValue);
            else if (json.ValueTextEquals("reverse_tos"u8)) reverseTos = (byte?)ReadCountOrNull(ref json, "path.reverse_tos", byte.MaxValue);
            else if (json.ValueTextEquals("forward_remarked"u8)) forwardRemarked = ReadCountOrNull(ref json, "path.forward_remarked");
            else if (json.ValueTextEquals("reverse_remarked"u8)) reverseRemarked = ReadCountOrNull(ref json, "path.reverse_remarked");
            else if (json.ValueTextEquals("forward_ttl_changes"u8)) ttlChanges = ReadCountOrNull(ref json, "path.forward_ttl_changes");
            else json.Skip();
        }

        return new PathMarks
        {
            ForwardTtl = forwardTtl,
            ReverseTtl = reverseTtl,
            ForwardTos = forwardTos,
            ReverseTos = reverseTos,
            ForwardRemarked = forwardRemarked,
            ReverseRemarked = reverseRemarked,
            ForwardTtlChanges = ttlChanges,
        };
    }

    private void ReadFlows(ref Utf8JsonReader json, PushedReport report)
    {
        BeginArray(ref json, "flows");
        for (_flow = 0; NextElement(ref json); _flow++)
        {
            Expect(report.FlowCount < MaxFlows, "", "is one too many: a report has at most 262,144 flows");
            Expect(json.TokenType == JsonTokenType.StartObject, "", "is not an object");
            var flow = default(PushedFlow);
            while (NextMember(ref json))
            {
                if (json.ValueTextEquals("source_port"u8)) flow.SourcePort = (int)ReadCount(ref json, "source_port", ushort.MaxValue);
                else if (json.ValueTextEquals("datagrams"u8)) flow.Counts = ReadCounts(ref json);
                else if (json.ValueTextEquals("rtt"u8)) flow.Rtt = ReadRtt(ref json, report);
                else if (json.ValueTextEquals("path"u8)) flow.Path = ReadPath(ref json);
                else json.Skip();
            }

            report.Add(flow);
        }

        _flow = -1;
    }
}
