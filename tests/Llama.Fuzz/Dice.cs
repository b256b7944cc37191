namespace Llama.Fuzz;

/// <summary>Random numbers that are the same on every machine: SplitMix64. Belongs to one thread.</summary>
internal sealed class Dice(ulong seed)
{
    private ulong _state = seed;

    /// <summary>Begins a sequence of its own, so that one try among millions can be repeated alone.</summary>
    public void Restart(ulong seed, long index) => _state = seed + (ulong)index * 0xD1B5_4A32_D192_ED03;

    public ulong Next()
    {
        ulong z = _state += 0x9E37_79B9_7F4A_7C15;
        z = (z ^ (z >> 30)) * 0xBF58_476D_1CE4_E5B9;
        z = (z ^ (z >> 27)) * 0x94D0_49BB_1331_11EB;
        return z ^ (z >> 31);
    }

    /// <summary>0 to <paramref name="end"/> less 1.</summary>
    public int Below(int end) => (int)((Next() >> 32) * (ulong)end >> 32);

    /// <summary>True once in so many times.</summary>
    public bool OneIn(int times) => Below(times) == 0;

    public T Pick<T>(ReadOnlySpan<T> choices) => choices[Below(choices.Length)];

    public void Fill(Span<byte> octets)
    {
        for (; octets.Length >= 8; octets = octets[8..]) BitConverter.TryWriteBytes(octets, Next());
        for (int i = 0; i < octets.Length; i++) octets[i] = (byte)Next();
    }
}
