using System.Buffers;
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

    private const int FirstBytes = 64 * 1024;
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(60);

    private readonly MemoryBudget _budget;
    private byte[] _buffer = [];
    private int _length;

    private PushBody(MemoryBudget budget) => _budget = budget;

    /// <summary>What it says.</summary>
    public ReadOnlyMemory<byte> Content => _buffer.AsMemory(0, _length);

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

    public void Dispose()
    {
        Release(_buffer);
        (_buffer, _length) = ([], 0);
    }

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
        while (_length < most)
        {
            if (_length == _buffer.Length) Grow(Math.Max(FirstBytes, 2 * _length));
            int read = await input.ReadAsync(_buffer.AsMemory(_length), cancellation);
            if (read == 0) return;
            _length += read;
        }

        if (_length > most || await input.ReadAsync(new byte[1], cancellation) > 0) throw TooLarge();
    }

    /// <summary>Moves to a larger buffer; lengths are powers of two, which the pool lends exactly.</summary>
    private void Grow(int length)
    {
        if (!_budget.TryTake(length))
            throw new PushRefusedException(StatusCodes.Status503ServiceUnavailable, "Too many probes push at the same time; try again in some seconds.");
        byte[] larger = ArrayPool<byte>.Shared.Rent(length);
        Content.CopyTo(larger);
        Release(_buffer);
        _buffer = larger;
    }

    private void Release(byte[] buffer)
    {
        if (buffer.Length == 0) return;
        _budget.Give(buffer.Length);
        ArrayPool<byte>.Shared.Return(buffer);
    }
}

/// <summary>Octets that several may take together. Any thread may call it.</summary>
/// <param name="bytes">How many there are.</param>
internal sealed class MemoryBudget(long bytes)
{
    private long _left = bytes;

    /// <summary>How many are left.</summary>
    public long Left => Interlocked.Read(ref _left);

    /// <summary>Takes some; false, and nothing taken, when there are not enough.</summary>
    public bool TryTake(long wanted)
    {
        if (Interlocked.Add(ref _left, -wanted) >= 0) return true;
        Interlocked.Add(ref _left, wanted);
        return false;
    }

    /// <summary>Gives some back.</summary>
    public void Give(long given) => Interlocked.Add(ref _left, given);
}
