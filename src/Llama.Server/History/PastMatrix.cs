using Llama.Server.Intake;
using Llama.Storage.History;
using Microsoft.AspNetCore.Http;

namespace Llama.Server.History;

/// <summary><c>/api/v2/matrix</c> of any time, and by tags.</summary>
internal sealed class PastMatrix(IHistoryStore store, QueryDesk desk)
{
    private static readonly TimeSpan ShortestWindow = TimeSpan.FromMinutes(3);

    private static readonly MatrixMetric[] OfTables = [MatrixMetric.Loss, MatrixMetric.RttP50, MatrixMetric.Suspect, MatrixMetric.Stale];

    private static readonly string[] Parameters = ["at", "window", "from", "to", .. HistoryQuestion.TagParameters];

    /// <summary>True when a request asks for more than the newest interval of each pair by name.</summary>
    public static bool IsAskedFor(IQueryCollection query) =>
        Parameters.Any(query.ContainsKey) || query["class"] == "all";

    /// <summary>Finds the answer; null when the client has it.</summary>
    public async Task<Answer?> FindAsync(HistoryQuestion question, AnswerBuffer buffer, CancellationToken client)
    {
        if (!question.Lacks("at") && (!question.Lacks("from") || !question.Lacks("to")))
            throw new QueryRefusedException(StatusCodes.Status400BadRequest, "The parameter at goes without from and to.");
        MatrixFormat format = question.Format(hasText: true);
        IReadOnlyList<MatrixMetric> metrics = question.Metrics(MatrixMetrics.Default);
        bool isSpan = !question.Lacks("from") || !question.Lacks("to");
        DateTimeOffset at = question.Time("at") ?? question.CoarseNow;
        TimeSpan? window = question.Length("window");
        (DateTimeOffset from, DateTimeOffset to) = isSpan ? question.Span() : (at - (window ?? ShortestWindow), at);
        HistoryQuery query = question.Query(from, to, metrics);
        if (question.IsAnswered(isSpan ? to : to.AddTicks(1), format, from.UtcTicks, to.UtcTicks)) return null;

        MatrixMetric[] held = format == MatrixFormat.Text ? OfTables : [.. metrics];
        query = query with { Detail = PairValues.DetailOf(held), IsNewestOnly = !isSpan };
        var cells = new PastCells(held, to, buffer);
        HistoryAnswer answer = await desk.AskAsync(
            async cancellation =>
            {
                if (!isSpan)
                {
                    // Of the newest, those that had begun by then.
                    from = window is null ? at - await WindowAtAsync(at, cancellation) : from;
                    query = query with { From = from, To = to.AddTicks(1) };
                }

                return await store.QueryAsync(query, cells.Take, cancellation);
            },
            client);
        cells.Arrange(OrderOf(query.SourceBy, question.Group.Sources.Select(source => source.Name)), OrderOf(query.DestinationBy, DestinationsOf(question.Group)));
        var span = new MatrixSpan(from, to, answer.Oldest, answer.Newest);
        var view = new MatrixView(question.Group.Name, query.Class, question.Group.Classes, metrics, cells, question.Now, span);
        return (output, cancellation) => view.WriteAsync(format, output, cancellation);
    }

    /// <summary>How far back to look for the newest interval: as far as one point of what is kept of that time reaches.</summary>
    private async Task<TimeSpan> WindowAtAsync(DateTimeOffset at, CancellationToken cancellation)
    {
        TimeSpan kept = TimeStep.Kept(await store.SpansAsync(cancellation), at);
        return kept > ShortestWindow ? kept : ShortestWindow;
    }

    /// <summary>Columns in the order of rows as far as they have one.</summary>
    private static IEnumerable<string> DestinationsOf(HistoryGroup group) =>
        group.Sources.Select(source => source.Name).Concat(group.Destinations.Select(destination => destination.Name));

    /// <summary>Names as they came to be known; values of tags by the alphabet.</summary>
    private static IComparer<string> OrderOf(string? by, IEnumerable<string> names)
    {
        if (by != HistoryQuery.ByName) return StringComparer.Ordinal;
        var places = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (string name in names) places.TryAdd(name, places.Count);
        return Comparer<string>.Create((left, right) =>
        {
            int order = PlaceOf(left).CompareTo(PlaceOf(right));
            return order != 0 ? order : string.CompareOrdinal(left, right);
        });

        int PlaceOf(string name) => places.GetValueOrDefault(name, int.MaxValue);
    }
}
