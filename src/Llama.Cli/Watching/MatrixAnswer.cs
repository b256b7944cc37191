using System.Text.Json;
using Llama.Cli.Matrix;
using Llama.Engine.Summaries;

namespace Llama.Cli.Watching;

/// <summary>A server's matrix. Immutable.</summary>
/// <param name="Group">The group, as the server calls it.</param>
/// <param name="Facts">What it is of, for the first line.</param>
/// <param name="Matrix">The matrix.</param>
/// <param name="HasPairs">True when anything was measured.</param>
internal sealed record MatrixAnswer(string Group, IReadOnlyList<string> Facts, MatrixSnapshot Matrix, bool HasPairs)
{
    private const string Loss = "loss", Forward = "loss_forward", Reverse = "loss_reverse", Sent = "sent", Median = "rtt_p50", Suspect = "suspect", Age = "age";

    /// <summary>The metrics to ask for, so that cells have a state and findings have words, besides those that are wanted.</summary>
    public static IEnumerable<string> Needed(IReadOnlyList<string> wanted, bool isNow) =>
        ((string[])[Loss, Forward, Reverse, Sent, Median, Suspect, .. isNow ? (string[])[Age] : []]).Union(wanted);

    /// <summary>Reads an answer.</summary>
    /// <param name="body">JSON.</param>
    /// <param name="wanted">The metrics that cells show.</param>
    /// <param name="isMoment">True where it shows the newest intervals before its end.</param>
    /// <param name="staleSeconds">The age from which there should have been news; null where age means nothing.</param>
    /// <exception cref="JsonException">It is none.</exception>
    public static MatrixAnswer Read(ReadOnlyMemory<byte> body, IReadOnlyList<string> wanted, bool isMoment, double? staleSeconds)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            return Read(document.RootElement, wanted, isMoment, staleSeconds);
        }
        catch (Exception error) when (error is InvalidOperationException or KeyNotFoundException)
        {
            throw new JsonException("The matrix has another form.", error);
        }
    }

    /// <summary>The group of an answer; empty where it has none.</summary>
    /// <exception cref="JsonException">It is no answer.</exception>
    public static string GroupOf(ReadOnlyMemory<byte> body)
    {
        var json = new Utf8JsonReader(body.Span);
        while (json.Read())
        {
            if (json.CurrentDepth == 1 && json.TokenType == JsonTokenType.PropertyName && json.ValueTextEquals("group"u8))
                return json.Read() && json.TokenType == JsonTokenType.String ? json.GetString()! : "";
        }

        return "";
    }

    private static MatrixAnswer Read(JsonElement json, IReadOnlyList<string> wanted, bool isMoment, double? staleSeconds)
    {
        string[] sources = MeshJson.Names(json.GetProperty("sources"));
        string[] destinations = MeshJson.Names(json.GetProperty("destinations"));
        JsonElement metrics = json.GetProperty("metrics"), units = json.GetProperty("units");
        string[] besides = [.. wanted.Except([Loss, Median])];
        MatrixField[] fields = [.. wanted.Select(metric => Field(metric, Array.IndexOf(besides, metric), units))];
        var rows = new List<PairCell?[]>(sources.Length);
        var suspects = new Dictionary<string, IReadOnlyList<SuspectReason>>();
        string[] read = [.. Needed(wanted, staleSeconds is not null)];
        double?[] values = new double?[read.Length];
        JsonElement.ArrayEnumerator[] rowsOf = [.. read.Select(metric => metrics.GetProperty(metric).EnumerateArray())];
        foreach (string source in sources)
        {
            var row = new PairCell?[destinations.Length];
            JsonElement.ArrayEnumerator[] cells = [.. Enumerable.Range(0, read.Length).Select(each => Next(rowsOf, each).EnumerateArray())];
            for (int column = 0; column < row.Length; column++)
            {
                for (int each = 0; each < read.Length; each++) values[each] = MeshJson.Number(Next(cells, each));
                row[column] = Cell(read, values, besides, staleSeconds);
                if (row[column] is { IsSuspect: true }) suspects.TryAdd(source, []);
            }

            rows.Add(row);
        }

        DateTimeOffset now = MeshJson.Time(json, "now") ?? default;
        DateTimeOffset? from = MeshJson.Time(json, "from"), to = MeshJson.Time(json, "to");
        var matrix = new MatrixSnapshot
        {
            Start = from ?? now,
            End = to ?? now,
            Sources = sources,
            Destinations = destinations,
            Rows = rows,
            Fields = fields,
            Suspects = suspects,
        };
        string[] facts = [.. MeshJson.Subject(json), When(), .. LeftOut(json)];
        return new MatrixAnswer(json.GetProperty("group").GetString() ?? "", facts, matrix, matrix.Pairs.Any());

        string When() => from is null || to is null ? MeshJson.Moment(now)
            : isMoment ? $"as of {MeshJson.Moment(to.Value)}"
            : MeshJson.Span(from.Value, to.Value);
    }

    private static MatrixField Field(string metric, int place, JsonElement units)
    {
        if (metric == Loss) return MatrixField.Loss;
        if (metric == Median) return MatrixField.Median;
        string? unit = units.TryGetProperty(metric, out JsonElement told) && told.ValueKind == JsonValueKind.String ? told.GetString() : null;
        return new MatrixField(MeshMetrics.Caption(metric), MeshMetrics.Unit(unit), cell => place < cell.Shown.Count ? cell.Shown[place] : null);
    }

    private static PairCell? Cell(string[] names, double?[] values, string[] besides, double? staleSeconds)
    {
        double? Of(string name) => values[Array.IndexOf(names, name)];
        long sent = MeshJson.Count(Of(Sent));
        if (sent == 0) return null;
        long Share(string name) => (long)Math.Round(Math.Clamp(Of(name) ?? 0, 0, 1) * sent);
        return new PairCell
        {
            Sent = sent,
            Lost = Share(Loss),
            LostForward = Share(Forward),
            LostReverse = Share(Reverse),
            MedianNanos = Of(Median),
            IsSuspect = Of(Suspect) is > 0,
            IsStale = staleSeconds is { } limit && Of(Age) > limit,
            Shown = besides.Length == 0 ? [] : [.. besides.Select(Of)],
        };
    }

    private static IEnumerable<string> LeftOut(JsonElement json)
    {
        if (MeshJson.Number(json, "destinations_left_out") is > 0 and var count) yield return $"{MeshJson.Count(count)} more destinations are not told";
    }

    private static JsonElement Next(JsonElement.ArrayEnumerator[] arrays, int place) =>
        arrays[place].MoveNext() ? arrays[place].Current : throw new JsonException("A row of the matrix is too short.");
}
