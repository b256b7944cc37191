using System.Text.Json;

namespace Llama.EndToEnd.Page;

/// <summary>/api/v2/matrix as a client reads it that is not the page.</summary>
internal sealed class Answer(JsonElement matrix)
{
    /// <summary>Names of the rows.</summary>
    public List<string> Sources { get; } = [.. matrix.GetProperty("sources").EnumerateArray().Select(name => name.GetString()!)];

    /// <summary>Names of the columns.</summary>
    public List<string> Destinations { get; } = [.. matrix.GetProperty("destinations").EnumerateArray().Select(name => name.GetString()!)];

    /// <summary>The server's clock.</summary>
    public DateTimeOffset Now => matrix.GetProperty("now").GetDateTimeOffset();

    /// <summary>Every pair of two different probes.</summary>
    public IEnumerable<(string Source, string Destination)> Pairs =>
        Sources.SelectMany(source => Destinations.Where(destination => destination != source).Select(destination => (source, destination)));

    /// <summary>A number of a pair, where true is 1 and false is 0; null where it was not measured.</summary>
    public double? this[string metric, string source, string destination]
    {
        get
        {
            int row = Sources.IndexOf(source), column = Destinations.IndexOf(destination);
            if (row < 0 || column < 0) return null;
            JsonElement value = matrix.GetProperty("metrics").GetProperty(metric)[row][column];
            return value.ValueKind switch
            {
                JsonValueKind.Number => value.GetDouble(),
                JsonValueKind.True => 1,
                JsonValueKind.False => 0,
                _ => null,
            };
        }
    }

    /// <summary>Asks a server for its matrix.</summary>
    /// <param name="server">Its address.</param>
    /// <param name="query">What stands behind the question mark.</param>
    public static async Task<Answer> AskAsync(string server, string query) => new(await JsonAsync(server, $"api/v2/matrix?{query}"));

    /// <summary>Whatever a server answers.</summary>
    public static async Task<JsonElement> JsonAsync(string server, string path)
    {
        using var client = new HttpClient();
        using JsonDocument document = JsonDocument.Parse(await client.GetStringAsync(new Uri(new Uri(server), path)));
        return document.RootElement.Clone();
    }
}
