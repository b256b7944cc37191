using Llama.Server.Discovery.Access;
using Llama.Server.History;
using Llama.Server.History.Prometheus;
using Llama.Server.Hosting;
using Llama.Server.Intake;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Llama.Server.Discovery.Native;

/// <summary>/api/v2 of the discovery server, and its description at /openapi/v2.json. Any thread may call it.</summary>
internal sealed class NativeApi
{
    private const int MostSegments = 8;
    private const int MostStreams = 1000;
    private const int MostIntervalStreams = 200;

    private readonly PrometheusApi? _prometheus;
    private readonly Func<HttpContext, Verdict> _mayRead;

    /// <summary>The API over a registry.</summary>
    /// <param name="registry">The probes.</param>
    /// <param name="intake">The summaries that probes push.</param>
    /// <param name="options">What the server was told.</param>
    /// <param name="access">Who may what.</param>
    /// <param name="clients">Where requests come from.</param>
    /// <param name="rates">How often each source may register.</param>
    /// <param name="mostWaiting">How many clients may wait for news at a time.</param>
    /// <param name="time">Its clocks.</param>
    public NativeApi(
        Registry registry,
        SummaryIntake intake,
        DiscoveryOptions options,
        AccessRules access,
        ClientAddresses clients,
        SourceRates rates,
        int mostWaiting,
        TimeProvider time)
    {
        var polls = new LongPolls(mostWaiting, time);
        var configs = new ConfigResource(registry, options, access, polls);
        var probes = new ProbeResource(registry, intake, options, access, clients, rates, configs, time);
        var groups = new GroupResource(registry, options, access);
        var listing = new ProbeListing(registry, intake, access);
        var overview = new OverviewResource(registry, intake, options, access, time);
        var events = new EventsResource(registry, access, polls, MostStreams, time);
        var history = new HistoryApi(options.History, () => registry.Groups.Select(group => group.Name), time);
        _prometheus = history.Prometheus;
        _mayRead = access.MayRead;
        var intervals = new IntervalsResource(intake.Intervals, MostIntervalStreams, time);
        Routes =
        [
            On("/api/v2/groups/{group}/probes/{name}/config", (HttpMethods.Get, configs.GetAsync)),
            On(
                "/api/v2/groups/{group}/probes/{name}",
                (HttpMethods.Get, probes.GetAsync),
                (HttpMethods.Put, probes.PutAsync),
                (HttpMethods.Delete, probes.DeleteAsync)),
            On("/api/v2/groups/{group}/probes", (HttpMethods.Get, listing.ListAsync)),
            On("/api/v2/groups/{group}", (HttpMethods.Get, groups.GetAsync)),
            On("/api/v2/groups", (HttpMethods.Get, groups.ListAsync)),
            On("/api/v2/probes", (HttpMethods.Get, listing.ListAllAsync)),
            On("/api/v2/overview", (HttpMethods.Get, (context, _) => overview.GetAsync(context))),
            On("/api/v2/events", (HttpMethods.Get, (context, path) => PastEvents.IsAskedFor(context.Request.Query)
                ? Read(context, history.EventsAsync)
                : events.GetAsync(context, path))),
            On(
                SummaryIntake.SummariesPath,
                (HttpMethods.Post, (context, _) => context.IsRefused(access.MayPushSomewhere(context), Problems.RegisterToken, out Task refusal)
                    ? refusal
                    : intake.Answer(context, SummaryIntake.SummariesPath)!)),
            On(
                SummaryIntake.MatrixPath,
                (HttpMethods.Get, (context, _) => Read(context, PastMatrix.IsAskedFor(context.Request.Query)
                    ? history.MatrixAsync
                    : newest => intake.Answer(newest, SummaryIntake.MatrixPath)!))),
            On("/api/v2/series", (HttpMethods.Get, (context, _) => Read(context, history.SeriesAsync))),
            On("/api/v2/timeline", (HttpMethods.Get, (context, _) => Read(context, history.TimelineAsync))),
            On("/api/v2/flows", (HttpMethods.Get, (context, _) => Read(context, history.FlowsAsync))),
            On("/api/v2/worst", (HttpMethods.Get, (context, _) => Read(context, history.WorstAsync))),
            On("/api/v2/history", (HttpMethods.Get, (context, _) => Read(context, history.OverviewAsync))),
            On("/api/v2/intervals", (HttpMethods.Get, (context, _) => Read(context, intervals.GetAsync))),
            On("/openapi/v2.json", (HttpMethods.Get, (context, _) => OpenApi.SendAsync(context))),
        ];

        Task Read(HttpContext context, Func<HttpContext, Task> answer) =>
            context.IsRefused(access.MayRead(context), Problems.ReadToken, out Task refusal) ? refusal : answer(context);
    }

    /// <summary>All there is.</summary>
    public IReadOnlyList<Route> Routes { get; }

    /// <summary>True for the paths that this API answers, be there something or not.</summary>
    public static bool Owns(string path) =>
        path.StartsWith("/api/v2/", StringComparison.Ordinal) || path.StartsWith("/openapi/", StringComparison.Ordinal) || path == "/api/v2";

    /// <summary>Answers a request. Goes by the path as it was sent: an escaped slash belongs to a name.</summary>
    public Task AnswerAsync(HttpContext context)
    {
        ReadOnlySpan<char> path = PathOf(context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget);
        Span<Range> segments = stackalloc Range[MostSegments];
        segments = segments[..path.Split(segments, '/')];
        foreach (Route route in Routes)
            if (route.Matches(path, segments, out ProbePath names)) return AnswerAsync(context, route, names);
        return context.ReplyProblemAsync(StatusCodes.Status404NotFound, $"There is no {path}. What there is stands in /openapi/v2.json.");
    }

    /// <summary>Answers what Prometheus' clients ask a history for; null where the path is another's, or there is no history.</summary>
    public Task? AnswerPrometheus(HttpContext context, string path) => _prometheus?.Answer(context, path, () =>
        context.IsRefused(_mayRead(context), Problems.ReadToken, out Task refusal) ? refusal : null);

    private static Task AnswerAsync(HttpContext context, Route route, ProbePath names)
    {
        string method = context.Request.Method;
        if (route.Methods.TryGetValue(HttpMethods.IsHead(method) ? HttpMethods.Get : method, out Func<HttpContext, ProbePath, Task>? answer))
            return answer(context, names);
        context.Response.Headers.Allow = route.Allow;
        if (!HttpMethods.IsOptions(method))
            return context.ReplyProblemAsync(StatusCodes.Status405MethodNotAllowed, $"This resource takes {route.Allow}, and not {method}.");
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    /// <summary>The path of a request's target, which may be a whole URL (RFC 9112, section 3.2.2).</summary>
    private static ReadOnlySpan<char> PathOf(ReadOnlySpan<char> target)
    {
        int query = target.IndexOf('?');
        if (query >= 0) target = target[..query];
        if (target.StartsWith("/")) return target;
        int authority = target.IndexOf("://");
        int path = authority < 0 ? -1 : target[(authority + 3)..].IndexOf('/');
        return path < 0 ? "/" : target[(authority + 3 + path)..];
    }

    private static Route On(string path, params (string Method, Func<HttpContext, ProbePath, Task> Answer)[] methods) =>
        new(path, methods.ToDictionary(entry => entry.Method, entry => entry.Answer));
}
