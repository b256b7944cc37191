using System.Globalization;
using System.Net;
using System.Text;
using Llama.Server.Sinks;
using Llama.Server.Sinks.OpenTelemetry;
using Llama.Server.Sinks.Records;

namespace Llama.Tests.Sinks.OpenTelemetry;

public sealed class OtlpOriginTests
{
    private readonly FakeTime _time = new();
    private readonly FakeReceiver _receiver = new();

    [Theory]
    [InlineData(401, nameof(SinkFault.Unavailable))]
    [InlineData(403, nameof(SinkFault.Unavailable))]
    [InlineData(404, nameof(SinkFault.Unavailable))]
    [InlineData(408, nameof(SinkFault.Unavailable))]
    [InlineData(413, nameof(SinkFault.Unavailable))]
    [InlineData(425, nameof(SinkFault.Unavailable))]
    [InlineData(429, nameof(SinkFault.Unavailable))]
    [InlineData(500, nameof(SinkFault.Unavailable))]
    [InlineData(503, nameof(SinkFault.Unavailable))]
    [InlineData(400, nameof(SinkFault.Refused))]
    [InlineData(415, nameof(SinkFault.Refused))]
    [InlineData(422, nameof(SinkFault.Refused))]
    public void A_status_tells_whether_another_try_is_worth_it(int status, string fault)
    {
        using OtlpOrigin origin = Origin();
        origin.Take(Record(0), default);
        _receiver.Status = (HttpStatusCode)status;

        SinkException failure = Assert.Throws<SinkException>(() => origin.Export(default));

        Assert.Equal(fault, failure.Fault.ToString());
        Assert.Contains(status.ToString(CultureInfo.InvariantCulture), failure.Message, StringComparison.Ordinal);
        Assert.Equal(fault == nameof(SinkFault.Unavailable), origin.HasUnsent);
    }

    [Fact]
    public void A_record_that_comes_again_before_it_is_settled_is_not_added_again()
    {
        using OtlpOrigin origin = Origin();
        origin.Take(Record(0), default);
        origin.Export(default);
        origin.Take(Record(0), default);

        Assert.False(origin.HasUnsent);
        Assert.Equal(3, origin.Settle());
        Assert.Equal(0, origin.Settle());
    }

    [Fact]
    public void Series_that_nobody_hears_of_are_forgotten()
    {
        using OtlpOrigin origin = Origin();
        Deliver(origin, Record(0, pairs: 200));
        Assert.Equal(200, origin.SeriesCount);
        int many = _receiver.LastLength;

        _time.Pass(TimeSpan.FromMinutes(50));
        Deliver(origin, Record(1, pairs: 70));
        _time.Pass(TimeSpan.FromMinutes(20));
        Deliver(origin, Record(2, pairs: 70));

        Assert.Equal(70, origin.SeriesCount);
        Deliver(origin, Record(3, pairs: 70));
        Assert.True(_receiver.LastLength < many / 2, $"{_receiver.LastLength} octets of {many}");
    }

    [Fact]
    public void An_origin_is_forgotten_once_all_is_sent_and_nothing_comes()
    {
        using OtlpOrigin origin = Origin();
        origin.Take(Record(0), default);
        _time.Pass(TimeSpan.FromMinutes(61));
        Assert.False(origin.IsForgotten);

        origin.Export(default);
        Assert.True(origin.IsForgotten);

        Deliver(origin, Record(1));
        Assert.False(origin.IsForgotten);
    }

    [Fact]
    public void A_failure_to_make_room_adds_nothing()
    {
        using OtlpOrigin origin = Origin();
        origin.Take(Record(0), default);
        _receiver.Status = HttpStatusCode.ServiceUnavailable;
        Assert.Throws<SinkException>(() => origin.Take(Record(1, pairs: 100), default));

        _receiver.Status = HttpStatusCode.OK;
        origin.Take(Record(0), default);
        origin.Take(Record(1, pairs: 100), default);
        origin.Export(default);

        Assert.Equal(103, origin.Settle());
    }

    private OtlpOrigin Origin() => new(Record(0), OtlpOptions.Of(SinkUri.Parse("otlp:http://collector:4318")), _receiver, _time);

    private static void Deliver(OtlpOrigin origin, byte[] record)
    {
        origin.Take(record, default);
        origin.Export(default);
        origin.Settle();
    }

    private static byte[] Record(int interval, int pairs = 3)
    {
        var writer = new ReportWriter();
        DateTimeOffset start = new DateTimeOffset(2026, 11, 22, 3, 0, 0, TimeSpan.Zero) + interval * TimeSpan.FromSeconds(30);
        writer.Begin(start, start.AddSeconds(30), RecordFlags.None, "default/a"u8);
        writer.EndOriginTags();
        Measures measures = default;
        measures[Measure.Sent] = 30;
        for (int pair = 0; pair < pairs; pair++)
        {
            writer.BeginPair("10.0.0.1"u8, ""u8, Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"10.0.1.{pair}")), 8100, 0);
            writer.EndPair(measures, []);
        }

        return writer.Record.ToArray();
    }

    /// <summary>Answers without a network.</summary>
    private sealed class FakeReceiver : HttpMessageHandler
    {
        public HttpStatusCode Status { get; set; } = HttpStatusCode.OK;

        public int LastLength { get; private set; }

        protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            using var body = new MemoryStream();
            request.Content!.CopyTo(body, null, cancellationToken);
            LastLength = (int)body.Length;
            return new HttpResponseMessage(Status) { Content = new ByteArrayContent([]) };
        }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}
