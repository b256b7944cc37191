using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;

namespace Llama.Server.Loading;

/// <summary>
/// Loads a discovery server with synthetic probes: they join, then hold on, renewing their leases and looking for new
/// configurations as probes do. They leave by silence, with a lease of three renewals. Their addresses are those set aside for such
/// tests, 198.18.0.0/15, and nobody answers there.
/// </summary>
public sealed class LoadTest : IDisposable
{
    private static readonly TimeSpan ShortestLease = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly LoadTestOptions _options;
    private readonly HttpClient _http;
    private readonly string?[] _configTags;
    private readonly LoadRecorder[] _recorders;
    private int _joined;

    /// <summary>A load test that has not begun.</summary>
    /// <param name="options">How to load which server.</param>
    /// <param name="handler">What carries the requests; connections of its own by default.</param>
    public LoadTest(LoadTestOptions options, HttpMessageHandler? handler = null)
    {
        _options = options;
        _configTags = new string?[options.Probes];
        _recorders = [.. Enumerable.Range(0, options.Connections).Select(_ => new LoadRecorder())];
        _http = new HttpClient(handler ?? new SocketsHttpHandler { MaxConnectionsPerServer = options.Connections, UseProxy = false, UseCookies = false })
        {
            BaseAddress = options.Server,
            Timeout = Timeout.InfiniteTimeSpan,
        };
        if (options.Token is { } token) _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
    }

