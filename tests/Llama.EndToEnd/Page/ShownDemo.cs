using Llama.EndToEnd.Harness;

namespace Llama.EndToEnd.Page;

/// <summary>`llama demo`: a server, real probes and a hop that loses, for the page to show. The last of <see cref="Probes"/> is behind the hop.</summary>
public sealed class ShownDemo : IAsyncLifetime
{
    /// <summary>The places of the page that have something to show, one of each kind.</summary>
    internal static readonly IReadOnlyDictionary<string, string> Places = new Dictionary<string, string>
    {
        ["matrix"] = "#/matrix",
        ["overview"] = "#/overview",
        ["probes"] = "#/probes",
        ["pair"] = "#/pair?source=iad1&destination=syd1",
    };

    private LlamaProcess? _demo;

    internal static IReadOnlyList<string> Probes { get; } = ["ams1", "fra1", "iad1", "syd1"];

    /// <summary>The server's address.</summary>
    internal string Url { get; private set; } = "";

    /// <summary>What the demo has said, for when a test fails.</summary>
    internal string Transcript => _demo!.Transcript;

    public async Task InitializeAsync()
    {
        _demo = LlamaProcess.Start("demo", "--probes", $"{Probes.Count}");
        string line = await Eventually.Get(
            () => Task.FromResult(_demo.Output.Split('\n') is [var first, _, ..] ? first : null), TimeSpan.FromSeconds(30), "the demo's address", () => Transcript);
        Url = line["LLAMA demo: ".Length..];
    }

    public async Task DisposeAsync() => await _demo!.DisposeAsync();

    /// <summary>A moment shortly ago, the interval around which has come of every pair, in milliseconds since the Unix epoch.</summary>
    internal async Task<long> PastMomentAsync()
    {
        long at = 0;
        await Eventually.Get(
            async () =>
            {
                at = (await Answer.AskAsync(Url, "metrics=sent")).Now.AddSeconds(-5).ToUnixTimeMilliseconds();
                Answer then = await Answer.AskAsync(Url, $"at={at}&metrics=age");
                return then.Sources.Count == Probes.Count && then.Pairs.All(pair => then["age", pair.Source, pair.Destination] == 0) ? "" : null;
            },
            TimeSpan.FromSeconds(60),
            "a past moment of all pairs",
            () => Transcript);
        return at;
    }
}
