using System.Globalization;
using System.Text.Json;
using Llama.EndToEnd.Harness;
using Llama.EndToEnd.Lab;

namespace Llama.EndToEnd.Joining;

/// <summary>Three hosts in a network of their own, which know of each other through the server alone.</summary>
[Collection(nameof(Alone))]
public sealed class MeshTests : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private readonly TemporaryDirectory _state = new();

    public void Dispose() => _state.Dispose();

    [SkippableFact]
    public async Task The_matrix_of_the_server_shows_the_pair_that_loses_and_in_which_direction()
    {
        await using NetworkLab lab = await NetworkLab.CreateAsync(sites: 3);
        string server = await lab.A.StartServerAsync(_state, "--config", _state.Write("server.yaml", "defaults: {cps: 20}\n"));
        foreach (LabHost host in lab.Hosts) await host.StartProbeAsync(server, _state);
        await MatrixWhen(lab.A, server, matrix => Pairs(matrix).Count(pair => pair.Loss == 0) == 6, "six pairs without loss");

        await lab.LoseAsync(0.3, lab.A, lab.B);
        JsonElement matrix = await MatrixWhen(lab.A, server, matrix => Pair(matrix, "a>b") is { Loss: > 0.2, Forward: > 0.2 } && Pair(matrix, "b>a") is { Loss: > 0.2, Forward: not null }, "loss from a to b");

        Assert.All(Pairs(matrix), pair => Assert.True((pair.Name is "a>b" or "b>a") == pair.Loss > 0, $"{pair}"));
        Assert.Equal(Pair(matrix, "a>b").Loss, Pair(matrix, "a>b").Forward!.Value, 1);
        Assert.Equal(0, Pair(matrix, "b>a").Forward);
    }

    [SkippableFact]
    public async Task A_probe_that_moves_is_measured_at_its_new_address_and_only_there()
    {
        await using NetworkLab lab = await NetworkLab.CreateAsync(sites: 2);
        string server = await lab.A.StartServerAsync(_state);
        await lab.A.StartProbeAsync(server, _state);
        LlamaProcess moving = await lab.B.StartProbeAsync(server, _state);
        await MatrixWhen(lab.A, server, matrix => Pairs(matrix).Count(pair => pair.Loss == 0) == 2, "two pairs");

        await moving.DisposeAsync();
        await lab.B.StartProbeAsync(server, _state, "--ip", $"{lab.B.V6}");

        string events = await WaitFor(lab.A, $"{server}/api/v2/events", body => body.Contains("changed_address", StringComparison.Ordinal), "the event of the move");
        Assert.Contains($"{lab.B.V6}", events, StringComparison.Ordinal);
        string configuration = await lab.A.Space.RunAsync("curl", ["-s", $"{server}/api/v2/groups/default/probes/a/config"]);
        Assert.Contains($"{lab.B.V6}", configuration, StringComparison.Ordinal);
        Assert.DoesNotContain($"\"{lab.B.V4}\"", configuration, StringComparison.Ordinal);
    }

    private static async Task<JsonElement> MatrixWhen(LabHost host, string server, Func<JsonElement, bool> wanted, string what)
    {
        string body = await WaitFor(
            host, $"{server}/api/v2/matrix?metrics=loss,loss_forward", body => body.StartsWith('{') && wanted(JsonDocument.Parse(body).RootElement), what);
        return JsonDocument.Parse(body).RootElement;
    }

    private static async Task<string> WaitFor(LabHost host, string url, Func<string, bool> wanted, string what)
    {
        string body = "";
        return await Eventually.Get(
            async () =>
            {
                body = await host.Space.RunAsync("curl", ["--silent", "--max-time", "5", url]);
                return wanted(body) ? body : null;
            },
            Deadline,
            what,
            () => body);
    }

    private static PairShown Pair(JsonElement matrix, string name) => Pairs(matrix).Single(pair => pair.Name == name);

    private static IEnumerable<PairShown> Pairs(JsonElement matrix)
    {
        string[] sources = Names(matrix, "sources"), destinations = Names(matrix, "destinations");
        for (int row = 0; row < sources.Length; row++)
        {
            for (int column = 0; column < destinations.Length; column++)
            {
                if (Cell(matrix, "loss", row, column) is { } loss)
                    yield return new PairShown($"{sources[row]}>{destinations[column]}", loss, Cell(matrix, "loss_forward", row, column));
            }
        }
    }

    private static string[] Names(JsonElement matrix, string side) => [.. matrix.GetProperty(side).EnumerateArray().Select(name => name.GetString()!)];

    private static double? Cell(JsonElement matrix, string metric, int row, int column) =>
        matrix.GetProperty("metrics").GetProperty(metric)[row][column] is { ValueKind: JsonValueKind.Number } cell ? cell.GetDouble() : null;

    private sealed record PairShown(string Name, double Loss, double? Forward)
    {
        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Name} loses {Loss}, {Forward} forward");
    }
}
