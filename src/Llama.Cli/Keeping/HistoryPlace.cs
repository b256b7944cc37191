using System.CommandLine;
using Llama.Cli.Settings;
using Llama.Server.History;
using Llama.Storage.History;

namespace Llama.Cli.Keeping;

/// <summary>Where a server keeps its history, as its own settings say; and times as people write them.</summary>
internal sealed class HistoryPlace(Surroundings surroundings)
{
    private readonly Setting<string> _data = new(
        "data", "DIR", "The server's directory; docs/cli.md has the default.", ValueParser.Text, surroundings.Environment);

    /// <summary>The setting.</summary>
    public Option Option => _data;

    /// <summary>Does something with the history, beside the server that writes it.</summary>
    /// <exception cref="Failure">There is none, or it can't be read or written.</exception>
    public async Task UseAsync(ParseResult parsed, Func<SqliteHistoryStore, Task> use)
    {
        try
        {
            string directory = parsed.GetValue(_data) is { Length: > 0 } given ? given : DefaultStatePath.Of(surroundings.Environment, "server");
            var history = SqliteHistoryStore.OpenBeside(Path.GetFullPath(directory));
            await using (history.ConfigureAwait(false)) await use(history).ConfigureAwait(false);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new Failure(error.Message.TrimEnd('.'), error);
        }
    }

    /// <summary>A moment: RFC 3339, Unix time, or from now on.</summary>
    public Parsed<DateTimeOffset?> Time(string text) => Time(text, isEnd: false);

    /// <summary>The same, as the end of a span.</summary>
    public Parsed<DateTimeOffset?> End(string text) => Time(text, isEnd: true);

    private Parsed<DateTimeOffset?> Time(string text, bool isEnd) =>
        TimePoint.Parse(text, surroundings.Time.GetUtcNow(), isEnd) is { } time
            ? Parsed.Of<DateTimeOffset?>(time)
            : Parsed.Not<DateTimeOffset?>(text, $"is not {TimePoint.Form}");
}
