namespace Llama.EndToEnd.Reflecting;

/// <summary>Datagrams that a Go collector would send.</summary>
internal static class Probes
{
    private const int OrdinaryPadding = 100;

    /// <summary>A well-formed one with a signature that has not been seen before.</summary>
    public static byte[] Ordinary(byte tos = 0)
    {
        byte[] signature = new byte[10];
        Random.Shared.NextBytes(signature);
        return [0x0A, 10, .. signature, 0x12, 1, tos, 0x18, 0x01, 0x3A, OrdinaryPadding, .. new byte[OrdinaryPadding]];
    }
}
