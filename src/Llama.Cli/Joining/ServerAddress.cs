using Llama.Cli.Settings;

namespace Llama.Cli.Joining;

/// <summary>Discovery servers as a person writes them: URLs, or host:port, with commas between them.</summary>
internal static class ServerAddress
{
    /// <summary>Reads at least one.</summary>
    public static Parsed<IReadOnlyList<Uri>> Parse(string text)
    {
        List<Uri> servers = [];
        foreach (string part in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            string url = part.Contains("://", StringComparison.Ordinal) ? part : $"http://{part}";
            if (!Uri.TryCreate(url, UriKind.Absolute, out Uri? server)
                || server.Scheme is not ("http" or "https")
                || server.Host.Length == 0
                || server.Query.Length > 0
                || server.UserInfo.Length > 0)
            {
                return Not(part);
            }

            servers.Add(server);
        }

        return servers.Count > 0 ? Parsed.Of<IReadOnlyList<Uri>>(servers) : Not(text);
    }

    private static Parsed<IReadOnlyList<Uri>> Not(string text) =>
        Parsed.Not<IReadOnlyList<Uri>>(text, "is not a server: give a URL like http://server:5000 or https://llama.example");
}
