using System.CommandLine;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Llama.Cli.Commands;

/// <summary><c>llama version</c>: what this is and what it runs on.</summary>
internal static class VersionCommand
{
    public static Command Create(Surroundings surroundings)
    {
        var json = new Option<bool>("--json", "-json") { Description = "Print JSON." };
        var command = new DescribedCommand("version", "Print the version, and what it runs on.")
        {
            Examples = ["llama version", "llama version --json"],
            ExitCodes = [],
        };
        command.Add(json);
        command.SetAction(parsed => surroundings.Out.WriteLine(parsed.GetValue(json) ? Json() : Line()));
        return command;
    }

    /// <summary>The version as it was built, with the commit where that is known.</summary>
    public static string Version { get; } =
        typeof(VersionCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    private static string Line() =>
        $"llama {Version} ({RuntimeInformation.FrameworkDescription}, {RuntimeInformation.OSDescription}, {RuntimeInformation.ProcessArchitecture})";

    private static string Json()
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            writer.WriteStartObject();
            writer.WriteString("version", Version);
            writer.WriteString("runtime", RuntimeInformation.FrameworkDescription);
            writer.WriteString("os", RuntimeInformation.OSDescription);
            writer.WriteString("architecture", RuntimeInformation.ProcessArchitecture.ToString());
            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.ToArray());
    }
}
