using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Http.Json;

namespace Llama.Benchmarks.Gate;

/// <summary>What one probe's change costs a server when the whole of a big group waits for it, each with a connection of its own.</summary>
/// <param name="bench">The programs.</param>
/// <param name="kind">What to call the plan.</param>
/// <param name="plan">The plan, as it stands in the server's file.</param>
internal sealed class OneChange(Workbench bench, string kind, string plan) : IMeasurement
{
    private const string Built = "llama_server_plans_built_total", BuildSeconds = "llama_server_plan_build_seconds_total";

    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(10);

    /// <summary>From the last request's leaving until all of them wait in the server. One that comes later is answered at once, and counts as well.</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(2);

    private readonly Samples _built = new(), _building = new(), _first = new(), _median = new(), _last = new(), _kilobytes = new();

    public string Name => $"discovery: one change in a big group, {kind}";

    public int Rounds => bench.IsQuick ? 1 : 3;

    private int Probes => bench.IsQuick ? 1_000 : 10_000;

    public async Task RunRoundAsync(CancellationToken cancellation)
    {
        string file = Path.Combine(bench.Directory, "one-change.yaml");
        await File.WriteAllTextAsync(file, $"groups:\n  big: {{plan: {plan}, echo: 'off'}}\n", cancellation).ConfigureAwait(false);
        await using RunningServer server = await RunningServer.StartAsync(bench, 180, cancellation, "--config", file).ConfigureAwait(false);
        using var waiting = new HttpClient(new SocketsHttpHandler { UseProxy = false, UseCookies = false }) { BaseAddress = server.Address };
        await Parallel.ForAsync(0, Probes, new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = cancellation }, async (probe, stop) =>
            await RegisterAsync(server, probe, "1", stop).ConfigureAwait(false)).ConfigureAwait(false);

        // Connections are made, and code is compiled, with a change that does not count.
        string known = (await AskAsync(waiting, 0, null, cancellation).ConfigureAwait(false)).Tag;
        known = (await ChangeAsync(server, waiting, known, "2", cancellation).ConfigureAwait(false)).Answers[0].Tag;

        double built = await server.MetricAsync(Built, cancellation).ConfigureAwait(false);
        double seconds = await server.MetricAsync(BuildSeconds, cancellation).ConfigureAwait(false);
        (long changed, Answer[] answers) = await ChangeAsync(server, waiting, known, "3", cancellation).ConfigureAwait(false);
        _built.Add(await server.MetricAsync(Built, cancellation).ConfigureAwait(false) - built);
        _building.Add(1000 * (await server.MetricAsync(BuildSeconds, cancellation).ConfigureAwait(false) - seconds));
        double[] millis = [.. answers.Select(answer => Stopwatch.GetElapsedTime(changed, answer.At).TotalMilliseconds)];
        _first.Add(millis.Min());
        _median.Add(Samples.Percentile(millis, 0.5));
        _last.Add(millis.Max());
        _kilobytes.Add(answers.Average(answer => answer.Octets) / 1000);
    }

    public IEnumerable<ResultRow> Rows()
    {
        string who = $"server, {Probes:N0} probes in one group that all wait for news, {kind}";
        yield return ResultRow.Of($"{who}: plans worked out for one change", "1 in each round", _built, "N0", "", _ => _built is { Min: 1, Max: 1 });
        yield return ResultRow.Of($"{who}: working it out", "", _building, "0.0", "ms");
        yield return ResultRow.Of($"{who}: first answer after the change", "", _first, "N0", "ms");
        yield return ResultRow.Of($"{who}: half of the answers", "", _median, "N0", "ms");
        yield return ResultRow.Of($"{who}: all answers", "", _last, "N0", "ms");
        yield return ResultRow.Of($"{who}: an answer", "", _kilobytes, "0.0", "kB");
    }

    /// <summary>Lets all probes wait for another configuration than the known one, changes one probe, and takes the answers.</summary>
    /// <returns>When the change was sent, and the answers.</returns>
    private async Task<(long Changed, Answer[] Answers)> ChangeAsync(
        RunningServer server, HttpClient waiting, string known, string version, CancellationToken cancellation)
    {
        var asked = new List<Task<Answer>>(Probes);
        for (int probe = 0; probe < Probes; probe++)
        {
            asked.Add(AskAsync(waiting, probe, known, cancellation));

            // No faster than the server accepts connections.
            if (probe % 50 == 49) await Task.Delay(Beat, cancellation).ConfigureAwait(false);
        }

        await Task.Delay(Settling, cancellation).ConfigureAwait(false);
        long changed = Stopwatch.GetTimestamp();
        await RegisterAsync(server, 0, version, cancellation).ConfigureAwait(false);
        Answer[] answers = await Task.WhenAll(asked).ConfigureAwait(false);
        return answers.All(answer => answer.Tag == answers[0].Tag && answer.Tag != known)
            ? (changed, answers)
            : throw new InvalidOperationException("one change led to more than one configuration");
    }

    private static async Task RegisterAsync(RunningServer server, int probe, string version, CancellationToken cancellation)
    {
        var registration = new { address = $"198.18.{probe / 250}.{probe % 250 + 1}", port = 8100, instance = $"{probe}", keepalive_s = 3600, version };
        using HttpResponseMessage reply = await server.Http.PutAsJsonAsync(PathOf(probe), registration, cancellation).ConfigureAwait(false);
        reply.EnsureSuccessStatusCode();
    }

    /// <summary>Asks as probes do: with gzip, and held back until there is news.</summary>
    private static async Task<Answer> AskAsync(HttpClient http, int probe, string? known, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{PathOf(probe)}/config{(known is null ? "" : "?wait=60s")}");
        if (known is not null) request.Headers.IfNoneMatch.Add(new EntityTagHeaderValue($"\"{known}\""));
        request.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue("gzip"));
        using HttpResponseMessage response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation).ConfigureAwait(false);
        response.EnsureSuccessStatusCode();
        await response.Content.CopyToAsync(Stream.Null, cancellation).ConfigureAwait(false);
        return new Answer(Stopwatch.GetTimestamp(), response.Content.Headers.ContentLength ?? 0, response.Headers.ETag?.Tag.Trim('"') ?? "");
    }

    private static string PathOf(int probe) => $"api/v2/groups/big/probes/p{probe:D4}";

    /// <summary>A configuration.</summary>
    /// <param name="At">When its last octet had come.</param>
    /// <param name="Octets">Its length, as it was sent.</param>
    /// <param name="Tag">What it is known by.</param>
    private sealed record Answer(long At, long Octets, string Tag);
}
