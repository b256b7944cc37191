using Llama.Wire;

namespace Llama.Tests.Wire;

public sealed class KernelRandomTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3072)]
    public void Every_octet_is_random_and_nothing_outside_is_touched(int length)
    {
        var ever = new byte[length];
        var octets = new byte[length + 2];
        for (int i = 0; i < 64; i++)
        {
            KernelRandom.Fill(octets.AsSpan(1, length));
            for (int j = 0; j < length; j++) ever[j] |= octets[j + 1];
        }

        // Each bit of 64 draws stays 0 once in 2^64 times.
        Assert.All(ever, octet => Assert.Equal(0xFF, octet));
        Assert.Equal((0, 0), (octets[0], octets[^1]));
    }

    [Fact]
    public void Numbers_do_not_repeat()
    {
        HashSet<ulong> numbers = [.. Enumerable.Range(0, 1000).Select(_ => KernelRandom.NextUInt64())];
        Assert.Equal(1000, numbers.Count);
    }
}
