using System.Buffers;
using System.Text.Json;
using Llama.Mesh;
using Llama.Server.Discovery.Native;
using Llama.Server.Intake;
using Microsoft.AspNetCore.Http;

namespace Llama.Server.History;

/// <summary><c>/api/v2/intervals</c>: what is measured, as server-sent events while it comes in. Who may read is settled before; any thread may call it.</summary>
internal sealed class IntervalsResource(IntervalFeed feed, int mostStreams, TimeProvider time)
{
    private readonly EventStream<TakenInterval> _stream = new(feed, one => one.Sequence, _ => "interval", mostStreams, time);

    /// <summary>Answers with all that come from now on.</summary>
    public Task GetAsync(HttpContext context)
    {
        IQueryCollection query = context.Request.Query;
        string? group = query["group"].ToString() is { Length: > 0 } name ? name : null;
        byte? @class = null;
        if (query["class"].ToString() is { Length: > 0 } text && (@class = TrafficClass.Parse(text)) is null)
            return context.ReplyBadParameterAsync("class", "the name of a DSCP such as EF, or an octet from 0 to 255");
        IReadOnlyList<MatrixMetric>? metrics = query["metrics"].ToString() is { Length: > 0 } list ? MatrixMetrics.Parse(list) : [];
        if (metrics is null)
            return context.ReplyBadParameterAsync("metrics", $"a list of these, with commas between them, or all: {string.Join(", ", MatrixMetrics.All.Select(metric => metric.Name()))}");
        return _stream.PlaceOf(context) is { } place
            ? _stream.SendAsync(context, place, one => group is null || one.Group == group, (json, one) => Write(json, one, @class ?? one.LowestClass, metrics))
            : context.ReplyBadParameterAsync("after", "the id of an event of this stream");
    }

    private void Write(Utf8JsonWriter json, TakenInterval one, byte @class, IReadOnlyList<MatrixMetric> metrics)
    {
        json.WriteStartObject();
        json.WriteString("group"u8, one.Group);
        json.WriteString("source"u8, one.Source.Name);
        json.WriteTime("start"u8, one.Start);
        json.WriteTime("end"u8, one.End);
        json.WriteBoolean("suspect"u8, one.IsSuspect);
        json.WriteNumber("pairs"u8, one.Pairs);
        json.WriteNumber("sent"u8, one.Sent);
        json.WriteNumber("lost"u8, one.Lost);
        json.WriteNumber("lossy_pairs"u8, one.LossyPairs);
        if (metrics.Count > 0) WriteValues(json, one, @class, metrics);
        json.WriteEndObject();
    }

    private void WriteValues(Utf8JsonWriter json, TakenInterval one, byte @class, IReadOnlyList<MatrixMetric> metrics)
    {
        var pairs = new List<KeyValuePair<string, PairResult>>();
        lock (one.Source.Gate) one.Source.Find(@class)?.CopyTo(pairs, one.Start);
        DateTimeOffset now = time.GetUtcNow();
        json.WriteNumber("class"u8, @class);
        json.WriteStartArray("destinations"u8);
        foreach ((string destination, _) in pairs) json.WriteStringValue(destination);
        json.WriteEndArray();
        json.WriteStartObject("metrics"u8);
        long[] values = ArrayPool<long>.Shared.Rent(pairs.Count);
        byte[] text = [];
        foreach (MatrixMetric metric in metrics)
        {
            for (int i = 0; i < pairs.Count; i++) values[i] = PairValues.Of(metric, pairs[i].Value, now);
            PastJson.WriteValues(json, metric, values.AsSpan(0, pairs.Count), ref text);
        }

        ArrayPool<long>.Shared.Return(values);
        json.WriteEndObject();
    }
}
