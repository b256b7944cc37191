using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using Llama.Server.Intake;
using Microsoft.AspNetCore.Http;

namespace Llama.Server.History;

/// <summary>
/// An answer while it is put together: a query is not to wait for a slow client, so all of it is held, in pieces out of a budget that
/// answers share. Belongs to one thread at a time.
/// </summary>
/// <param name="budget">What all answers may take.</param>
/// <param name="most">What this one may.</param>
internal sealed class AnswerBuffer(MemoryBudget budget, long most) : IBufferWriter<byte>, IDisposable
{
    private const int PieceBytes = 64 * 1024;

    private readonly List<(byte[] Piece, int Length)> _pieces = [];
    private byte[] _current = [];
    private int _used;
    private long _written;
    private long _beside;
    private long _charged;

    /// <summary>Octets of what is held: of the answer itself, and of what it is still to be made of.</summary>
    public long Held => _written + _beside;

    /// <summary>Takes octets for something that is held beside it until the answer is done.</summary>
    /// <exception cref="QueryRefusedException">The answer becomes too large, or there is no room at the moment.</exception>
    public void Charge(long bytes)
    {
        Take(bytes);
        _beside += bytes;
    }

    public void Advance(int count)
    {
        _used += count;
        _written += count;
    }

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        if (_current.Length - _used >= Math.Max(1, sizeHint)) return _current.AsMemory(_used);
        int size = Math.Max(PieceBytes, sizeHint);
        Take(size);
        Close();
        _current = ArrayPool<byte>.Shared.Rent(size);
        return _current;
    }

    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    /// <summary>Hands it to the client, as fast as that takes it.</summary>
    public async Task WriteToAsync(PipeWriter output, CancellationToken cancellation)
    {
        Close();
        foreach ((byte[] piece, int length) in _pieces)
            if ((await output.WriteAsync(piece.AsMemory(0, length), cancellation)).IsCompleted) return;
    }

    public void Dispose()
    {
        Close();
        foreach ((byte[] piece, int _) in _pieces) ArrayPool<byte>.Shared.Return(piece);
        _pieces.Clear();
        budget.Give(_charged);
        _charged = 0;
    }

    private void Close()
    {
        if (_current.Length > 0) _pieces.Add((_current, _used));
        (_current, _used) = ([], 0);
    }

    private void Take(long bytes)
    {
        if (_charged + bytes > most)
        {
            throw new QueryRefusedException(
                StatusCodes.Status422UnprocessableEntity,
                string.Create(CultureInfo.InvariantCulture, $"The answer would take more than {most >> 20} MiB: ask for fewer pairs, fewer metrics, a shorter span or a longer step."));
        }

        if (!budget.TryTake(bytes))
            throw new QueryRefusedException(StatusCodes.Status503ServiceUnavailable, "As many answers are under way as the server has memory for. Try again later.");
        _charged += bytes;
    }
}
