using System.Text.Json;

namespace Llama.Tests.Cli.Joining;

/// <summary>Bodies that the original's server sent.</summary>
internal static class OriginalBodies
{
    /// <summary>The body of a step of server/config.json.</summary>
    public static string Config(string step)
    {
        using JsonDocument scenario = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "fixtures", "server", "config.json")));
        return scenario.RootElement.GetProperty("steps").EnumerateArray()
            .First(each => each.GetProperty("step").GetString() == step)
            .GetProperty("response").GetProperty("body").GetString()!;
    }
}
