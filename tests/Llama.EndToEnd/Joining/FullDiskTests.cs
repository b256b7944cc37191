using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Llama.EndToEnd.Harness;
using Llama.Tests.Storage;

namespace Llama.EndToEnd.Joining;

/// <summary>A server whose disk fills up while it runs, and has room again later.</summary>
public sealed class FullDiskTests : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private readonly TemporaryDirectory _state = new();
    private readonly HttpClient _http = new();

    public void Dispose()
    {
        _http.Dispose();
        _state.Dispose();
    }

    [SkippableFact]
    public async Task While_the_disk_is_full_nobody_joins_and_all_else_goes_on_and_afterwards_nothing_has_to_be_done()
    {
        using SmallDisk disk = SmallDisk.Mount(_state.FullName, kilobytes: 4096);
        string data = Path.Combine(disk.Path, "data"), ballast = Path.Combine(disk.Path, "ballast");
        HashSet<string> acknowledged;
        string refused;
        int port;
        await using (RunningServer server = await RunningServer.StartAt(data, null, "--max-registrations", "unlimited"))
        {
            port = server.Port;
            _http.BaseAddress = new Uri(server.Url);
            acknowledged = [.. Enumerable.Range(0, 50).Select(i => $"early-{i}")];
            foreach (string name in acknowledged) Assert.Equal(HttpStatusCode.Created, await JoinAsync(name));

            Fill(ballast);
            refused = await JoinUntilRefused(acknowledged);
            await NothingCanBeStored(refused);
            await AllElseGoesOn(acknowledged, refused);

            File.Delete(ballast);
            await Eventually.Get(
                async () => (await _http.GetAsync("/readyz")).IsSuccessStatusCode ? "" : null, Deadline, "a server that is ready by itself", () => server.Process.Transcript);
            Assert.Contains("registrations are stored again", server.Process.Error, StringComparison.Ordinal);
            Assert.Equal(HttpStatusCode.Created, await JoinAsync(refused));
            acknowledged.Add(refused);
            Assert.Equal(HttpStatusCode.NoContent, (await _http.DeleteAsync(PathOf("early-0"))).StatusCode);
            acknowledged.Remove("early-0");

            // Killed, not asked to end.
        }

        await using RunningServer again = await RunningServer.StartAt(data, port);
        Assert.Equal(acknowledged.Order(), (await NamesAsync()).Order());
        Assert.DoesNotContain("damaged", again.Process.Error, StringComparison.Ordinal);
    }

    /// <summary>Takes all the room there is, down to the last octet.</summary>
    private static void Fill(string path)
    {
        using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
        byte[] octets = new byte[64 * 1024];
        for (int length = octets.Length; length > 0;)
        {
            try
            {
                file.Write(octets.AsSpan(0, length));
            }
            catch (IOException)
            {
                length /= 2;
            }
        }
    }

    /// <summary>Those that find room in files that are there already join; the first that does not is refused.</summary>
    private async Task<string> JoinUntilRefused(HashSet<string> acknowledged)
    {
        for (int i = 0; i < 10_000; i++)
        {
            if (await JoinAsync($"late-{i}") != HttpStatusCode.Created) return $"late-{i}";
            acknowledged.Add($"late-{i}");
        }

        throw new InvalidOperationException("the disk was never full");
    }

    private async Task NothingCanBeStored(string name)
    {
        foreach (HttpResponseMessage refusal in (HttpResponseMessage[])[await PutAsync(name), await _http.DeleteAsync(PathOf("early-0"))])
        {
            using (refusal)
            {
                Assert.Equal(HttpStatusCode.ServiceUnavailable, refusal.StatusCode);
                Assert.Equal("application/problem+json", refusal.Content.Headers.ContentType?.MediaType);
                Assert.True(refusal.Headers.RetryAfter?.Delta > TimeSpan.Zero);
                string detail = (await refusal.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("detail").GetString()!;
                Assert.Contains("nothing has changed", detail, StringComparison.Ordinal);
                Assert.Contains("the disk is full; make room", detail, StringComparison.Ordinal);
            }
        }

        using HttpResponseMessage ready = await _http.GetAsync("/readyz");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        Assert.Contains("the disk is full; make room", await ready.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private async Task AllElseGoesOn(HashSet<string> acknowledged, string refused)
    {
        Assert.Equal(HttpStatusCode.OK, (await _http.GetAsync("/healthz")).StatusCode);
        Assert.Equal(acknowledged.Order(), (await NamesAsync()).Order());
        Assert.Equal(HttpStatusCode.NotFound, (await _http.GetAsync(PathOf(refused))).StatusCode);

        JsonElement configuration = await _http.GetFromJsonAsync<JsonElement>($"{PathOf("early-0")}/config");
        IEnumerable<string?> targets = configuration.GetProperty("tests")[0].GetProperty("targets").EnumerateArray().Select(target => target.GetProperty("name").GetString());
        Assert.Empty(acknowledged.Except(targets));
        Assert.DoesNotContain(refused, targets);

        foreach (string name in acknowledged)
        {
            using HttpResponseMessage renewal = await PutAsync(name);
            Assert.Equal(HttpStatusCode.OK, renewal.StatusCode);
            Assert.Equal("renewed", (await renewal.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("outcome").GetString());
        }
    }

    private async Task<HttpStatusCode> JoinAsync(string name)
    {
        using HttpResponseMessage reply = await PutAsync(name);
        return reply.StatusCode;
    }

    /// <summary>Registers, or renews, under an address that is its own.</summary>
    private Task<HttpResponseMessage> PutAsync(string name)
    {
        int number = int.Parse(name[(name.IndexOf('-', StringComparison.Ordinal) + 1)..], null) + 1;
        string address = $"198.{(name[0] == 'e' ? 18 : 19)}.{number / 256}.{number % 256}";
        return _http.PutAsJsonAsync(PathOf(name), new { address, port = 8100, instance = name, full_name = new string('x', 200) });
    }

    private static string PathOf(string name) => $"/api/v2/groups/g/probes/{name}";

    private async Task<List<string>> NamesAsync()
    {
        var names = new List<string>();
        for (string? next = ""; next is not null;)
        {
            JsonElement page = await _http.GetFromJsonAsync<JsonElement>($"/api/v2/probes?limit=100{(next.Length > 0 ? $"&cursor={Uri.EscapeDataString(next)}" : "")}");
            names.AddRange(page.GetProperty("probes").EnumerateArray().Select(probe => probe.GetProperty("name").GetString()!));
            next = page.GetProperty("next").GetString();
        }

        return names;
    }
}
