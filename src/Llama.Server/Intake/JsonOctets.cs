using System.Text.Json;
using System.Text.Unicode;

namespace Llama.Server.Intake;

/// <summary>Texts of a JSON body as UTF-8, without a string for each: where they stand, or unescaped into room of its own. Belongs to one reader.</summary>
internal sealed class JsonOctets
{
    private byte[] _unescaped = [];

    /// <summary>The text or member name that a reader is at, valid until the next call; false where it is not well-formed Unicode.</summary>
    public bool TryTake(scoped ref Utf8JsonReader json, out ReadOnlySpan<byte> octets)
    {
        octets = json.ValueSpan;
        if (!json.ValueIsEscaped) return Utf8.IsValid(octets);
        if (_unescaped.Length < octets.Length) _unescaped = new byte[Math.Max(256, 2 * octets.Length)];
        try
        {
            octets = _unescaped.AsSpan(0, json.CopyString(_unescaped));
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }
}
