using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Llama.Server.Sinks;
using Llama.Server.Sinks.Influx;
using Llama.Server.Sinks.Records;

namespace Llama.Tests.Sinks.Influx;

public sealed class InfluxSinkTests
{
    private readonly Database _database = new();

    [Fact]
    public async Task A_write_is_the_one_of_the_original()
    {
        ScrapedCase recorded = ScrapedCase.Read("auth");
        await using var sink = new InfluxSink(Options("influx:http://u%20ser:p%40ss%3Aw@127.0.0.1:9086/llama"), _database);

        Assert.Equal(1, await sink.DeliverAsync([recorded.Record()], default));

        Request request = Assert.Single(_database.Requests);
        Assert.Equal($"POST {recorded.Request.GetProperty("path").GetString()}", request.Line);
        foreach (string header in (ReadOnlySpan<string>)["User-Agent", "Content-Type", "Authorization"]) Assert.Equal(recorded.Header(header), request.Headers[header]);
        Assert.DoesNotContain("Content-Encoding", request.Headers.Keys);
        Assert.Equal(recorded.StampedBody, request.Body);
    }

    [Fact]
    public async Task The_second_version_gets_a_token_and_a_compressed_body()
    {
        ScrapedCase recorded = ScrapedCase.Read("basic");
        await using var sink = new InfluxSink(Options("influx2:http://db:8086?org=o&bucket=b&token=t"), _database);

        Assert.Equal(2, await sink.DeliverAsync([recorded.Record()], default));

        Request request = Assert.Single(_database.Requests);
        Assert.Equal("POST /api/v2/write?org=o&bucket=b&precision=s", request.Line);
        Assert.Equal(("Token t", "gzip", "text/plain; charset=utf-8"), (request.Headers["Authorization"], request.Headers["Content-Encoding"], request.Headers["Content-Type"]));
        Assert.Equal(recorded.StampedBody, request.Body);
    }

    [Fact]
    public async Task Nothing_to_write_is_no_request()
    {
        await using var sink = new InfluxSink(Options(), _database);
        var writer = new ReportWriter();
        writer.Begin(default, default, RecordFlags.None, ""u8);
        writer.EndOriginTags();

        Assert.Equal(0, await sink.DeliverAsync([writer.Record], default));
        Assert.Equal(0, await sink.DeliverAsync([], default));
        Assert.Empty(_database.Requests);
    }

    [Fact]
    public async Task Bodies_are_of_five_thousand_lines_or_a_megabyte_in_order()
    {
        await using var sink = new InfluxSink(Options(), _database);

        Assert.Equal(12_000, await sink.DeliverAsync([Points(0, 7_000), Points(7_000, 5_000)], default));
        Assert.Equal([5_000, 5_000, 2_000], _database.Requests.Select(request => request.Lines.Length));
        Assert.Equal(Enumerable.Range(0, 12_000).Select(Point), _database.Requests.SelectMany(request => request.Lines));

        _database.Requests.Clear();
        await sink.DeliverAsync([Points(0, 2_000, new string('x', 1_000))], default);
        Assert.All(_database.Requests, request => Assert.True(request.Body.Length < 1 << 20));
        Assert.Equal(3, _database.Requests.Count);
    }

    [Theory]
    [InlineData(401, true)]
    [InlineData(403, true)]
    [InlineData(404, true)]
    [InlineData(408, true)]
    [InlineData(425, true)]
    [InlineData(429, true)]
    [InlineData(500, true)]
    [InlineData(503, true)]
    [InlineData(301, true)]
    [InlineData(400, false)]
    [InlineData(422, false)]
    [InlineData(413, false)]
    public async Task An_answer_says_what_to_do_with_the_records(int status, bool isWorthAnotherTry)
    {
        await using var sink = new InfluxSink(Options(), _database);
        _database.Answer = _ => Text(status, "{\"error\":\"out of\\nsorts.\"}\n");

        SinkException exception = await Assert.ThrowsAsync<SinkException>(() => sink.DeliverAsync([Points(0, 1)], default));

        Assert.Equal(isWorthAnotherTry ? SinkFault.Unavailable : SinkFault.Refused, exception.Fault);
        Assert.Equal($"influx http://db:8086/llama answered {status}: out of sorts.", exception.Message);
        Assert.Equal(isWorthAnotherTry ? "" : $"{Point(0)}\n", Encoding.UTF8.GetString(exception.Body.Span));
        Assert.Null(exception.RetryAfter);
    }

