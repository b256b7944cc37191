using System.Globalization;
using System.IO.Compression;
using Llama.EndToEnd.Harness;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Llama.EndToEnd.Sinks.OpenTelemetry;

/// <summary>
/// An OTLP receiver over HTTP that can fail, be slow, stop and come back, and adds up what it took as a backend does that heeds start
/// times: of each series the last value of each start.
/// </summary>
internal sealed class OtlpReceiver : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<(string Resource, string Metric, string Attributes, ulong Start), OtlpPoint> _points = [];
    private WebApplication? _application;

    public int Port { get; } = Ports.Free();

    public string Address => string.Create(CultureInfo.InvariantCulture, $"otlp:http://127.0.0.1:{Port}");

    /// <summary>What to do with a request besides taking it: true takes it.</summary>
    public Func<HttpContext, IReadOnlyList<OtlpPoint>, Task<bool>> Behave { get; set; } = (_, _) => Task.FromResult(true);

    public int Requests { get; private set; }

    public IReadOnlyList<OtlpPoint> Points
    {
        get
        {
            lock (_gate) return [.. _points.Values];
        }
    }

    public static async Task<OtlpReceiver> StartAsync()
    {
        var receiver = new OtlpReceiver();
        await receiver.ComeBackAsync();
        return receiver;
    }

    /// <summary>The sum over all series of a metric, or those of one resource.</summary>
    public double Total(string metric, string resource = "", string attribute = "") =>
        Of(metric, resource, attribute).Sum(point => point.Kind == "histogram" ? point.Count : point.Value);

    public IEnumerable<OtlpPoint> Of(string metric, string resource = "", string attribute = "") => Points.Where(point =>
        point.Metric == metric && point.Resource.Contains(resource, StringComparison.Ordinal) && point.Attributes.Contains(attribute, StringComparison.Ordinal));

    public async Task ComeBackAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{Port}"));
        _application = builder.Build();
        _application.MapPost("/v1/metrics", TakeAsync);
        await _application.StartAsync();
    }

    public async Task GoAwayAsync()
    {
        if (_application is not { } application) return;
        _application = null;
        using var atOnce = new CancellationTokenSource(0);
        await application.StopAsync(atOnce.Token);
        await application.DisposeAsync();
    }

    public async ValueTask DisposeAsync() => await GoAwayAsync();

    private async Task TakeAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        bool isCompressed = context.Request.Headers.ContentEncoding == "gzip";
        Stream content = isCompressed ? new GZipStream(context.Request.Body, CompressionMode.Decompress) : context.Request.Body;
        await content.CopyToAsync(body);
        IReadOnlyList<OtlpPoint> points = OtlpRequest.Read(body.ToArray());
        lock (_gate) Requests++;
        if (!await Behave(context, points)) return;
        lock (_gate)
        {
            foreach (OtlpPoint point in points) _points[(point.Resource, point.Metric, point.Attributes, point.Start)] = point;
        }
    }
}