    /// <summary>Loads the server until all have joined and held on, or until cancelled; then too it tells what it found.</summary>
    /// <param name="progress">Told a few times a second.</param>
    /// <param name="cancellation">Ends it early.</param>
    public async Task<LoadTestResult> RunAsync(IProgress<LoadTestProgress> progress, CancellationToken cancellation)
    {
        long begin = Stopwatch.GetTimestamp();
        TimeSpan joining = TimeSpan.Zero, holding = TimeSpan.Zero;
        using var telling = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task told = TellAsync(progress, () => joining == TimeSpan.Zero ? TimeSpan.Zero : Stopwatch.GetElapsedTime(begin) - joining, telling.Token);
        try
        {
            await WorkAsync(_options.Probes, _options.JoinsPerSecond, JoinAsync, cancellation);
            joining = Stopwatch.GetElapsedTime(begin);
            double perSecond = _options.Probes / _options.Renew.TotalSeconds;
            await WorkAsync((int)Math.Min(int.MaxValue, perSecond * _options.Hold.TotalSeconds), perSecond, RenewAsync, cancellation);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // What was found until here is told all the same.
        }

        TimeSpan all = Stopwatch.GetElapsedTime(begin);
        if (joining == TimeSpan.Zero) joining = all;
        holding = all - joining;
        await telling.CancelAsync();
        await told;
        return LoadRecorder.Sum(_recorders, step => step == LoadStep.Join ? joining : holding);
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    /// <summary>The path of a probe, the same for the same index.</summary>
    internal string PathOf(int probe) => $"/api/v2/groups/LoadTest_{probe % _options.Groups + 1:D2}/probes/load-{probe:D6}";

    /// <summary>The address of a probe: the index above 198.18.0.1.</summary>
    internal static IPAddress AddressOf(int probe)
    {
        int host = probe + 1;
        return new IPAddress([198, (byte)(18 + (host >> 16)), (byte)(host >> 8), (byte)host]);
    }

    /// <summary>Does jobs 0 to <paramref name="count"/> - 1 on all connections, paced when there is a rate.</summary>
    private Task WorkAsync(int count, double? perSecond, Func<int, LoadRecorder, CancellationToken, Task> work, CancellationToken cancellation)
    {
        long begin = Stopwatch.GetTimestamp();
        int next = -1;
        return Task.WhenAll(_recorders.Select(async recorder =>
        {
            await Task.Yield();
            for (int job = Interlocked.Increment(ref next); job < count; job = Interlocked.Increment(ref next))
            {
                cancellation.ThrowIfCancellationRequested();
                if (perSecond is { } rate)
                {
                    TimeSpan early = TimeSpan.FromSeconds(job / rate) - Stopwatch.GetElapsedTime(begin);
                    if (early > TimeSpan.FromMilliseconds(1)) await Task.Delay(early, cancellation);
                }

                await work(job, recorder, cancellation);
            }
        }));
    }

    private async Task JoinAsync(int probe, LoadRecorder recorder, CancellationToken cancellation)
    {
        await RegisterAsync(probe, LoadStep.Join, recorder, cancellation);
        Interlocked.Increment(ref _joined);
    }

    private async Task RenewAsync(int job, LoadRecorder recorder, CancellationToken cancellation)
    {
        int probe = job % _options.Probes;
        string? tag = await RegisterAsync(probe, LoadStep.Renew, recorder, cancellation);
        if (tag is null) return;
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{PathOf(probe)}/config");
        if (_configTags[probe] is { } known) request.Headers.IfNoneMatch.Add(new EntityTagHeaderValue($"\"{known}\""));
        await SendAsync(
            request,
            LoadStep.Configuration,
            recorder,
            (response, _) => _configTags[probe] = response.Headers.ETag?.Tag.Trim('"') ?? _configTags[probe],
            cancellation);
    }

    /// <returns>The tag of the probe's configuration; null when it was not registered.</returns>
    private async Task<string?> RegisterAsync(int probe, LoadStep step, LoadRecorder recorder, CancellationToken cancellation)
    {
        string? tag = null;
        using var request = new HttpRequestMessage(HttpMethod.Put, PathOf(probe)) { Content = new ByteArrayContent(Body(probe)) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        await SendAsync(request, step, recorder, (_, body) => tag = ConfigTag(body), cancellation);
        return tag;
    }

    private static string? ConfigTag(ReadOnlyMemory<byte> reply)
    {
        using JsonDocument json = JsonDocument.Parse(reply);
        return json.RootElement.TryGetProperty("config_tag", out JsonElement tag) ? tag.GetString() : null;
    }

    private byte[] Body(int probe)
    {
        TimeSpan lease = 3 * _options.Renew < ShortestLease ? ShortestLease : 3 * _options.Renew;
        using var body = new MemoryStream(256);
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteString("address"u8, AddressOf(probe).ToString());
            json.WriteNumber("port"u8, 8100);
            json.WriteNumber("keepalive_s"u8, (long)Math.Ceiling(lease.TotalSeconds));
            json.WriteString("version"u8, "loadtest"u8);
            json.WriteString("instance"u8, $"loadtest-{probe:D6}");
            json.WriteBoolean("pushes"u8, true);
            json.WriteStartObject("tags"u8);
            json.WriteString("site"u8, $"site-{probe % 20:D2}");
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return body.ToArray();
    }

    private async Task SendAsync(
        HttpRequestMessage request, LoadStep step, LoadRecorder recorder, Action<HttpResponseMessage, ReadOnlyMemory<byte>> read, CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(Patience);
        long sent = Stopwatch.GetTimestamp();
        try
        {
            using HttpResponseMessage response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, patience.Token);
            recorder.Body.SetLength(0);
            await response.Content.CopyToAsync(recorder.Body, patience.Token);
            ReadOnlyMemory<byte> body = recorder.Body.GetBuffer().AsMemory(0, (int)recorder.Body.Length);
            long nanos = Stopwatch.GetElapsedTime(sent).Ticks * TimeSpan.NanosecondsPerTick;
            if (response.StatusCode == HttpStatusCode.NotModified)
            {
                recorder.Succeed(LoadStep.Unchanged, nanos, body.Length);
            }
            else if (response.IsSuccessStatusCode)
            {
                read(response, body);
                recorder.Succeed(step, nanos, body.Length);
            }
            else
            {
                recorder.Fail(step, $"{request.Method} {request.RequestUri}: {(int)response.StatusCode} {response.ReasonPhrase}");
            }
        }
        catch (Exception error) when (error is HttpRequestException or JsonException or IOException
            || (error is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            recorder.Fail(step, $"{request.Method} {request.RequestUri}: {error.Message}");
        }
    }

    private async Task TellAsync(IProgress<LoadTestProgress> progress, Func<TimeSpan> held, CancellationToken cancellation)
    {
        using var beat = new PeriodicTimer(TimeSpan.FromMilliseconds(250));
        try
        {
            while (await beat.WaitForNextTickAsync(cancellation))
                progress.Report(new LoadTestProgress(Volatile.Read(ref _joined), held(), _recorders.Sum(recorder => recorder.Failed)));
        }
        catch (OperationCanceledException)
        {
            // The load test is over.
        }
    }
}
