using System.IO.Compression;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;

namespace Llama.Server.Intake;

/// <summary>The body of a push, unpacked and whole. Disposing gives its memory back.</summary>
internal sealed class PushBody : IDisposable
{
    /// <summary>Most octets that may come over the wire.</summary>
    public const int MaxSentBytes = 16 * 1024 * 1024;

    /// <summary>Most octets that may come of them.</summary>
    public const int MaxBytes = 64 * 1024 * 1024;

    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(60);

    private readonly BodyBuffer _buffer;

    private PushBody(MemoryBudget budget) => _buffer = new BodyBuffer(budget);

    /// <summary>What it says.</summary>
    public ReadOnlyMemory<byte> Content => _buffer.Content;

    /// <summary>Reads it all.</summary>
    /// <param name="request">Whose body.</param>
    /// <param name="budget">What all bodies together may take.</param>
    /// <param name="time">What the longest wait goes by.</param>
    /// <param name="cancellation">The client has gone.</param>
    /// <exception cref="PushRefusedException">It is too large, too slow, or not packed as it says.</exception>
    public static async Task<PushBody> ReadAsync(HttpRequest request, MemoryBudget budget, TimeProvider time, CancellationToken cancellation)
    {
        bool isPacked = IsPacked(request.Headers.ContentEncoding);
        if (request.ContentLength > MaxSentBytes) throw TooLarge();
        if (request.HttpContext.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit) limit.MaxRequestBodySize = MaxSentBytes;
        using var tooSlow = new CancellationTokenSource(LongestWait, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, tooSlow.Token);
        var body = new PushBody(budget);
        try
        {
            if (isPacked)
            {
                await using var unpacked = new GZipStream(request.Body, CompressionMode.Decompress, leaveOpen: true);
                await body.FillAsync(unpacked, MaxBytes, either.Token);
            }
            else
            {
                await body.FillAsync(request.Body, MaxSentBytes, either.Token);
            }

            return body;
        }
        catch (Exception e)
        {
            body.Dispose();
            if (Explain(e, isTooSlow: tooSlow.IsCancellationRequested && !cancellation.IsCancellationRequested) is { } refusal) throw refusal;
            throw;
        }
    }

    public void Dispose() => _buffer.Dispose();

    private static bool IsPacked(StringValues encoding) => encoding.ToString().ToUpperInvariant() switch
    {
        "" or "IDENTITY" => false,
        "GZIP" or "X-GZIP" => true,
        _ => throw new PushRefusedException(StatusCodes.Status415UnsupportedMediaType, "A body is sent as it is, or with Content-Encoding: gzip."),
    };

    private static PushRefusedException? Explain(Exception e, bool isTooSlow) => e switch
    {
        InvalidDataException => new PushRefusedException(
            StatusCodes.Status400BadRequest, "The body is not gzip, as Content-Encoding says, or it is cut short."),
        BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } => TooLarge(),
        BadHttpRequestException bad => new PushRefusedException(bad.StatusCode, "The body could not be read: it broke off, or came too slowly."),
        OperationCanceledException when isTooSlow => new PushRefusedException(
            StatusCodes.Status408RequestTimeout, "The body did not arrive within a minute; push fewer reports at a time."),
        _ => null,
    };

    private static PushRefusedException TooLarge() => new(
        StatusCodes.Status413PayloadTooLarge, "A body has at most 16 MiB, and 64 MiB once it is unpacked; push fewer reports at a time.");

    private async Task FillAsync(Stream input, int most, CancellationToken cancellation)
    {
        BodyEnd end = await _buffer.FillAsync(input, most, cancellation);
        if (end == BodyEnd.TooLarge) throw TooLarge();
        if (end == BodyEnd.NoRoom)
            throw new PushRefusedException(StatusCodes.Status503ServiceUnavailable, "Too many probes push at the same time; try again in some seconds.");
    }
}
