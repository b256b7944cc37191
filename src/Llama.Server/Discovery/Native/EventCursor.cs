using System.Globalization;
using System.Security.Cryptography;

namespace Llama.Server.Discovery.Native;

/// <summary>
/// A place in the events of one run of the server, as text: the run, a dot, and the sequence. The sequence alone is taken too, and
/// stands for this run.
/// </summary>
internal sealed class EventCursor
{
    private readonly string _run = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4));

    /// <summary>How clients are told a place.</summary>
    public string Write(long sequence) => string.Create(CultureInfo.InvariantCulture, $"{_run}.{sequence}");

    /// <summary>Reads a place.</summary>
    /// <param name="text">What a client handed back.</param>
    /// <param name="newest">The newest sequence of this run.</param>
    /// <param name="sequence">The sequence that was seen last; 0 when the place is none of this run, so that all events are news.</param>
    /// <param name="isOfThisRun">False where events of the run before may have been missed.</param>
    /// <returns>False when the text is no place at all.</returns>
    public bool TryRead(string text, long newest, out long sequence, out bool isOfThisRun)
    {
        int dot = text.IndexOf('.', StringComparison.Ordinal);
        isOfThisRun = dot < 0 || text.AsSpan(0, dot).SequenceEqual(_run);
        if (!long.TryParse(text.AsSpan(dot + 1), NumberStyles.None, CultureInfo.InvariantCulture, out sequence)) return false;
        isOfThisRun &= sequence <= newest;
        if (!isOfThisRun) sequence = 0;
        return true;
    }
}
