using Llama.EndToEnd.Harness;
using Llama.EndToEnd.Lab;

namespace Llama.EndToEnd.Deploy;

/// <summary>Prometheus' own tool, which knows whether Prometheus would take a file.</summary>
internal static class PromTool
{
    /// <summary>What it says; skips the test where it is not installed.</summary>
    /// <exception cref="ToolException">It finds something wrong.</exception>
    public static Task<string> RunAsync(string[] arguments, string input = "")
    {
        bool isThere = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(directory => File.Exists(Path.Combine(directory, "promtool")));
        Skip.IfNot(isThere, "promtool is not installed (package prometheus).");
        return Tool.RunAsync(["promtool", .. arguments], input);
    }

    /// <summary>Whether all of these can be parsed as PromQL: they are made a file of rules.</summary>
    public static async Task CheckExpressionsAsync(IEnumerable<string> expressions)
    {
        using var directory = new TemporaryDirectory();
        IEnumerable<string> rules = expressions.Select((expression, i) => $"      - {{record: \"checked:number_{i}\", expr: {System.Text.Json.JsonSerializer.Serialize(expression)}}}");
        string file = directory.Write("checked.yml", $"groups:\n  - name: checked\n    rules:\n{string.Join('\n', rules)}\n");
        await RunAsync(["check", "rules", file]);
    }
}
