using System.Net;
using Llama.EndToEnd.Harness;
using Llama.EndToEnd.Joining;
using Llama.Tests.Storage;

namespace Llama.EndToEnd.History;

/// <summary>A server whose disk fills up while probes push.</summary>
public sealed class FullDiskTests : IDisposable
{
    private const int Most = 5_000;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private readonly TemporaryDirectory _state = new();

    public void Dispose() => _state.Dispose();

    [SkippableFact]
    public async Task While_the_disk_is_full_probes_keep_their_reports_and_reading_goes_on_and_afterwards_nothing_has_to_be_done()
    {
        using SmallDisk disk = SmallDisk.Mount(_state.FullName, kilobytes: 8192);
        DateTimeOffset begin = DateTimeOffset.FromUnixTimeSeconds(DateTimeOffset.UtcNow.AddHours(-20).ToUnixTimeSeconds() / 600 * 600);
        var mesh = new PushedMesh("g", sources: 1, destinations: 100, begin, TimeSpan.FromSeconds(10));
        string ballast = Path.Combine(disk.Path, "ballast");
        await File.WriteAllBytesAsync(ballast, new byte[3 << 20]);
        await using RunningServer server = await RunningServer.StartAt(Path.Combine(disk.Path, "data"));
        using var http = new HttpClient { BaseAddress = new Uri(server.Url) };
        await mesh.JoinAsync(http);

        int refused = 0;
        HttpStatusCode status = HttpStatusCode.OK;
        while (refused < Most && (status = await mesh.PushAsync(http, 0, refused)) == HttpStatusCode.OK) refused++;

        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        using (HttpResponseMessage ready = await http.GetAsync("/readyz"))
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
            Assert.Contains("the disk is full; make room", await ready.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        await Check(mesh, http, refused);

        File.Delete(ballast);
        await Eventually.Get(
            async () => await mesh.PushAsync(http, 0, refused) == HttpStatusCode.OK ? "" : null, Deadline, "a server that takes reports by itself", () => server.Process.Transcript);
        await Eventually.Get(
            async () => (await http.GetAsync("/readyz")).IsSuccessStatusCode ? "" : null, Deadline, "a server that is ready by itself", () => server.Process.Transcript);
        await Check(mesh, http, refused + 1);
    }

    private static async Task Check(PushedMesh mesh, HttpClient http, int count)
    {
        Dictionary<DateTimeOffset, (long Sent, long Lost)> kept = await mesh.KeptAsync(http, 0, count);
        Assert.Equal(count, kept.Count);
        for (int index = 0; index < count; index++) Assert.Equal((mesh.SentBy(0, index), mesh.LostBy(0, index)), kept[mesh.StartOf(index)]);
    }
}
