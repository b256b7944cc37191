using System.Buffers;

namespace Llama.Server.Intake;

/// <summary>How the reading of a body ended.</summary>
internal enum BodyEnd
{
    /// <summary>All of it is here.</summary>
    Whole,

    /// <summary>There is more of it than is taken.</summary>
    TooLarge,

    /// <summary>All bodies together have no memory left for it.</summary>
    NoRoom,
}

/// <summary>A body of unknown length in memory that is lent, out of a budget. Disposing gives it back. Belongs to one reader.</summary>
/// <param name="budget">What all bodies together may take.</param>
internal sealed class BodyBuffer(MemoryBudget budget) : IDisposable
{
    private const int FirstBytes = 64 * 1024;

    private byte[] _buffer = [];
    private int _length;

    /// <summary>What has been read.</summary>
    public ReadOnlyMemory<byte> Content => _buffer.AsMemory(0, _length);

    /// <summary>Reads to the end; after <see cref="BodyEnd.NoRoom"/> it may be called again for what is left.</summary>
    /// <param name="input">The body.</param>
    /// <param name="most">How long it may be.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task<BodyEnd> FillAsync(Stream input, int most, CancellationToken cancellation)
    {
        while (_length < most)
        {
            if (_length == _buffer.Length && !TryGrow(Math.Max(FirstBytes, 2 * _length))) return BodyEnd.NoRoom;
            int read = await input.ReadAsync(_buffer.AsMemory(_length), cancellation);
            if (read == 0) return BodyEnd.Whole;
            _length += read;
        }

        return _length > most || await input.ReadAsync(new byte[1], cancellation) > 0 ? BodyEnd.TooLarge : BodyEnd.Whole;
    }

    public void Dispose()
    {
        Release(_buffer);
        (_buffer, _length) = ([], 0);
    }

    /// <summary>Moves to a larger buffer; lengths are powers of two, which the pool lends exactly.</summary>
    private bool TryGrow(int length)
    {
        if (!budget.TryTake(length)) return false;
        byte[] larger = ArrayPool<byte>.Shared.Rent(length);
        Content.CopyTo(larger);
        Release(_buffer);
        _buffer = larger;
        return true;
    }

    private void Release(byte[] buffer)
    {
        if (buffer.Length == 0) return;
        budget.Give(buffer.Length);
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
