using System.Globalization;
using System.Text;

namespace Llama.Server.Hosting;

/// <summary>
/// What a request asks for, read as Go's net/url and http.ServeMux (1.19) read it. Kestrel's own path has dot segments taken
/// out already, where Go redirects.
/// </summary>
/// <param name="Path">The path with percent escapes resolved, one char for each octet.</param>
/// <param name="Query">The query with its question mark, as sent; empty when there is none.</param>
internal readonly record struct RequestTarget(string Path, string Query)
{
    /// <summary>The path without empty, "." and ".." segments, and always rooted.</summary>
    public string CleanPath => Clean(Path);

    /// <summary>Where a request with another than its clean path is sent.</summary>
    public string CleanLocation => Escape(CleanPath) + Query;

    /// <summary>
    /// Reads the target of a request line, RFC 9112 section 3.2; null when it has control characters or a broken escape.
    /// </summary>
    public static RequestTarget? Parse(string raw)
    {
        // What is outside ASCII the server has refused already.
        if (raw.AsSpan().ContainsAnyExceptInRange('\x20', '\x7e')) return null;
        if (!raw.StartsWith('/'))
        {
            int authority = raw.IndexOf("://", StringComparison.Ordinal);
            if (authority < 0) return new RequestTarget("/" + raw, "");
            int end = raw.AsSpan(authority + 3).IndexOfAny('/', '?');
            raw = end < 0 ? "" : raw[(authority + 3 + end)..];
        }

        int question = raw.IndexOf('?', StringComparison.Ordinal);
        (string path, string query) = question < 0 ? (raw, "") : (raw[..question], raw[question..]);
        return Unescape(path) is { } plain ? new RequestTarget(plain, query) : null;
    }

    private static string? Unescape(string path)
    {
        if (!path.Contains('%', StringComparison.Ordinal)) return path;
        var plain = new StringBuilder(path.Length);
        for (int i = 0; i < path.Length; i++)
        {
            if (path[i] != '%')
            {
                plain.Append(path[i]);
                continue;
            }

            if (i + 2 >= path.Length || !char.IsAsciiHexDigit(path[i + 1]) || !char.IsAsciiHexDigit(path[i + 2])) return null;
            plain.Append((char)byte.Parse(path.AsSpan(i + 1, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
            i += 2;
        }

        return plain.ToString();
    }

    private static string Clean(string path)
    {
        var kept = new List<string>();
        foreach (string segment in path.Split('/'))
        {
            if (segment is "" or ".") continue;
            if (segment != "..") kept.Add(segment);
            else if (kept.Count > 0) kept.RemoveAt(kept.Count - 1);
        }

        return kept.Count == 0 ? "/" : $"/{string.Join('/', kept)}{(path.EndsWith('/') ? "/" : "")}";
    }

    private static string Escape(string path)
    {
        var escaped = new StringBuilder(path.Length);
        foreach (char octet in path)
        {
            if (char.IsAsciiLetterOrDigit(octet) || "-_.~$&+,/:;=@".Contains(octet, StringComparison.Ordinal)) escaped.Append(octet);
            else escaped.Append(CultureInfo.InvariantCulture, $"%{(int)octet:X2}");
        }

        return escaped.ToString();
    }
}
