namespace Llama.Mesh.Membership;

/// <summary>
/// A tag's key or value as Go's programs may have it: the Go scraper writes tags into InfluxDB's line protocol as they are, where what
/// follows a line feed would be a point of its own. Pure; any thread may call it.
/// </summary>
public static class TagLine
{
    /// <summary>A text with spaces for line feeds.</summary>
    public static string Of(string text) => text.Replace('\n', ' ').Replace('\r', ' ');
}