    [Fact]
    public async Task A_time_to_try_again_is_passed_on()
    {
        var now = new DateTimeOffset(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);
        await using var sink = new InfluxSink(Options(), _database, new FakeTime(now));
        foreach (RetryConditionHeaderValue after in (RetryConditionHeaderValue[])[new(TimeSpan.FromSeconds(40)), new(now.AddSeconds(40))])
        {
            _database.Answer = _ => new HttpResponseMessage(HttpStatusCode.ServiceUnavailable) { Headers = { RetryAfter = after } };
            Assert.Equal(TimeSpan.FromSeconds(40), (await Assert.ThrowsAsync<SinkException>(() => sink.DeliverAsync([Points(0, 1)], default))).RetryAfter);
        }
    }

    [Fact]
    public async Task A_body_that_is_refused_does_not_keep_back_the_others()
    {
        await using var sink = new InfluxSink(Options(), _database);
        _database.Answer = request => Text(request.Lines[0] == Point(5_000) ? 400 : 204, "{\"error\":\"partial write: points beyond retention policy dropped=3\"}");

        SinkException exception = await Assert.ThrowsAsync<SinkException>(() => sink.DeliverAsync([Points(0, 11_000)], default));

        Assert.Equal(SinkFault.Refused, exception.Fault);
        Assert.Contains("partial write: points beyond retention policy dropped=3", exception.Message, StringComparison.Ordinal);
        Assert.Equal([5_000, 5_000, 1_000], _database.Requests.Select(request => request.Lines.Length));
        Assert.Equal(_database.Requests[1].Body, Encoding.UTF8.GetString(exception.Body.Span));
    }

    [Fact]
    public async Task A_body_that_is_too_long_is_halved_until_it_fits()
    {
        await using var sink = new InfluxSink(Options(), _database);
        _database.Answer = request => Text(request.Body.Length > 3_000 ? 413 : 204, "");

        Assert.Equal(1_000, await sink.DeliverAsync([Points(0, 1_000)], default));
        Assert.Equal(Enumerable.Range(0, 1_000).Select(Point), _database.Requests.Where(request => request.Body.Length <= 3_000).SelectMany(request => request.Lines));

        // It has learned that.
        _database.Requests.Clear();
        await sink.DeliverAsync([Points(0, 1_000)], default);
        Assert.All(_database.Requests, request => Assert.True(request.Body.Length <= 3_000));
    }

    [Fact]
    public async Task A_database_that_is_missing_is_created()
    {
        bool exists = false;
        _database.Answer = request =>
        {
            if (request.Line.StartsWith("POST /query?", StringComparison.Ordinal)) exists = true;
            return Text(exists ? 200 : 404, "{\"error\":\"database not found: \\\"llama\\\"\"}\n");
        };
        await using var sink = new InfluxSink(Options(), _database);

        Assert.Equal(1, await sink.DeliverAsync([Points(0, 1)], default));
        Assert.Equal("POST /query?q=CREATE+DATABASE+%22llama%22", _database.Requests[1].Line);
        Assert.Equal(_database.Requests[0], _database.Requests[2]);
    }

    [Fact]
    public async Task A_database_that_may_not_be_created_is_waited_for()
    {
        _database.Answer = request => request.Line.StartsWith("POST /query?", StringComparison.Ordinal)
            ? Text(403, "{\"error\":\"create database denied\"}")
            : Text(404, "{\"error\":\"database not found: \\\"llama\\\"\"}");
        await using var sink = new InfluxSink(Options(), _database);

        SinkException exception = await Assert.ThrowsAsync<SinkException>(() => sink.DeliverAsync([Points(0, 1)], default));

        Assert.Equal(SinkFault.Unavailable, exception.Fault);
        Assert.Equal(
            "influx http://db:8086/llama answered 404: database not found: \"llama\". Nor can it be created: influx http://db:8086/llama answered 403: create database denied.",
            exception.Message);
    }

