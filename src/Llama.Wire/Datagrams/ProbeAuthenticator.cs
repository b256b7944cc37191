using System.Security.Cryptography;

namespace Llama.Wire.Datagrams;

/// <summary>
/// Signs and checks datagrams with a shared key: HMAC-SHA-256 (RFC 2104), cut to 128 bits (RFC 4868 section 2.6), over all octets
/// before the tag. The padding stands behind the tag and is not covered: it means nothing. Any thread may call it; allocates nothing.
/// </summary>
/// <param name="key">The key, any length.</param>
public sealed class ProbeAuthenticator(ReadOnlySpan<byte> key)
{
    private readonly byte[] _key = key.ToArray();

    /// <summary>Signs a datagram laid out as <see cref="ProbeWriter"/> does.</summary>
    public void Sign(Span<byte> datagram) => Sign(datagram, ProbeWriter.ExtensionOffset);

    /// <summary>Marks a datagram as authenticated and writes its tag.</summary>
    /// <param name="datagram">The datagram.</param>
    /// <param name="extensionOffset">Where its extension begins.</param>
    public void Sign(Span<byte> datagram, int extensionOffset)
    {
        ProbeExtension.MarkAuthenticated(datagram[extensionOffset..]);
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        int tagOffset = extensionOffset + ProbeExtension.TagOffset;
        HMACSHA256.HashData(_key, datagram[..tagOffset], hash);
        hash[..ProbeExtension.TagLength].CopyTo(datagram[tagOffset..]);
    }

    /// <summary>True when the datagram's tag was made with this key. Takes the same time wherever a tag differs.</summary>
    /// <param name="datagram">The datagram.</param>
    /// <param name="extensionOffset">Where its extension begins.</param>
    public bool Verify(ReadOnlySpan<byte> datagram, int extensionOffset)
    {
        if ((ProbeExtension.ReadMarks(datagram[extensionOffset..]) & ProbeMarks.Authenticated) == 0) return false;
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        int tagOffset = extensionOffset + ProbeExtension.TagOffset;
        HMACSHA256.HashData(_key, datagram[..tagOffset], hash);
        return CryptographicOperations.FixedTimeEquals(
            hash[..ProbeExtension.TagLength], datagram.Slice(tagOffset, ProbeExtension.TagLength));
    }
}
