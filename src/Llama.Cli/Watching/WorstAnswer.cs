using System.Text.Json;

namespace Llama.Cli.Watching;

/// <summary>A server's worst pairs, the worst first. Immutable.</summary>
/// <param name="Metric">What makes them bad.</param>
/// <param name="Facts">What they are of, for the first line.</param>
/// <param name="Of">How many pairs there were to choose from.</param>
/// <param name="Rows">The pairs.</param>
internal sealed record WorstAnswer(string Metric, IReadOnlyList<string> Facts, long Of, IReadOnlyList<WorstPair> Rows)
{
    /// <summary>Reads an answer.</summary>
    /// <exception cref="JsonException">It is none.</exception>
    public static WorstAnswer Read(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            JsonElement json = document.RootElement;
            DateTimeOffset? from = MeshJson.Time(json, "from"), to = MeshJson.Time(json, "to");
            return new WorstAnswer(
                json.GetProperty("metric").GetString() ?? "",
                [.. MeshJson.Subject(json), .. from is null || to is null ? [] : (string[])[MeshJson.Span(from.Value, to.Value)]],
                MeshJson.Count(MeshJson.Number(json, "of")),
                [.. json.GetProperty("rows").EnumerateArray().Select(Row)]);
        }
        catch (Exception error) when (error is InvalidOperationException or KeyNotFoundException)
        {
            throw new JsonException("The list of pairs has another form.", error);
        }
    }

    private static WorstPair Row(JsonElement row)
    {
        var values = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (JsonProperty metric in row.GetProperty("metrics").EnumerateObject())
            if (MeshJson.Number(metric.Value) is { } value) values[metric.Name] = value;
        return new WorstPair(MeshJson.Name(row.GetProperty("source")), MeshJson.Name(row.GetProperty("destination")), values);
    }
}

/// <summary>A pair, or pairs that have tags in common.</summary>
/// <param name="Source">Who sends.</param>
/// <param name="Destination">Who reflects.</param>
/// <param name="Values">What was measured, by metric.</param>
internal sealed record WorstPair(string Source, string Destination, IReadOnlyDictionary<string, double> Values)
{
    /// <summary>A metric; null where it was not measured.</summary>
    public double? this[string metric] => Values.TryGetValue(metric, out double value) ? value : null;
}