    [Fact]
    public async Task No_answer_is_worth_another_try()
    {
        await using var sink = new InfluxSink(Options(), _database);
        _database.Answer = _ => throw new HttpRequestException("Connection refused\n(db:8086)");
        SinkException refused = await Assert.ThrowsAsync<SinkException>(() => sink.DeliverAsync([Points(0, 1)], default));
        Assert.Equal((SinkFault.Unavailable, "influx http://db:8086/llama can't be reached: Connection refused (db:8086)."), (refused.Fault, refused.Message));

        _database.Answer = _ => throw new TaskCanceledException("timeout");
        SinkException late = await Assert.ThrowsAsync<SinkException>(() => sink.DeliverAsync([Points(0, 1)], default));
        Assert.Equal((SinkFault.Unavailable, "influx http://db:8086/llama did not answer within 10 s."), (late.Fault, late.Message));

        _database.Answer = _ => Text(204, "");
        Assert.Equal(1, await sink.DeliverAsync([Points(0, 1)], default));
    }

    [Fact]
    public async Task Giving_up_is_no_fault_of_the_sink()
    {
        await using var sink = new InfluxSink(Options(), _database);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sink.DeliverAsync([Points(0, 1)], new CancellationToken(canceled: true)));
    }

    private static InfluxOptions Options(string address = "influx:http://db:8086/llama") => InfluxOptions.Of(SinkUri.Parse(address));

    private static string Point(int i) => $"m,i={i} v={i} 1795000000";

    private static byte[] Points(int first, int count, string? measurement = null)
    {
        var writer = new ReportWriter();
        var end = DateTimeOffset.FromUnixTimeSeconds(1_795_000_000);
        writer.Begin(end, end, RecordFlags.None, ""u8);
        writer.EndOriginTags();
        for (int i = first; i < first + count; i++)
        {
            writer.BeginPoint(Encoding.UTF8.GetBytes(measurement ?? "m"), null);
            writer.AddTag("i", $"{i}");
            writer.EndPointTags(default);
            writer.AddField("v"u8, i);
            writer.EndPoint();
        }

        return writer.Record.ToArray();
    }

    private static HttpResponseMessage Text(int status, string text) => new((HttpStatusCode)status) { Content = new StringContent(text) };

    private sealed class FakeTime(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }

    private sealed record Request(string Line, string Body)
    {
        public Dictionary<string, string> Headers { get; } = [];

        public string[] Lines => Body.Split('\n', StringSplitOptions.RemoveEmptyEntries);

        public bool Equals(Request? other) => other is not null && (Line, Body) == (other.Line, other.Body);

        public override int GetHashCode() => HashCode.Combine(Line, Body);
    }

    private sealed class Database : HttpMessageHandler
    {
        public Func<Request, HttpResponseMessage> Answer { get; set; } = _ => new HttpResponseMessage(HttpStatusCode.NoContent);

        public List<Request> Requests { get; } = [];

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Stream body = await request.Content!.ReadAsStreamAsync(cancellationToken);
            if (request.Content.Headers.ContentEncoding.Contains("gzip")) body = new GZipStream(body, CompressionMode.Decompress);
            var seen = new Request($"{request.Method} {request.RequestUri!.PathAndQuery}", await new StreamReader(body).ReadToEndAsync(cancellationToken));
            foreach ((string name, IEnumerable<string> values) in request.Headers.NonValidated.Select(header => (header.Key, (IEnumerable<string>)header.Value))
                .Concat(request.Content.Headers.NonValidated.Select(header => (header.Key, (IEnumerable<string>)header.Value))))
                seen.Headers[name] = string.Join(' ', values);
            Requests.Add(seen);
            return Answer(seen);
        }
    }
}
