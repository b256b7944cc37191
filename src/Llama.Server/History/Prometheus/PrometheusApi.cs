using System.Globalization;
using System.Text.Json;
using Llama.Server.Discovery.Native;
using Llama.Server.Hosting;
using Llama.Storage.History;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Llama.Server.History.Prometheus;

/// <summary>
/// As much of Prometheus' HTTP API as a Grafana data source needs to draw what a history has: selectors, and no PromQL beyond them. Who
/// may read is settled before; any thread may call it.
/// </summary>
internal sealed class PrometheusApi(IHistoryStore store, QueryDesk desk, TimeProvider time)
{
    private const string Root = "/api/v1/";
    private const int MostSteps = 11_000;
    private const int MostSeries = 100_000;

    private static readonly TimeSpan LookBack = TimeSpan.FromMinutes(5);

    /// <summary>Answers a request, or returns null where the path is another's.</summary>
    /// <param name="context">The request.</param>
    /// <param name="path">Its path.</param>
    /// <param name="refuse">Answers one that may not read; null for one that may.</param>
    public Task? Answer(HttpContext context, string path, Func<Task?> refuse) =>
        path.StartsWith(Root, StringComparison.Ordinal) && Find(path[Root.Length..]) is { } answer ? refuse() ?? AnswerAsync(context, answer) : null;

    private Func<Call, Utf8JsonWriter, Task>? Find(string path) => path switch
    {
        "query" => QueryAsync,
        "query_range" => QueryRangeAsync,
        "series" => SeriesAsync,
        "labels" => (_, json) => Write(json, Labels().Select(label => label.Key)),
        "status/buildinfo" => (_, json) => WriteBuild(json),
        _ when path.Split('/') is ["label", var name, "values"] => (_, json) => Write(json, Labels().Where(label => label.Key == name).Select(label => label.Value)),
        _ => null,
    };

    private async Task AnswerAsync(HttpContext context, Func<Call, Utf8JsonWriter, Task> answer)
    {
        if (!HttpMethods.IsPost(context.Request.Method) && !context.IsRead(out Task refusal))
        {
            await refusal;
            return;
        }

        await desk.AnswerAsync(
            context,
            async buffer =>
            {
                var call = new Call(context, await ParametersAsync(context), time.GetUtcNow());
                using Utf8JsonWriter json = PastJson.Writer(buffer);
                json.WriteStartObject();
                json.WriteString("status"u8, "success"u8);
                await answer(call, json);
                json.WriteEndObject();
                json.Flush();
                context.Response.ContentType = JsonReplies.Type;
                context.Response.Headers.CacheControl = "no-cache";
                return HttpMethods.IsHead(context.Request.Method) ? null : buffer.WriteToAsync;
            },
            (status, error) => RefuseAsync(context, status, error));
    }

    private static async Task<Func<string, StringValues>> ParametersAsync(HttpContext context)
    {
        if (!HttpMethods.IsPost(context.Request.Method) || !context.Request.HasFormContentType) return name => context.Request.Query[name];
        try
        {
            IFormCollection form = await context.Request.ReadFormAsync(context.RequestAborted);
            return name => form.TryGetValue(name, out StringValues value) ? value : context.Request.Query[name];
        }
        catch (InvalidDataException e)
        {
            throw new QueryRefusedException(StatusCodes.Status400BadRequest, $"The form can't be read: {e.Message}");
        }
    }

