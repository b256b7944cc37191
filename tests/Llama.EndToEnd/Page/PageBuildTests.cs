using System.IO.Compression;
using Llama.EndToEnd.Harness;

namespace Llama.EndToEnd.Page;

/// <summary>What the build does for the page: once, when there is something to do, and never so that the server can't be built.</summary>
public sealed class PageBuildTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly TemporaryDirectory _root = new();
    private readonly string _web;

    public PageBuildTests()
    {
        _web = Directory.CreateDirectory(Path.Combine(_root.FullName, "src", "web")).FullName;
        foreach (string file in (string[])["build.js", "package.json", "package-lock.json", "index.html", "svelte.config.js", "vite.config.ts"])
            File.Copy(Repository.InRoot($"src/web/{file}"), Path.Combine(_web, file));
        Write("main.ts", "document.title = 'one'");
    }

    private string Home => Path.Combine(_root.FullName, "artifacts", "web", "page", "index.html.gz");

    public void Dispose() => _root.Dispose();

    [SkippableFact]
    public async Task The_page_is_built_when_its_sources_have_changed_and_not_otherwise()
    {
        UsePackages();
        Assert.Equal((0, ""), await Build());
        DateTimeOffset built = WrittenAt();
        Assert.Contains("one", Scripts(), StringComparison.Ordinal);

        Write("main.test.ts", "a test is no part of the page");
        Assert.Equal((0, ""), await Build());
        Assert.Equal(built, WrittenAt());

        Write("main.ts", "document.title = 'two'");
        Assert.Equal((0, ""), await Build());
        Assert.Contains("two", Scripts(), StringComparison.Ordinal);
        Assert.DoesNotContain("one", Scripts(), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Builds_at_the_same_time_wait_for_each_other_and_not_for_one_that_was_killed()
    {
        UsePackages();
        Directory.CreateDirectory(Path.Combine(_root.FullName, "artifacts", "web"));
        await File.WriteAllTextAsync(Path.Combine(_root.FullName, "artifacts", "web", "lock"), $"{int.MaxValue}");

        (int, string)[] ended = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Build()));

        Assert.All(ended, end => Assert.Equal((0, ""), end));
        Assert.Contains("one", Scripts(), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_mistake_in_the_page_fails_the_build_with_its_place_until_it_is_mended()
    {
        UsePackages();
        Write("main.ts", "import './nothing'");

        (int exitCode, string output) = await Build();

        Assert.Equal(1, exitCode);
        Assert.Contains("./nothing", output, StringComparison.Ordinal);
        Assert.Equal(1, (await Build()).ExitCode);
        Write("main.ts", "document.title = 'mended'");
        Assert.Equal((0, ""), await Build());
    }

    [SkippableFact]
    public async Task Without_packages_to_be_had_one_line_says_so()
    {
        RequireNode();

        (int exitCode, string output) = await Build();

        Assert.Equal((3, "npm cannot install the packages it is built with (ENOTFOUND)\n"), (exitCode, output));
    }

    [SkippableFact]
    public async Task Without_node_the_build_says_so_in_one_line_and_succeeds()
    {
        Skip.If(OperatingSystem.IsWindows(), "It makes a search path of links.");
        string path = Directory.CreateDirectory(Path.Combine(_root.FullName, "path")).FullName;
        foreach (string command in (string[])["dotnet", "sh"]) File.CreateSymbolicLink(Path.Combine(path, command), Find(command)!);

        (int exitCode, string output) = await Run(
            "/usr/bin/env", $"PATH={path}", "MSBUILDDISABLENODEREUSE=1", "dotnet", "msbuild", Repository.InRoot("src/Llama.Server"), "-nologo",
            "-target:BuildPage", "-verbosity:quiet", "-property:Configuration=Release", $"-property:ArtifactsPath={_root.FullName}/artifacts");

        string line = Assert.Single(output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains("Node.js is not installed", line, StringComparison.Ordinal);
        Assert.Equal(0, exitCode);
    }

    private static void RequireNode() => Skip.If(Find("node") is null, "Node.js is not installed.");

    private static string? Find(string command) => Environment.GetEnvironmentVariable("PATH")!.Split(':')
        .Select(directory => Path.Combine(directory, command)).Where(File.Exists)
        .Select(path => File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path).FirstOrDefault();

    /// <summary>Takes the packages that the build of this repository has installed.</summary>
    private void UsePackages()
    {
        RequireNode();
        string packages = Repository.InRoot("src/web/node_modules");
        Skip.IfNot(File.Exists(Path.Combine(packages, ".package-lock.json")), "The page's packages are not installed; the build says why.");
        Directory.CreateSymbolicLink(Path.Combine(_web, "node_modules"), packages);
    }

    /// <summary>Builds with an npm that reaches no registry. The real one would clear what the link leads to.</summary>
    private Task<(int ExitCode, string Output)> Build()
    {
        string npm = Path.Combine(_root.FullName, "npm");
        if (!File.Exists(npm)) File.WriteAllText(npm, "#!/bin/sh\necho 'npm error code ENOTFOUND' >&2\nexit 1\n");
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(npm, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        return Run("/usr/bin/env", $"PATH={_root.FullName}:{Environment.GetEnvironmentVariable("PATH")}", "node", "build.js");
    }

    private void Write(string name, string text) => File.WriteAllText(Path.Combine(_web, name), text);

    private DateTimeOffset WrittenAt() => new(File.GetLastWriteTimeUtc(Home));

    private string Scripts() => string.Concat(Directory.GetFiles(Path.GetDirectoryName(Home)!, "*.js.gz", SearchOption.AllDirectories).Select(file =>
    {
        using var text = new StreamReader(new GZipStream(File.OpenRead(file), CompressionMode.Decompress));
        return text.ReadToEnd();
    }));

    private async Task<(int ExitCode, string Output)> Run(string command, params string[] arguments)
    {
        await using LlamaProcess process = LlamaProcess.StartAt(command, arguments, _web);
        int exitCode = await process.Exit(Patience);
        return (exitCode, process.Output + process.Error);
    }
}
