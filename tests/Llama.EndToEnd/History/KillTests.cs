using System.Collections.Concurrent;
using System.Net;
using Llama.EndToEnd.Harness;
using Llama.EndToEnd.Joining;

namespace Llama.EndToEnd.History;

/// <summary>A server that is killed again and again while probes push, and while it moves what they pushed into its levels.</summary>
public sealed class KillTests : IDisposable
{
    private const int Rounds = 8;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    private readonly TemporaryDirectory _state = new();

    public void Dispose() => _state.Dispose();

    [Fact]
    public async Task What_was_acknowledged_is_there_once_however_often_the_server_was_killed()
    {
        // What is some hours old is late: it goes into the levels as soon as a server has started.
        DateTimeOffset begin = DateTimeOffset.FromUnixTimeSeconds(DateTimeOffset.UtcNow.AddHours(-6).ToUnixTimeSeconds() / 600 * 600);
        var mesh = new PushedMesh("g", sources: 4, destinations: 70, begin, Interval);
        var random = new Random(11);
        var acknowledged = new ConcurrentDictionary<(int Source, int Index), bool>();
        int[] next = new int[mesh.Sources];
        int? port = null;
        for (int round = 0; round < Rounds; round++)
        {
            RunningServer server = await RunningServer.Start(_state, port, "--max-registrations", "unlimited");
            port = server.Port;
            using var http = new HttpClient { BaseAddress = new Uri(server.Url) };
            if (round == 0) await mesh.JoinAsync(http);
            Task[] pushing = [.. Enumerable.Range(0, mesh.Sources).Select(source => PushUntilGoneAsync(mesh, http, source, next, acknowledged))];

            // Ten seconds after its start a server begins to move what is there into its levels.
            await Task.Delay(random.Next(100, 1500) + (round % 3 == 2 ? 10_000 : 0));
            await server.DisposeAsync();
            await Task.WhenAll(pushing);
        }

        await using RunningServer last = await RunningServer.Start(_state, port);
        using var reading = new HttpClient { BaseAddress = new Uri(last.Url) };
        int count = next.Max() + 1;
        (long Sent, long Lost) total = default;
        for (int source = 0; source < mesh.Sources; source++)
        {
            Dictionary<DateTimeOffset, (long Sent, long Lost)> kept = await mesh.KeptAsync(reading, source, count);
            for (int index = 0; index < count; index++)
            {
                // One that was under way when the server died may be there, or not.
                bool isThere = kept.TryGetValue(mesh.StartOf(index), out (long Sent, long Lost) values);
                Assert.True(isThere || !acknowledged.ContainsKey((source, index)), $"interval {index} of source {source} was acknowledged and is gone");
                if (isThere) Assert.Equal((mesh.SentBy(source, index), mesh.LostBy(source, index)), values);
                total = (total.Sent + values.Sent, total.Lost + values.Lost);
            }
        }

        Assert.True(acknowledged.Count > Rounds * mesh.Sources, $"only {acknowledged.Count} reports were acknowledged");
        Assert.Equal(total, await mesh.TotalAsync(reading, count));
        Assert.DoesNotContain("damaged", last.Process.Error, StringComparison.Ordinal);
    }

    /// <summary>As a probe does: an interval that was not acknowledged is pushed once more when there is a server again.</summary>
    private static async Task PushUntilGoneAsync(
        PushedMesh mesh, HttpClient http, int source, int[] next, ConcurrentDictionary<(int Source, int Index), bool> acknowledged)
    {
        try
        {
            while (next[source] < 2000)
            {
                HttpStatusCode status = await mesh.PushAsync(http, source, next[source]);
                Assert.Equal(HttpStatusCode.OK, status);
                acknowledged[(source, next[source])] = true;
                next[source]++;
            }
        }
        catch (HttpRequestException)
        {
            // The server is gone.
        }
    }
}
