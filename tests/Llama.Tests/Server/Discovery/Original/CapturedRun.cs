using System.Text.Json;
using Llama.Mesh.Plans;
using Llama.Server.Discovery;

namespace Llama.Tests.Server.Discovery.Original;

/// <summary>Requests that one server was sent one after another.</summary>
/// <param name="Name">The file, and the case in it.</param>
/// <param name="Options">What the server was told.</param>
/// <param name="Pairs">The requests and answers.</param>
internal sealed record CapturedRun(string Name, DiscoveryOptions Options, IReadOnlyList<CapturedPair> Pairs)
{
    private static readonly string[] Scenarios =
    [
        "basic", "config", "scraper_list", "stale", "duplicates", "tagless_alone", "tagless_kills_cleaner", "loadtest", "influx_down", "influx_metrics",
    ];

    public static string Directory { get; } = Path.Combine(AppContext.BaseDirectory, "fixtures", "server");

    /// <summary>Everything that was recorded of a server that was up.</summary>
    public static IReadOnlyDictionary<string, CapturedRun> All { get; } =
        Scenarios.Select(ReadScenario).Concat(ReadSettings()).Concat(ReadRegistrations()).ToDictionary(run => run.Name);

    private static CapturedRun ReadScenario(string file)
    {
        JsonElement root = Parse(File.ReadAllText(Path.Combine(Directory, $"{file}.json")));
        return new CapturedRun(file, OptionsOf(root), ReadSteps(file, root.GetProperty("steps")));
    }

    private static IEnumerable<CapturedRun> ReadSettings()
    {
        foreach (JsonElement root in Parse(File.ReadAllText(Path.Combine(Directory, "settings.json"))).EnumerateArray())
        {
            string name = $"settings/{root.GetProperty("label").GetString()}";
            if (root.TryGetProperty("steps", out JsonElement steps)) yield return new CapturedRun(name, OptionsOf(root), ReadSteps(name, steps));
        }
    }

    private static IEnumerable<CapturedRun> ReadRegistrations()
    {
        foreach (string line in File.ReadLines(Path.Combine(Directory, "register.jsonl")))
        {
            JsonElement root = Parse(line);
            string name = $"register/{root.GetProperty("case").GetString()}";
            JsonElement[] then = root.TryGetProperty("then", out JsonElement more) ? [.. more.EnumerateArray()] : [];
            CapturedPair[] pairs =
            [
                CapturedPair.Read(name, root, 0),
                .. then.Select(step => CapturedPair.Read($"{name} {step.GetProperty("request").GetProperty("path").GetString()!.Split('/', 4)[^1]}", step, 0)),
            ];
            yield return new CapturedRun(name, OptionsOf(root), pairs);
        }
    }

    private static CapturedPair[] ReadSteps(string run, JsonElement steps) =>
    [
        .. steps.EnumerateArray().Select(step => CapturedPair.Read(
            $"{run}/{(step.TryGetProperty("step", out JsonElement name) ? name.GetString() : step.GetProperty("request").GetProperty("path").GetString())}",
            step,
            step.TryGetProperty("seconds_after_start", out JsonElement at) ? at.GetDouble() : 0)),
    ];

    /// <summary>What the environment and the flags stand for; command line and values that are refused have tests of their own.</summary>
    private static DiscoveryOptions OptionsOf(JsonElement run)
    {
        var settings = run.GetProperty("env").EnumerateObject().ToDictionary(one => one.Name, one => one.Value.GetString()!);
        string[] args = run.TryGetProperty("args", out JsonElement list) ? [.. list.EnumerateArray().Select(arg => arg.GetString()!)] : [];
        for (int i = 0; i + 1 < args.Length; i += 2)
            settings[args[i] switch { "--group" => "APP_GROUP", "--keepalive" => "APP_KEEPALIVE", _ => "LLAMA_INTERVAL" }] = args[i + 1];
        double Number(string name, double otherwise) =>
            settings.TryGetValue(name, out string? text) && double.Parse(text) is > 0 and var number ? number : otherwise;
        var defaults = GroupSettings.Default with { Interval = TimeSpan.FromSeconds(Number("LLAMA_INTERVAL", 10)) };
        return new DiscoveryOptions
        {
            Host = "127.0.0.1",
            Port = 0,
            DefaultGroup = settings.GetValueOrDefault("APP_GROUP", "default"),
            DefaultKeepalive = TimeSpan.FromSeconds(Number("APP_KEEPALIVE", 86_400)),
            Configuration = new ServerConfiguration { Defaults = defaults },
            LoadTest = settings.GetValueOrDefault("APP_LOADTEST") == "true",
        };
    }

    private static JsonElement Parse(string json) => JsonDocument.Parse(json).RootElement;
}
