using Llama.Server.History.Prometheus;
using Llama.Server.Hosting;
using Llama.Storage.History;
using Microsoft.AspNetCore.Http;

namespace Llama.Server.History;

/// <summary>What /api/v2 tells of the past. Who may read is settled before; any thread may call it.</summary>
/// <param name="store">The history; null where none is kept.</param>
/// <param name="memberGroups">The groups that have probes at present.</param>
/// <param name="time">Its clocks.</param>
internal sealed class HistoryApi(IHistoryStore? store, Func<IEnumerable<string>> memberGroups, TimeProvider time)
{
    private const string Off = "This server keeps no history. It does when it is started with a directory for it (--data DIR, LLAMA_DATA) and --retention is not none.";

    private readonly QueryDesk _desk = new(time);

    /// <summary>The same for Prometheus' clients; null where none is kept.</summary>
    public PrometheusApi? Prometheus => store is null ? null : new PrometheusApi(store, _desk, time);

    /// <summary>The matrix of any time, and by tags.</summary>
    public Task MatrixAsync(HttpContext context) =>
        AnswerAsync(context, (kept, question, buffer) => new PastMatrix(kept, _desk).FindAsync(question, buffer, context.RequestAborted));

    /// <summary>Pairs over time.</summary>
    public Task SeriesAsync(HttpContext context) =>
        AnswerAsync(context, (kept, question, buffer) => new PastSeries(kept, _desk).FindAsync(question, buffer, context.RequestAborted));

    /// <summary>A group as a whole over time.</summary>
    public Task TimelineAsync(HttpContext context) =>
        AnswerAsync(context, (kept, question, buffer) => new PastTimeline(kept, _desk).FindAsync(question, buffer, context.RequestAborted));

    /// <summary>Flows of a pair over time.</summary>
    public Task FlowsAsync(HttpContext context) =>
        AnswerAsync(context, (kept, question, buffer) => new PastFlows(kept, _desk).FindAsync(question, buffer, context.RequestAborted));

    /// <summary>The worst pairs of a span.</summary>
    public Task WorstAsync(HttpContext context) =>
        AnswerAsync(context, (kept, question, buffer) => new WorstPairs(kept, _desk).FindAsync(question, buffer, context.RequestAborted));

    /// <summary>Events of a span.</summary>
    public Task EventsAsync(HttpContext context) =>
        AnswerAsync(context, (kept, question, buffer) => new PastEvents(kept, _desk).FindAsync(context, question, buffer));

    /// <summary>What is kept.</summary>
    public Task OverviewAsync(HttpContext context) =>
        AnswerAsync(context, (kept, question, buffer) => new HistoryOverview(kept, _desk).FindAsync(context, question, buffer));

    private Task AnswerAsync(HttpContext context, Func<IHistoryStore, HistoryQuestion, AnswerBuffer, Task<Answer?>> find) => store is null
        ? context.ReplyProblemAsync(StatusCodes.Status404NotFound, Off)
        : _desk.AnswerAsync(context, buffer => find(store, new HistoryQuestion(context, store, memberGroups(), time.GetUtcNow()), buffer));
}
