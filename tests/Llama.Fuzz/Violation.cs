namespace Llama.Fuzz;

/// <summary>Something that must never be has been. Ends the round; the datagram is kept for whoever mends it.</summary>
internal sealed class Violation(string message, byte[]? datagram = null) : Exception(message)
{
    /// <summary>What did it; null where it was no single datagram.</summary>
    public byte[]? Datagram => datagram;

    public static void If(bool broken, string message)
    {
        if (broken) throw new Violation(message);
    }
}
