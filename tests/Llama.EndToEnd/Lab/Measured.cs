using System.Net;
using System.Text.Json;

namespace Llama.EndToEnd.Lab;

/// <summary>One interval as /api/v2/summaries tells it.</summary>
internal sealed record MeasuredInterval(DateTimeOffset Start, DateTimeOffset End, JsonElement Json)
{
    /// <summary>Null before there is one.</summary>
    public static MeasuredInterval? Read(string body)
    {
        JsonElement json = JsonDocument.Parse(body).RootElement;
        return json.GetProperty("start").ValueKind == JsonValueKind.Null
            ? null
            : new MeasuredInterval(json.GetProperty("start").GetDateTimeOffset(), json.GetProperty("end").GetDateTimeOffset(), json);
    }

    /// <summary>True where the collector does not trust itself.</summary>
    public bool IsSuspect => Json.GetProperty("suspect").GetArrayLength() > 0;
}

/// <summary>What a collector measured in one interval or several.</summary>
internal sealed record Measured(IReadOnlyList<MeasuredInterval> Intervals)
{
    /// <summary>Replies that the collector's own sockets dropped.</summary>
    public long ReceiveDrops => Health("receive_drops");

    /// <summary>Datagrams of the schedule that the collector had no time for.</summary>
    public long SkippedSends => Health("skipped_sends");

    /// <summary>All pairs and classes together.</summary>
    public MeasuredCounts Total => MeasuredCounts.Sum(Intervals.SelectMany(interval => interval.Json.GetProperty("summaries").EnumerateArray()));

    private long Health(string name) => Intervals.Sum(interval => interval.Json.GetProperty("health").GetProperty(name).GetInt64());

    /// <summary>What it measured to a target, in one class.</summary>
    public MeasuredPair To(IPEndPoint target, byte @class = 0)
    {
        JsonElement[] summaries = [.. Intervals.SelectMany(interval => interval.Json.GetProperty("summaries").EnumerateArray()).Where(summary =>
            summary.GetProperty("class").GetByte() == @class
            && summary.GetProperty("destination").GetProperty("address").GetString() == target.Address.ToString()
            && summary.GetProperty("destination").GetProperty("port").GetInt32() == target.Port)];
        return summaries.Length > 0 ? new MeasuredPair(summaries) : throw new InvalidOperationException($"Nothing was sent to {target} in class {@class}.");
    }
}

/// <summary>What a collector measured of one pair and class: one summary for each interval.</summary>
internal sealed record MeasuredPair(IReadOnlyList<JsonElement> Summaries)
{
    public MeasuredCounts Counts => MeasuredCounts.Sum(Summaries);

    /// <summary>The flows, by source port.</summary>
    public IReadOnlyDictionary<int, MeasuredCounts> Flows => Summaries
        .SelectMany(summary => summary.GetProperty("flows").EnumerateArray())
        .GroupBy(flow => flow.GetProperty("source_port").GetInt32())
        .ToDictionary(flow => flow.Key, MeasuredCounts.Sum);

    /// <summary>Source ports of flows that lost anything.</summary>
    public int[] LossyPorts => [.. Flows.Where(flow => flow.Value.Lost > 0).Select(flow => flow.Key).Order()];

    /// <summary>A value of the last interval, as in <c>path.forward_tos</c>; null where it was not measured.</summary>
    public double? Last(string path) => Number(Summaries[^1], path);

    /// <summary>A value of a flow in the last interval.</summary>
    public double? LastOfFlow(int sourcePort, string path) => Number(
        Summaries[^1].GetProperty("flows").EnumerateArray().Single(flow => flow.GetProperty("source_port").GetInt32() == sourcePort), path);

    /// <summary>The sum of a value over the intervals.</summary>
    public double Sum(string path) => Summaries.Sum(summary => Number(summary, path) ?? 0);

    private static double? Number(JsonElement element, string path)
    {
        foreach (string name in path.Split('.')) element = element.GetProperty(name);
        return element.ValueKind == JsonValueKind.Null ? null : element.GetDouble();
    }
}

/// <summary>Counts of datagrams. Those of a direction are null where it can't be known for a part of them.</summary>
internal sealed record MeasuredCounts(long Sent, long Received, long Lost, long? LostForward, long? LostReverse, long Late)
{
    /// <summary>Lost, and not because a reply came too late.</summary>
    public long Vanished => Lost - Late;

    public static MeasuredCounts Add(MeasuredCounts one, MeasuredCounts other) => new(
        one.Sent + other.Sent,
        one.Received + other.Received,
        one.Lost + other.Lost,
        one.LostForward + other.LostForward,
        one.LostReverse + other.LostReverse,
        one.Late + other.Late);

    /// <summary>Adds up summaries or flows.</summary>
    public static MeasuredCounts Sum(IEnumerable<JsonElement> parts)
    {
        JsonElement[] counts = [.. parts.Select(part => part.GetProperty("datagrams"))];
        long? Add(string name)
        {
            long?[] values = [.. counts.Select(count => count.GetProperty(name)).Select(value => value.ValueKind == JsonValueKind.Null ? (long?)null : value.GetInt64())];
            return values.Contains(null) ? null : values.Sum();
        }

        return new MeasuredCounts(Add("sent")!.Value, Add("received")!.Value, Add("lost")!.Value, Add("lost_forward"), Add("lost_reverse"), Add("late")!.Value);
    }
}
