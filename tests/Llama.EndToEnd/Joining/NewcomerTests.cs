using System.Globalization;
using System.Net;
using System.Text.Json;
using Llama.EndToEnd.Harness;

namespace Llama.EndToEnd.Joining;

/// <summary>How soon those that are there measure one who comes.</summary>
[Collection(nameof(Alone))]
public sealed class NewcomerTests : IDisposable
{
    private const int Residents = 3, Newcomers = 3;

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Bar = TimeSpan.FromSeconds(2);

    private readonly TemporaryDirectory _state = new();

    public void Dispose() => _state.Dispose();

    [Fact]
    public async Task All_others_send_to_a_new_probe_within_two_seconds_of_its_registration()
    {
        await using RunningServer server = await RunningServer.Start(_state);
        var probes = new List<LlamaProcess>();
        try
        {
            for (int i = 0; i < Residents; i++) probes.Add(Start(server, i, Ports.Free()));
            foreach (LlamaProcess probe in probes) await Says(probe, $"configuration, {Residents - 1} targets");

            for (int i = Residents; i < Residents + Newcomers; i++)
            {
                int port = Ports.Free();
                using var watch = new ArrivalWatch(new IPEndPoint(Registered(i), port));
                probes.Add(Start(server, i, port, "--ip", $"{Registered(i)}"));
                DateTimeOffset accepted = await JoinedAt(server, i);
                foreach (int other in Enumerable.Range(0, i))
                {
                    DateTimeOffset arrived = await FirstOf(other, watch, probes);
                    Assert.True(arrived - accepted <= Bar, $"{Name(other)} sent to {Name(i)} {(arrived - accepted).TotalSeconds:F3} s after it had joined.\n{probes[other].Transcript}");
                }
            }
        }
        finally
        {
            foreach (LlamaProcess probe in probes) await probe.DisposeAsync();
        }
    }

    // Addresses tell the probes apart: each sends from one of its own.
    private static IPAddress Own(int probe) => new([127, 0, 1, (byte)(probe + 1)]);

    /// <summary>Where a newcomer says that it is: in front of it, where the test sees what comes.</summary>
    private static IPAddress Registered(int probe) => new([127, 0, 2, (byte)(probe + 1)]);

    private static string Name(int probe) => $"probe-{probe}";

    private LlamaProcess Start(RunningServer server, int probe, int port, params string[] arguments) => LlamaProcess.Start(
    [
        "probe", "--server", server.Url, "--shortname", Name(probe), "--bind", $"{Own(probe)}", "--port", $"{port}",
        "--data", Path.Combine(_state.FullName, Name(probe)), .. arguments,
    ]);

    private static Task Says(LlamaProcess probe, string text) => Eventually.Holds(
        () => probe.Error.Contains(text, StringComparison.Ordinal), Deadline, $"'{text}'", () => probe.Transcript);

    /// <summary>When the server took a probe in, by its own account. Its clock is this machine's.</summary>
    private static async Task<DateTimeOffset> JoinedAt(RunningServer server, int probe)
    {
        string at = await Eventually.Get(
            async () =>
            {
                using JsonDocument answer = JsonDocument.Parse(await Web.Get(server.Port, "/api/v2/events"));
                return answer.RootElement.GetProperty("events").EnumerateArray()
                    .Where(one => one.GetProperty("kind").GetString() == "joined" && one.GetProperty("name").GetString() == Name(probe))
                    .Select(one => one.GetProperty("at").GetString())
                    .FirstOrDefault();
            },
            Deadline,
            $"{Name(probe)} to join",
            () => server.Process.Transcript);
        return DateTimeOffset.Parse(at, CultureInfo.InvariantCulture);
    }

    private static async Task<DateTimeOffset> FirstOf(int other, ArrivalWatch watch, List<LlamaProcess> probes)
    {
        DateTimeOffset? arrived = null;
        await Eventually.Holds(
            () => (arrived = watch.FirstOf(Own(other))) is not null, Deadline, $"a datagram of {Name(other)}", () => probes[other].Transcript);
        return arrived!.Value;
    }
}
