using System.Security.Cryptography;
using System.Text;
using Llama.Mesh.Plans;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Llama.Server.Discovery.Access;

/// <summary>
/// Which token (<c>Authorization: Bearer</c>) allows what. How long an answer takes tells nothing of a token: what is compared
/// are hashes with a secret that each process draws anew, in constant time. Immutable; any thread may call it.
/// </summary>
internal sealed class AccessRules
{
    private readonly byte[] _secret = RandomNumberGenerator.GetBytes(32);
    private readonly byte[]? _register;
    private readonly byte[]? _read;
    private readonly byte[]? _admin;
    private readonly Dictionary<string, byte[]> _groups = [];
    private readonly byte[]? _groupDefaults;
    private readonly byte[][] _all;

    /// <summary>Rules of a server that is told this.</summary>
    public AccessRules(DiscoveryOptions options)
    {
        _register = HashOf(options.RegisterToken);
        _read = HashOf(options.ReadToken);
        _admin = HashOf(options.AdminToken);
        _groupDefaults = HashOf(options.Configuration.Defaults.RegisterToken);
        foreach ((string name, GroupSettings settings) in options.Configuration.Groups)
            if (HashOf(settings.RegisterToken) is { } hash) _groups.Add(name, hash);
        _all = [.. new[] { _register, _read, _admin, _groupDefaults }.OfType<byte[]>(), .. _groups.Values];
    }

    /// <summary>True where no token is asked for at all.</summary>
    public bool IsOpen => _all.Length == 0;

    /// <summary>Joining, renewing and pushing: the group's token, or the server's where the group has none.</summary>
    public Verdict MayRegister(HttpContext context, string group) => Judge(context, RegisterTokenOf(group));

    /// <summary>Pushing, before the body has said for which group: refused where every group wants a token, and the caller's is none of ours.</summary>
    public Verdict MayPushSomewhere(HttpContext context)
    {
        if ((_groupDefaults ?? _register) is null) return Verdict.Allowed;
        Span<byte> held = stackalloc byte[HMACSHA256.HashSizeInBytes];
        return TryHash(context.Request.Headers.Authorization, held) && IsKnown(held) ? Verdict.Allowed : Verdict.Unknown;
    }

    /// <summary>Lists, events, the matrix, metrics.</summary>
    public Verdict MayRead(HttpContext context) => Judge(context, _read);

    /// <summary>A probe's configuration: what reads all, and what registers in its group.</summary>
    public Verdict MayReadConfig(HttpContext context, string group) => Judge(context, _read, RegisterTokenOf(group));

    /// <summary>Removing a probe.</summary>
    public Verdict MayRemove(HttpContext context) => _admin is null && !IsOpen ? Verdict.Forbidden : Judge(context, _admin);

    /// <summary>True when there is a token for registering in the group, and the caller has it: what the group's secrets take.</summary>
    public bool HoldsRegisterToken(HttpContext context, string group) =>
        RegisterTokenOf(group) is { } token && Judge(context, token) == Verdict.Allowed;

    private byte[]? RegisterTokenOf(string group) => _groups.GetValueOrDefault(group) ?? _groupDefaults ?? _register;

    /// <summary>Allows who holds the wanted token, the other one that does as well, or the admin's.</summary>
    private Verdict Judge(HttpContext context, byte[]? wanted, byte[]? asGood = null)
    {
        if (wanted is null) return Verdict.Allowed;
        Span<byte> held = stackalloc byte[HMACSHA256.HashSizeInBytes];
        if (!TryHash(context.Request.Headers.Authorization, held)) return Verdict.Unknown;
        if (AreEqual(held, wanted) | AreEqual(held, asGood) | AreEqual(held, _admin)) return Verdict.Allowed;
        return IsKnown(held) ? Verdict.Forbidden : Verdict.Unknown;
    }

    private bool IsKnown(ReadOnlySpan<byte> held)
    {
        bool known = false;
        foreach (byte[] token in _all) known |= AreEqual(held, token);
        return known;
    }

    private bool TryHash(StringValues header, Span<byte> hash)
    {
        const string scheme = "Bearer ";
        if (header.Count != 1 || header[0] is not { } text || !text.StartsWith(scheme, StringComparison.OrdinalIgnoreCase)) return false;
        HMACSHA256.HashData(_secret, Encoding.UTF8.GetBytes(text[scheme.Length..].Trim()), hash);
        return true;
    }

    private byte[]? HashOf(string? token) => token is null ? null : HMACSHA256.HashData(_secret, Encoding.UTF8.GetBytes(token));

    private static bool AreEqual(ReadOnlySpan<byte> held, byte[]? token) => token is not null && CryptographicOperations.FixedTimeEquals(held, token);
}

/// <summary>Whether a request may do what it asks for.</summary>
internal enum Verdict
{
    /// <summary>It may.</summary>
    Allowed,

    /// <summary>It has no token, or one that nobody knows: 401.</summary>
    Unknown,

    /// <summary>Its token is for something else: 403.</summary>
    Forbidden,
}
