using System.Runtime.InteropServices;
using Llama.EndToEnd.Harness;

namespace Llama.EndToEnd;

/// <summary>The one file that `make publish` makes. Making it takes all cores, so no measurement runs beside it.</summary>
[Collection(nameof(Alone))]
public sealed class PublishTests
{
    [SkippableFact]
    public async Task The_published_file_needs_nothing_but_itself()
    {
        Skip.IfNot(
            OperatingSystem.IsLinux() && RuntimeInformation.OSArchitecture == Architecture.X64, "It is made for linux-x64, which this machine is not.");
        await using (LlamaProcess make = LlamaProcess.StartAt("make", ["--no-print-directory", "publish"], Repository.Root))
            Assert.True(await make.Exit(TimeSpan.FromMinutes(10)) == 0, make.Transcript);
        string published = Repository.InRoot("artifacts/publish/llama");
        Assert.Equal([published], Directory.GetFiles(Path.GetDirectoryName(published)!));
        using var directory = new TemporaryDirectory();
        string alone = Path.Combine(directory.FullName, "llama");
        File.Copy(published, alone);

        await using LlamaProcess demo = LlamaProcess.StartAt(
            "/usr/bin/env", ["-i", "DOTNET_ROOT=/nonexistent", alone, "demo", "--for", "4s"], directory.FullName);

        Assert.True(await demo.Exit() == 0, demo.Transcript);
        Assert.Contains("%", demo.Output, StringComparison.Ordinal);
    }
}
