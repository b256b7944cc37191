using Microsoft.AspNetCore.Http;

namespace Llama.Server.Discovery.Native;

/// <summary>A resource: where it is, and what can be done with it. Immutable.</summary>
/// <param name="Path">Its path; <c>{group}</c> and <c>{name}</c> stand for one segment each.</param>
/// <param name="Methods">What each method does. HEAD goes with GET, and OPTIONS with all of them.</param>
internal sealed record Route(string Path, IReadOnlyDictionary<string, Func<HttpContext, ProbePath, Task>> Methods)
{
    private readonly string[] _segments = Path.Split('/');

    /// <summary>The value of an Allow header.</summary>
    public string Allow { get; } = string.Join(
        ", ", Methods.Keys.SelectMany(method => method == HttpMethods.Get ? [method, HttpMethods.Head] : new[] { method }).Append(HttpMethods.Options));

    /// <summary>True when a path is this resource's; what stands for group and name goes to <paramref name="names"/>.</summary>
    /// <param name="path">The path as sent, without the query.</param>
    /// <param name="segments">Where its segments are.</param>
    /// <param name="names">The names, unescaped; null where the path has none.</param>
    public bool Matches(ReadOnlySpan<char> path, ReadOnlySpan<Range> segments, out ProbePath names)
    {
        names = default;
        if (segments.Length != _segments.Length) return false;
        for (int i = 0; i < segments.Length; i++)
        {
            ReadOnlySpan<char> segment = path[segments[i]];
            if (_segments[i].StartsWith('{') ? segment.IsEmpty : !segment.SequenceEqual(_segments[i])) return false;
        }

        for (int i = 0; i < segments.Length; i++)
        {
            if (_segments[i] == "{group}") names = names with { Group = Unescape(path[segments[i]]) };
            if (_segments[i] == "{name}") names = names with { Name = Unescape(path[segments[i]]) };
        }

        return true;
    }

    private static string Unescape(ReadOnlySpan<char> segment) =>
        segment.Contains('%') ? Uri.UnescapeDataString(segment) : segment.ToString();
}

/// <summary>The names in a path.</summary>
/// <param name="Group">A group; null where the path names none.</param>
/// <param name="Name">A probe of it; null where the path names none.</param>
internal readonly record struct ProbePath(string Group, string Name);
