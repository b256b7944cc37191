using System.Diagnostics;

namespace Llama.Tests.House;

/// <summary>
/// Puts forbidden code into the real projects, for the compiler's eyes alone, and expects it to be refused. Reads what the last build of
/// this configuration left; writes into a directory of its own.
/// </summary>
public sealed class ForbiddenCodeTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("llama-house-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Theory]
    [InlineData("Llama.Engine", "CS0234", "class Forbidden { Llama.Mesh.CollectorConfiguration? X; }")]
    [InlineData("Llama.Server", "CS0234", "class Forbidden { Llama.Wire.Clocks.Clock? X; }")]
    [InlineData("Llama.Engine", "CS0227", "class Forbidden { unsafe int* X; }")]
    [InlineData("Llama.Engine", "RS0030", "static class Forbidden { static Forbidden() { System.Runtime.InteropServices.Marshal.AllocHGlobal(1); } }")]
    [InlineData("Llama.Cli", "RS0030", "static class Forbidden { static Forbidden() { Microsoft.AspNetCore.Builder.WebApplication.Create(); } }")]
    public void Forbidden_code_does_not_compile(string project, string error, string code)
    {
        string[] errors = [.. Compile(project, code).Split('\n').Where(line => line.Contains(": error ", StringComparison.Ordinal))];

        Assert.NotEmpty(errors);
        Assert.All(errors, line => Assert.Contains($"error {error}", line, StringComparison.Ordinal));
    }

    private string Compile(string project, string code)
    {
        string source = Path.Combine(_directory.FullName, "Forbidden.cs");
        string targets = Path.Combine(_directory.FullName, "Forbidden.targets");
        File.WriteAllText(source, code);
        File.WriteAllText(targets, $"""
            <Project>
              <ItemGroup Condition="'$(MSBuildProjectName)' == '{project}'">
                <Compile Include="{source}" />
                <IntermediateAssembly Remove="@(IntermediateAssembly)" />
                <IntermediateAssembly Include="{Path.Combine(_directory.FullName, "Forbidden.dll")}" />
              </ItemGroup>
            </Project>
            """);
        var start = new ProcessStartInfo("dotnet", [
            "msbuild", Path.Combine(RepositoryRoot.Path, "src", project), "-target:Compile", "-nologo", "-verbosity:quiet",
            "-property:Configuration=Release", "-property:BuildProjectReferences=false", $"-property:CustomAfterMicrosoftCommonTargets={targets}",
        ])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["MSBUILDDISABLENODEREUSE"] = "1", ["UseSharedCompilation"] = "false" },
        };
        using Process msbuild = Process.Start(start)!;
        Task<string> errors = msbuild.StandardError.ReadToEndAsync();
        string output = msbuild.StandardOutput.ReadToEnd() + errors.GetAwaiter().GetResult();
        msbuild.WaitForExit();
        return output;
    }
}
