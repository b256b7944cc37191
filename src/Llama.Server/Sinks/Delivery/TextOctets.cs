using System.Net;
using System.Text;

namespace Llama.Server.Sinks.Delivery;

/// <summary>Room in which texts become octets, one after the other, without garbage. Belongs to one thread at a time.</summary>
internal sealed class TextOctets
{
    private byte[] _room = new byte[512];
    private int _used;

    /// <summary>Makes the room free again: what it gave out is no longer valid.</summary>
    public void Clear() => _used = 0;

    /// <summary>A text as UTF-8; empty for null.</summary>
    public ReadOnlySpan<byte> Of(string? text)
    {
        if (string.IsNullOrEmpty(text)) return default;
        Span<byte> room = Room(Encoding.UTF8.GetMaxByteCount(text.Length));
        return Take(room, Encoding.UTF8.GetBytes(text, room));
    }

    /// <summary>An address, without its zone.</summary>
    public ReadOnlySpan<byte> Of(IPAddress address)
    {
        Span<byte> room = Room(128);
        address.TryFormat(room, out int length);
        int zone = room[..length].IndexOf((byte)'%');
        return Take(room, zone < 0 ? length : zone);
    }

    private Span<byte> Room(int length)
    {
        // What was given out stays valid, in the room before.
        if (_room.Length - _used < length) (_room, _used) = (new byte[Math.Max(2 * _room.Length, length)], 0);
        return _room.AsSpan(_used);
    }

    private ReadOnlySpan<byte> Take(Span<byte> room, int length)
    {
        _used += length;
        return room[..length];
    }
}
