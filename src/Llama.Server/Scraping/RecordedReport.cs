using System.Text;
using Llama.Engine.Summaries;
using Llama.Server.Intake;
using Llama.Server.Sinks.Records;

namespace Llama.Server.Scraping;

/// <summary>
/// Reads the record of a scraped report back as one that was pushed, so that both go the same way. Of an original's points it takes what
/// was sent and lost and the mean round trip. Any thread may call it.
/// </summary>
internal static class RecordedReport
{
    /// <summary>Reads a record.</summary>
    /// <param name="record">What a scraper made.</param>
    /// <param name="names">Has a string for each name.</param>
    /// <param name="group">The group of the source.</param>
    /// <param name="report">Has the report afterwards.</param>
    /// <exception cref="InvalidDataException">It is no record.</exception>
    public static void Read(ReadOnlySpan<byte> record, NamePool names, string group, PushedReport report)
    {
        report.Clear();
        var row = new ReportReader(record);
        (report.Start, report.End, report.IsSuspect) = (row.Start, row.End, row.Flags.HasFlag(RecordFlags.Suspect));
        PushedPair? pending = null;
        while (row.NextRow())
        {
            if (row.Kind == RowKind.Flow)
            {
                report.Add(Flow(row));
                continue;
            }

            Finish(ref pending, report);
            if (row.Measures[Measure.Sent] is not { } sent || row.Measures[Measure.Lost] is not { } lost || lost > sent) continue;
            PushedPair pair = Numbers(row.Measures);
            SetDestination(ref pair, row, names, group);
            if (pair.Destination.Length == 0) continue;
            pair.Tags = AddTags(row.Tags, report);
            pair.Buckets = AddBuckets(row.Buckets, report);
            pair.Flows = report.FlowCount..report.FlowCount;
            pending = pair;
        }

        Finish(ref pending, report);
    }

    private static void Finish(ref PushedPair? pending, PushedReport report)
    {
        if (pending is not { } pair) return;
        pair.Flows = pair.Flows.Start..report.FlowCount;
        report.Add(pair);
        pending = null;
    }

    private static void SetDestination(ref PushedPair pair, in ReportReader row, NamePool names, string group)
    {
        string? shortName = Text(row.Tags.Find("dst_shortname"u8), names);
        if (row.Kind == RowKind.Pair)
        {
            (pair.Source, pair.Host, pair.Address) = (Text(row.Source, names), Text(row.Host, names), Text(row.Address, names));
            (pair.Port, pair.Class) = (row.Port, row.Class);
        }
        else
        {
            // What the original's collectors say besides the tags of their configuration.
            (pair.Source, pair.Host) = (Text(row.Tags.Find("src_ip"u8), names), Text(row.Tags.Find("dst_ip"u8), names));
            pair.Address = pair.Host;
            shortName ??= Text(row.Tags.Find("dst_name"u8), names);
        }

        pair.Destination = DestinationNames.Of(names, group, Text(row.Tags.Find("group"u8), names), shortName, pair.Host);
    }

    private static Range AddTags(TextPairs tags, PushedReport report)
    {
        int first = report.Tags.Count;
        foreach (TextPair tag in tags) report.Tags.Set(first, tag.Key, tag.Value);
        return first..report.Tags.Count;
    }

    private static Range AddBuckets(BucketList buckets, PushedReport report)
    {
        int first = report.BucketCount;
        foreach (LatencyBucket bucket in buckets) report.Add(bucket);
        return first..report.BucketCount;
    }

    private static PushedPair Numbers(in Measures measures) => new()
    {
        Counts = Counts(measures),
        Rtt = Rtt(measures),
        JitterNanos = measures[Measure.Jitter],
        DelayVariationNanos = measures[Measure.DelayVariation],
        ForwardDelayVariationNanos = measures[Measure.ForwardDelayVariation],
        ReverseDelayVariationNanos = measures[Measure.ReverseDelayVariation],
        Path = Path(measures),
    };

    private static PushedFlow Flow(in ReportReader row) => new()
    {
        SourcePort = row.SourcePort,
        Counts = Counts(row.Measures),
        Rtt = Rtt(row.Measures),
        Path = Path(row.Measures),
    };

    private static DatagramCounts Counts(in Measures measures)
    {
        long sent = measures[Measure.Sent] ?? 0, lost = measures[Measure.Lost] ?? 0;
        return new DatagramCounts
        {
            Sent = sent,
            Received = sent - lost,
            Lost = lost,
            LostForward = measures[Measure.LostForward],
            LostReverse = measures[Measure.LostReverse],
            Late = measures[Measure.Late] ?? 0,
            Duplicates = measures[Measure.Duplicates] ?? 0,
            Reordered = measures[Measure.Reordered] ?? 0,
            SendErrors = measures[Measure.SendErrors] ?? 0,
        };
    }

    private static PushedRtt Rtt(in Measures measures) => new()
    {
        Count = measures[Measure.RttCount] ?? 0,
        SumNanos = measures[Measure.RttSum] ?? 0,
        MinNanos = measures[Measure.RttMin],
        MeanNanos = measures[Measure.RttMean],
        P50Nanos = measures[Measure.RttP50],
        P90Nanos = measures[Measure.RttP90],
        P99Nanos = measures[Measure.RttP99],
        MaxNanos = measures[Measure.RttMax],
    };

    private static PathMarks Path(in Measures measures) => new()
    {
        ForwardTtl = (byte?)measures[Measure.ForwardTtl],
        ReverseTtl = (byte?)measures[Measure.ReverseTtl],
        ForwardTos = (byte?)measures[Measure.ForwardTos],
        ReverseTos = (byte?)measures[Measure.ReverseTos],
        ForwardRemarked = measures[Measure.ForwardRemarked],
        ReverseRemarked = measures[Measure.ReverseRemarked],
        ForwardTtlChanges = measures[Measure.ForwardTtlChanges],
    };

    /// <summary>A name, as long as names may be; null where there is none.</summary>
    private static string? Text(ReadOnlySpan<byte> octets, NamePool names)
    {
        if (octets.IsEmpty) return null;
        if (octets.Length > 3 * PushReader.MaxNameLength) octets = octets[..(3 * PushReader.MaxNameLength)];
        Span<char> text = stackalloc char[3 * PushReader.MaxNameLength];
        int length = Encoding.UTF8.GetChars(octets, text);
        return names.Get(text[..Math.Min(length, PushReader.MaxNameLength)]);
    }
}