    /// <summary>The newest interval of each pair within five minutes.</summary>
    private async Task QueryAsync(Call call, Utf8JsonWriter json)
    {
        DateTimeOffset at = call.Time("time") ?? call.Now;
        string text = call.Text("query");
        json.WriteStartObject("data"u8);

        // What Grafana tries a data source with.
        if (Sum(text) is { } sum)
        {
            json.WriteString("resultType"u8, "scalar"u8);
            json.WritePropertyName("result"u8);
            Write(json, at, sum);
        }
        else
        {
            json.WriteString("resultType"u8, "vector"u8);
            json.WriteStartArray("result"u8);
            await FindAsync(call, Selector.Parse(text), query => query with { From = at - LookBack, To = at.AddTicks(1), IsNewestOnly = true }, (labels, series, metric) =>
            {
                if (metric.Of(series.Points[^1].Totals) is not { } value) return;
                json.WriteStartObject();
                Write(json, "metric", labels);
                json.WritePropertyName("value"u8);
                Write(json, at, value);
                json.WriteEndObject();
            });
            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    /// <summary>At each moment what the step had that was over by then; what is kept more coarsely stays for as long as it is.</summary>
    private async Task QueryRangeAsync(Call call, Utf8JsonWriter json)
    {
        (DateTimeOffset start, DateTimeOffset end) = (call.Time("start") ?? throw Call.Bad("start"), call.Time("end") ?? throw Call.Bad("end"));
        TimeSpan step = TimeStep.Parse(call.Text("step")) is { } given && given > TimeSpan.Zero ? given : throw Call.Bad("step");
        if (start > end) throw Call.Bad("start");
        if ((end - start) / step > MostSteps)
            throw new QueryRefusedException(StatusCodes.Status422UnprocessableEntity, string.Create(CultureInfo.InvariantCulture, $"There are at most {MostSteps:#,0} steps: ask for a longer step or a shorter range."));
        json.WriteStartObject("data"u8);
        json.WriteString("resultType"u8, "matrix"u8);
        json.WriteStartArray("result"u8);
        await FindAsync(call, Selector.Parse(call.Text("query")), query => query with { From = start - step, To = end, Step = step, MaxPoints = HistoryLimits.MostValues }, (labels, series, metric) =>
        {
            json.WriteStartObject();
            Write(json, "metric", labels);
            json.WriteStartArray("values"u8);
            long next = 0;
            foreach (HistoryPoint point in series.Points)
            {
                DateTimeOffset over = point.At + step;
                double? value = metric.Of(point.Totals);
                long first = Math.Max(next, (long)Math.Ceiling((over - start) / step));
                long last = point.Totals.End > over ? (long)Math.Ceiling((point.Totals.End - start) / step) : first;
                for (long i = first; i <= last && start + i * step <= end; i++)
                {
                    if (value is { } known) Write(json, start + i * step, known);
                    next = i + 1;
                }
            }

            json.WriteEndArray();
            json.WriteEndObject();
        });
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private async Task SeriesAsync(Call call, Utf8JsonWriter json)
    {
        DateTimeOffset end = call.Time("end") ?? call.Now, start = call.Time("start") ?? end - TimeSpan.FromHours(1);
        json.WriteStartArray("data"u8);
        foreach (string? match in call.Values("match[]"))
            await FindAsync(call, Selector.Parse(match ?? ""), query => query with { From = start, To = end, Detail = HistoryDetail.Counts }, (labels, _, _) => Write(json, null, labels));
        json.WriteEndArray();
    }

    /// <summary>Hands out each series that a selector means, metric by metric.</summary>
    private Task FindAsync(Call call, Selector selector, Func<HistoryQuery, HistoryQuery> adapt, Action<Dictionary<string, string>, HistorySeries, PastMetric> take)
    {
        PastMetric[] metrics = [.. PastMetric.All.Where(metric => selector.Matchers.All(matcher => matcher.Label != Selector.NameLabel || matcher.Takes(metric.Name)))];
        bool isWanted(string label, string value) => selector.Matchers.All(matcher => matcher.Label != label || matcher.Takes(value));
        int found = 0;
        return metrics.Length == 0 ? Task.CompletedTask : desk.AskAsync(
            async cancellation =>
            {
                foreach (HistoryGroup group in store.Groups.Where(name => isWanted("group", name)).Order(StringComparer.Ordinal).Select(store.Find).OfType<HistoryGroup>())
                {
                    var labels = new PairLabelSet(group);
                    foreach (byte @class in group.Classes.Where(one => isWanted("class", Mesh.TrafficClass.Name(one))))
                    {
                        var query = new HistoryQuery
                        {
                            Group = group.Name,
                            From = default,
                            To = default,
                            Class = @class,
                            Sources = Exact("source"),
                            Destinations = Exact("destination"),
                            Detail = metrics.Aggregate(HistoryDetail.Counts, (all, metric) => all | metric.Detail),
                        };
                        await store.QueryAsync(adapt(query), series => Take(labels, @class, series), cancellation);
                    }
                }

                return true;
            },
            call.Client);

        // Fewer to read; what an asterisk takes besides is left out below.
        IReadOnlyList<LabelMatch> Exact(string label) =>
            [.. selector.Matchers.Where(matcher => matcher.Label == label && matcher.IsExact).Take(1).Select(matcher => new LabelMatch(HistoryQuery.ByName, matcher.Value))];

        void Take(PairLabelSet names, byte @class, HistorySeries series)
        {
            if (!isWanted("source", series.Source) || !isWanted("destination", series.Destination)) return;
            foreach (PastMetric metric in metrics)
            {
                Dictionary<string, string> labels = names.Of(metric, @class, series.Source, series.Destination);
                if (!selector.Takes(label => labels.GetValueOrDefault(label, ""))) continue;
                if (++found > MostSeries)
                    throw new QueryRefusedException(StatusCodes.Status422UnprocessableEntity, string.Create(CultureInfo.InvariantCulture, $"There are more than {MostSeries:#,0} series: select fewer."));
                take(labels, series, metric);
            }
        }
    }

    private IEnumerable<KeyValuePair<string, string>> Labels() =>
    [
        .. PastMetric.All.Select(metric => KeyValuePair.Create(Selector.NameLabel, metric.Name)),
        .. PastMetric.All.Where(metric => metric.Extra.Label is not null).Select(metric => KeyValuePair.Create(metric.Extra.Label, metric.Extra.Value)),
        .. store.Groups.Select(store.Find).OfType<HistoryGroup>().SelectMany(group => new PairLabelSet(group).All()),
    ];

    private static Task RefuseAsync(HttpContext context, int status, string error) => context.ReplyObjectAsync(status, json =>
    {
        json.WriteString("status"u8, "error"u8);
        json.WriteString("errorType"u8, status switch { StatusCodes.Status400BadRequest => "bad_data"u8, StatusCodes.Status422UnprocessableEntity => "execution"u8, _ => "unavailable"u8 });
        json.WriteString("error"u8, error);
    });

    private static Task Write(Utf8JsonWriter json, IEnumerable<string> texts)
    {
        json.WriteStartArray("data"u8);
        foreach (string text in texts.Distinct().Order(StringComparer.Ordinal)) json.WriteStringValue(text);
        json.WriteEndArray();
        return Task.CompletedTask;
    }

    /// <summary>Which of Prometheus' interfaces this is like: that of a version whose clients ask for no more.</summary>
    private static Task WriteBuild(Utf8JsonWriter json)
    {
        json.WriteStartObject("data"u8);
        json.WriteString("application"u8, "llama"u8);
        json.WriteString("version"u8, "2.0.0"u8);
        json.WriteEndObject();
        return Task.CompletedTask;
    }

    private static void Write(Utf8JsonWriter json, string? member, Dictionary<string, string> labels)
    {
        if (member is null) json.WriteStartObject();
        else json.WriteStartObject(member);
        foreach ((string label, string value) in labels) json.WriteString(label, value);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, DateTimeOffset at, double value)
    {
        json.WriteStartArray();
        json.WriteNumberValue(at.ToUnixTimeMilliseconds() / 1000m);
        json.WriteStringValue(value.ToString("R", CultureInfo.InvariantCulture));
        json.WriteEndArray();
    }

    private static double? Sum(string text)
    {
        double sum = 0;
        foreach (string part in text.Split('+'))
        {
            if (!double.TryParse(part, NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out double number)) return null;
            sum += number;
        }

        return sum;
    }

    /// <summary>A request with its parameters.</summary>
    private sealed class Call(HttpContext context, Func<string, StringValues> values, DateTimeOffset now)
    {
        public DateTimeOffset Now => now;

        public CancellationToken Client => context.RequestAborted;

        public StringValues Values(string name) => values(name);

        public string Text(string name) => values(name).ToString();

        public DateTimeOffset? Time(string name) => Text(name) is { Length: > 0 } text ? TimePoint.Parse(text, now) ?? throw Bad(name) : null;

        public static QueryRefusedException Bad(string name) =>
            new(StatusCodes.Status400BadRequest, $"The parameter {name} is missing, or is not what it can be: start and end are Unix seconds or RFC 3339, start not behind end, step is seconds or as in 5m.");
    }
}
