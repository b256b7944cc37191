using System.Buffers;
using System.IO.Compression;
using System.Net;
using System.Text.Json;

namespace Llama.Server.Sinks.Influx;

/// <summary>
/// Posts records as line protocol, in their order, to InfluxDB or whatever takes the same. A point that comes again has the same time
/// and tags, and so replaces itself. One caller at a time.
/// </summary>
internal sealed class InfluxSink : ISink
{
    /// <summary>A body is closed once it is this long: with the line that goes beyond it stays within the megabyte that many proxies allow.</summary>
    private const int MaxBytes = 1_000_000;

    private const int MaxLines = 5_000;
    private const int MaxAnswerBytes = 64 * 1024;

    private readonly InfluxOptions _options;
    private readonly TimeProvider _time;
    private readonly HttpClient _client;
    private readonly MemoryStream _compressed = new();
    private LineProtocol _lines;

    // Less once a body of that length was too much.
    private int _maxBytes = MaxBytes;

    /// <summary>A sink; nothing is sent yet.</summary>
    /// <param name="options">Where to.</param>
    /// <param name="network">Another way to send, for tests.</param>
    /// <param name="time">The clock.</param>
    public InfluxSink(InfluxOptions options, HttpMessageHandler? network = null, TimeProvider? time = null)
    {
        _options = options;
        _lines = new LineProtocol(options.Fields);
        _time = time ?? TimeProvider.System;
        var handler = network ?? new SocketsHttpHandler { UseProxy = false, UseCookies = false, AllowAutoRedirect = false, PooledConnectionLifetime = TimeSpan.FromMinutes(10) };
        _client = new HttpClient(handler) { Timeout = options.Timeout, MaxResponseContentBufferSize = MaxAnswerBytes };
        _client.DefaultRequestHeaders.TryAddWithoutValidation("User-Agent", options.UserAgent);
        _client.DefaultRequestHeaders.Authorization = options.Authorization;
    }

    /// <inheritdoc/>
    public string Name => _options.Name;

    /// <inheritdoc/>
    public bool WantsBuckets => false;

    /// <inheritdoc/>
    /// <remarks>
    /// What is refused does not keep back the rest: the exception comes when all else is written, and has just the bodies that were
    /// refused. Of those the database may have written the lines it liked.
    /// </remarks>
    public async Task<long> DeliverAsync(IReadOnlyList<ReadOnlyMemory<byte>> records, CancellationToken cancellation)
    {
        long written = 0;
        SinkException? refusal = null;
        var refused = new ArrayBufferWriter<byte>();
        for (Place place = default; place.Record < records.Count;)
        {
            Place next = Fill(records, place);
            if (_lines.Lines == 0) break;
            try
            {
                await SendAsync(cancellation);
                written += _lines.Lines;
            }
            catch (SinkException fault) when (fault.Fault == SinkFault.TooMuch && _lines.Lines > 1)
            {
                _maxBytes = _lines.Text.Length / 2;
                continue;
            }
            catch (SinkException fault) when (fault.Fault != SinkFault.Unavailable)
            {
                refusal ??= fault;
                refused.Write(_lines.Text.Span);
            }

            place = next;
        }

        return refusal is null
            ? written
            : throw new SinkException(SinkFault.Refused, refusal.Message, body: refused.WrittenMemory, inner: refusal);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>Writes lines from a place on until there are enough for a body; they belong to the sink until the next call.</summary>
    private Place Fill(IReadOnlyList<ReadOnlyMemory<byte>> records, Place place)
    {
        _lines.Clear();
        for (int record = place.Record, row = place.Row; record < records.Count; record++, row = 0)
            if (_lines.Write(records[record].Span, row, _maxBytes, MaxLines) is { } next) return new Place(record, next);
        return new Place(records.Count, 0);
    }

    private async Task SendAsync(CancellationToken cancellation)
    {
        Answer answer = await PostAsync(_options.Write, Content(), cancellation);
        if (answer.Fault is { } missing && answer.IsMissingDatabase && _options.Create is { } create)
        {
            Answer creation = await PostAsync(create, new ByteArrayContent([]), cancellation);
            if (creation.Fault is { } denial)
                throw new SinkException(SinkFault.Unavailable, $"{missing.Message} Nor can it be created: {denial.Message}", denial.RetryAfter, inner: denial);
            answer = await PostAsync(_options.Write, Content(), cancellation);
        }

        if (answer.Fault is { } fault) throw fault;
    }

    private async Task<Answer> PostAsync(Uri url, HttpContent content, CancellationToken cancellation)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = content };
            using HttpResponseMessage response = await _client.SendAsync(request, cancellation);
            if (response.IsSuccessStatusCode) return default;
            string text = HttpAnswers.OneLine(Complaint(await response.Content.ReadAsStringAsync(cancellation)));
            bool isMissing = response.StatusCode == HttpStatusCode.NotFound && text.Contains("database not found", StringComparison.OrdinalIgnoreCase);
            return new Answer(HttpAnswers.Fault(Name, response, text, default, _time.GetUtcNow()), isMissing);
        }
        catch (Exception error) when (error is HttpRequestException or IOException || (error is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            // What is left of the request may still look at the lines.
            _lines = new LineProtocol(_options.Fields);
            throw HttpAnswers.NoAnswer(Name, error, _options.Timeout);
        }
    }

    private HttpContent Content()
    {
        HttpContent content;
        if (_options.IsCompressed)
        {
            _compressed.SetLength(0);
            using (var compressor = new GZipStream(_compressed, CompressionLevel.Fastest, leaveOpen: true)) compressor.Write(_lines.Text.Span);
            content = new ByteArrayContent(_compressed.ToArray());
            content.Headers.ContentEncoding.Add("gzip");
        }
        else
        {
            content = new ReadOnlyMemoryContent(_lines.Text);
        }

        content.Headers.TryAddWithoutValidation("Content-Type", _options.ContentType);
        return content;
    }

    /// <summary>What an answer complains of: the member that says so, else all of it.</summary>
    private static string Complaint(string answer)
    {
        try
        {
            using var json = JsonDocument.Parse(answer);
            if (json.RootElement.ValueKind != JsonValueKind.Object) return answer;
            foreach (string member in (ReadOnlySpan<string>)["error", "message"])
                if (json.RootElement.TryGetProperty(member, out JsonElement text) && text.ValueKind == JsonValueKind.String) return text.GetString()!;
        }
        catch (JsonException)
        {
            // A proxy's page, or text as others write it.
        }

        return answer;
    }

    /// <summary>A row of a record: all before it is written.</summary>
    private readonly record struct Place(int Record, int Row);

    /// <summary>What came of a request.</summary>
    /// <param name="Fault">What was wrong; null when nothing was.</param>
    /// <param name="IsMissingDatabase">True when there is no such database.</param>
    private readonly record struct Answer(SinkException? Fault, bool IsMissingDatabase);
}
