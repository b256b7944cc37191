namespace Llama.EndToEnd.Lab;

/// <summary>Something that is wrong with the network, until it is healed or the lab is gone.</summary>
internal sealed class Fault(Func<Task<long>> count, Func<Task> heal)
{
    private long? _last;

    /// <summary>How many datagrams it has hit so far: exactly what it lost or changed.</summary>
    public async Task<long> HitsAsync() => _last ?? await count();

    /// <summary>Mends it.</summary>
    /// <returns>How many datagrams it has hit. One that it hits at this very moment may be missing.</returns>
    public async Task<long> HealAsync()
    {
        if (_last is { } healed) return healed;
        await heal();
        _last = await count();
        return _last.Value;
    }
}
