using Llama.EndToEnd.Harness;

namespace Llama.EndToEnd;

/// <summary>The command line around the commands.</summary>
public sealed class CommandLineTests
{
    [Fact]
    public async Task The_version_is_told()
    {
        (int exitCode, string output, _) = await LlamaProcess.Run("version");

        Assert.Equal(0, exitCode);
        Assert.Matches(@"\d+\.\d+\.\d+", output);
    }

    [Theory]
    [InlineData("bash")]
    [InlineData("zsh")]
    [InlineData("fish")]
    public async Task Shell_completion_is_printed(string shell)
    {
        (int exitCode, string output, string error) = await LlamaProcess.Run("completion", shell);

        Assert.True(exitCode == 0, error);
        Assert.Contains("llama", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("-h")]
    [InlineData("--help")]
    [InlineData("reflector", "-h")]
    [InlineData("collector", "--help")]
    [InlineData("demo", "--help")]
    public async Task Help_is_no_error_and_has_examples(params string[] arguments)
    {
        (int exitCode, string output, _) = await LlamaProcess.Run(arguments);

        Assert.Equal(0, exitCode);
        Assert.Contains("llama", output, StringComparison.Ordinal);
        if (arguments.Length > 1) Assert.Contains("Examples", output, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("--no-such-flag")]
    [InlineData("no-such-command")]
    [InlineData("collector", "-llama.configuration", "x")]
    [InlineData("demo", "--for", "soon")]
    public async Task What_makes_no_sense_exits_with_2_and_is_told_in_one_line(params string[] arguments)
    {
        (int exitCode, _, string error) = await LlamaProcess.Run(arguments);

        Assert.Equal(2, exitCode);
        Assert.NotEmpty(error);
        Assert.All(error.Trim().Split('\n'), line => Assert.StartsWith("llama", line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_executable_starts_outside_of_the_repository_without_an_environment()
    {
        await using LlamaProcess llama = LlamaProcess.StartAt("/usr/bin/env", ["-i", $"DOTNET_ROOT={DotnetRoot()}", Repository.Executable, "version"], "/");

        Assert.True(await llama.Exit() == 0, llama.Transcript);
    }

    private static string DotnetRoot() =>
        Path.GetFullPath(Path.Combine(System.Runtime.InteropServices.RuntimeEnvironment.GetRuntimeDirectory(), "../../.."));
}
