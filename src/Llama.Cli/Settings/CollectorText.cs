using Llama.Server.Scraping;

namespace Llama.Cli.Settings;

/// <summary>Collectors as somebody wrote them: a list, or a file that has one.</summary>
/// <param name="File">The file, which is followed when it changes; null for none.</param>
/// <param name="Entries">The list, as far as it is known.</param>
internal sealed record CollectorText(string? File, IReadOnlyList<CollectorEntry> Entries)
{
    /// <summary>The port of a collector that comes without, as in dropbox/llama.</summary>
    public const int OriginalPort = 5000;

    /// <summary>Reads <c>192.0.2.1,host:8100</c> or <c>@FILE</c>, which has to be there.</summary>
    public static Parsed<CollectorText> Parse(string text)
    {
        string? path = text.Trim() is ['@', .. var name] ? name : null;
        try
        {
            return Parsed.Of(new CollectorText(path, CollectorEntry.ParseList(path is null ? text : System.IO.File.ReadAllText(path), OriginalPort)));
        }
        catch (FormatException error)
        {
            return new Parsed<CollectorText>(null, path is null ? error.Message : $"{path}: {error.Message}");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return new Parsed<CollectorText>(null, $"{path}: {error.Message.TrimEnd('.')}; give a file that can be read, or a list");
        }
    }

    /// <summary>The collectors, and again when the file has changed.</summary>
    public IAsyncEnumerable<IReadOnlyList<CollectorEntry>> Follow(TimeProvider time, Action<string> warn) =>
        File is null ? CollectorLists.Fixed(Entries) : CollectorLists.InFile(File, OriginalPort, time, warn);
}
