using System.Text.Json;
using System.Text.RegularExpressions;

namespace Llama.EndToEnd.Deploy;

/// <summary>A dashboard as Grafana would read it.</summary>
internal sealed partial class Dashboard
{
    private static readonly Dictionary<string, string> BuiltIn = new(StringComparer.Ordinal)
    {
        ["__rate_interval"] = "1m",
        ["__interval"] = "10s",
        ["timeFilter"] = "time > now() - 1h",
    };

    private Dashboard(string file)
    {
        File = Path.GetFileName(file);
        Root = JsonDocument.Parse(System.IO.File.ReadAllText(file)).RootElement;
        Panels = [.. Root.GetProperty("panels").EnumerateArray()];
    }

    public static IEnumerable<Dashboard> All => DeployFiles.Dashboards.Select(file => new Dashboard(file));

    public string File { get; }

    public JsonElement Root { get; }

    public IReadOnlyList<JsonElement> Panels { get; }

    public bool IsInflux => File.StartsWith("influxdb-", StringComparison.Ordinal);

    /// <summary>Its variables with the values that they have at first; those that a database gives stand for anything.</summary>
    public IReadOnlyDictionary<string, string> Variables => Root.GetProperty("templating").GetProperty("list").EnumerateArray().ToDictionary(
        variable => variable.GetProperty("name").GetString()!,
        variable => variable.GetProperty("current").TryGetProperty("value", out JsonElement value) ? value.GetString()! : ".*");

    /// <summary>The queries of its panels and annotations, as they are written.</summary>
    public IEnumerable<string> Queries =>
        Panels.SelectMany(Targets).Concat(Root.GetProperty("annotations").GetProperty("list").EnumerateArray()).Select(TextOf);

    /// <summary>The queries that its variables are filled with.</summary>
    public IEnumerable<string> VariableQueries =>
        from variable in Root.GetProperty("templating").GetProperty("list").EnumerateArray()
        where variable.GetProperty("type").GetString() == "query"
        select variable.GetProperty("definition").GetString();

    public static IEnumerable<JsonElement> Targets(JsonElement panel) => panel.TryGetProperty("targets", out JsonElement targets) ? targets.EnumerateArray() : [];

    /// <summary>A query with all variables filled in. Throws where one is not there.</summary>
    public string Filled(string query) => VariableName().Replace(
        query, name => BuiltIn.GetValueOrDefault(name.Groups["name"].Value) ?? Variables[name.Groups["name"].Value]);

    private static string TextOf(JsonElement target) =>
        (target.TryGetProperty("expr", out JsonElement expression) ? expression : target.GetProperty("query")).GetString()!;

    // A dollar sign before what is no name ends a regular expression.
    [GeneratedRegex(@"\$(?<name>\w+)")]
    private static partial Regex VariableName();
}
