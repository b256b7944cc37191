using System.Text;
using System.Text.Json;
using Llama.Server.Intake;
using Llama.Server.Joining;

namespace Llama.Cli.Watching;

/// <summary>A server that is asked for what it knows of a mesh. What it refuses comes as a failure that says what to type next.</summary>
/// <param name="reader">Reads from it.</param>
/// <param name="command">The command that is running, as in <c>llama matrix</c>.</param>
/// <param name="hasToken">True where a token is sent.</param>
internal sealed class MeshServer(ServerReader reader, string command, bool hasToken) : IDisposable
{
    private const int MostGroupsNamed = 20;

    /// <summary>How messages name it.</summary>
    public string Name => reader.ServerName;

    /// <summary>Asks for a resource.</summary>
    /// <param name="path">Path and query.</param>
    /// <param name="group">The group it is about; null where the server chooses.</param>
    /// <param name="knownTag">What the last answer is known by.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="Failure">There is no answer.</exception>
    public async Task<ServerAnswer> AskAsync(string path, string? group, string? knownTag, CancellationToken cancellation)
    {
        try
        {
            return await reader.GetAsync(path, knownTag, cancellation).ConfigureAwait(false);
        }
        catch (ServerRefusalException refusal)
        {
            throw new Failure(await ExplainAsync(refusal, group, cancellation).ConfigureAwait(false), refusal);
        }
    }

    /// <summary>Asks for a resource that is nice to have; null where it is not to be had, or makes no sense.</summary>
    public async Task<T?> TryAskAsync<T>(string path, Func<JsonElement, T?> read, CancellationToken cancellation)
    {
        try
        {
            ServerAnswer answer = await reader.GetAsync(path, null, cancellation).ConfigureAwait(false);
            using var json = JsonDocument.Parse(answer.Body ?? default);
            return read(json.RootElement);
        }
        catch (Exception error) when (error is ServerRefusalException or JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            return default;
        }
    }

    /// <summary>Writes an answer as it is. On a terminal, what would control it is left out.</summary>
    /// <exception cref="Failure">There is none.</exception>
    public async Task CopyAsync(string path, string? group, Surroundings surroundings, CancellationToken cancellation)
    {
        ServerAnswer answer = await AskAsync(path, group, null, cancellation).ConfigureAwait(false);
        string text = Encoding.UTF8.GetString((answer.Body ?? default).Span);
        if (surroundings.OutIsTerminal) text = string.Concat(text.EnumerateRunes().Where(rune => !Rune.IsControl(rune) || rune.Value is '\n' or '\r').Select(rune => rune.ToString()));
        await surroundings.Out.WriteAsync(text).ConfigureAwait(false);
        if (!text.EndsWith('\n')) await surroundings.Out.WriteLineAsync().ConfigureAwait(false);
        await surroundings.Out.FlushAsync(CancellationToken.None).ConfigureAwait(false);
    }

    /// <summary>The failure of an answer that can't be read.</summary>
    public Failure Senseless(Exception cause) =>
        new($"{Name}: the answer makes no sense; is a LLAMA server there, and is it of this version?", cause);

    /// <inheritdoc/>
    public void Dispose() => reader.Dispose();

    private async Task<string> ExplainAsync(ServerRefusalException refusal, string? group, CancellationToken cancellation)
    {
        if (refusal.Kind == RefusalKind.Away)
            return $"{refusal.Message}; start a server with 'llama server', or say where it is with --server URL or LLAMA_SERVER";
        if (refusal.Kind == RefusalKind.NotAllowed)
        {
            return hasToken
                ? $"{Name}: the server does not take this token for reading; give its read token with --token-file FILE or LLAMA_TOKEN"
                : $"{Name}: the server wants its read token; give it with --token-file FILE or LLAMA_TOKEN";
        }

        string told = $"{Name}: {refusal.Message.TrimEnd('.')}";
        bool isAboutGroups = refusal.Kind == RefusalKind.Unknown || (refusal.Kind == RefusalKind.Refused && group is null);
        if (!isAboutGroups) return told;
        string[]? groups = await TryAskAsync("api/v2/groups?limit=1000", GroupsOf, cancellation).ConfigureAwait(false);
        if (groups is null) return $"{told}; is a LLAMA server there, and is it of this version?";
        if (groups.Length == 0) return $"{told}; let a probe join with: LLAMA_SERVER={Name} llama probe";
        string listed = string.Join(", ", groups.Take(MostGroupsNamed).Select(Printable.Of)) + (groups.Length > MostGroupsNamed ? ", ..." : "");
        return refusal.Kind == RefusalKind.Refused && groups.Length > 1 ? $"there are several groups: {listed}; say which, as in: {command} --group {Quoted(groups[0])}"
            : refusal.Kind == RefusalKind.Unknown && group is not null && !groups.Contains(group) ? $"there is no group {Printable.Of(group)}, but {listed}; say which, as in: {command} --group {Quoted(groups[0])}"
            : told;
    }

    private static string[] GroupsOf(JsonElement json) =>
        [.. json.GetProperty("groups").EnumerateArray().Select(group => group.GetProperty("name").GetString() ?? "").Order(StringComparer.Ordinal)];

    // As a shell takes it.
    private static string Quoted(string name) =>
        name.Length > 0 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.') ? name : $"'{Printable.Of(name).Replace("'", @"'\''", StringComparison.Ordinal)}'";
}
