using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Llama.Tests.House;

/// <summary>The repository speaks of itself alone, and what it points at is there.</summary>
public sealed partial class RepositoryTests
{
    /// <summary>Hosts of package registries, put together here so that this file does not hold them.</summary>
    private static readonly string[] RegistryHosts =
        ["api." + "nuget.org", "registry." + "npmjs.org", "pypi." + "org", "proxy." + "golang.org", "docker." + "io/v2"];

    [SkippableFact]
    public void No_file_names_a_path_of_somebodys_machine()
    {
        Assert.Empty(Lines().Where(line => MachinePath().IsMatch(line.Text)).Select(line => line.Place));
    }

    [SkippableFact]
    public void No_file_names_the_host_of_a_package_registry()
    {
        Assert.Empty(Lines()
            .Where(line => RegistryHosts.Any(host => line.Text.Contains(host, StringComparison.OrdinalIgnoreCase)))
            .Select(line => line.Place));
    }

    [SkippableFact]
    public void Every_link_between_documents_leads_somewhere()
    {
        var dead = new List<string>();
        foreach (string file in TrackedFiles().Where(file => file.EndsWith(".md", StringComparison.Ordinal)))
        {
            string directory = Path.GetDirectoryName(Path.Combine(RepositoryRoot.Path, file))!;
            foreach (Match link in RelativeLink().Matches(File.ReadAllText(Path.Combine(RepositoryRoot.Path, file))))
            {
                string target = Path.Combine(directory, link.Groups["path"].Value);
                if (!Path.Exists(target)) dead.Add($"{file}: {link.Groups["path"].Value}");
            }
        }

        Assert.Empty(dead);
    }

    private static IEnumerable<(string Place, string Text)> Lines() =>
        from file in TrackedFiles()
        where !file.StartsWith("tests/fixtures/", StringComparison.Ordinal) && !file.EndsWith(".png", StringComparison.Ordinal)
        from line in File.ReadLines(Path.Combine(RepositoryRoot.Path, file)).Index()
        select ($"{file}:{line.Index + 1}", line.Item);

    private static string[] TrackedFiles()
    {
        Skip.IfNot(Path.Exists(Path.Combine(RepositoryRoot.Path, ".git")), "There is no git repository here, so nothing tells which files belong to it.");
        using var git = Process.Start(new ProcessStartInfo("git", ["ls-files", "-z"])
        {
            WorkingDirectory = RepositoryRoot.Path,
            RedirectStandardOutput = true,
        })!;
        string[] files = git.StandardOutput.ReadToEnd().Split('\0', StringSplitOptions.RemoveEmptyEntries);
        git.WaitForExit();
        return [.. files.Where(file => File.Exists(Path.Combine(RepositoryRoot.Path, file)))];
    }

    [GeneratedRegex(@"(?<![\w.])/(home|root|work|Users|mnt)/\w")]
    private static partial Regex MachinePath();

    [GeneratedRegex(@"\]\((?<path>[^)#:]+)(#[^)]*)?\)")]
    private static partial Regex RelativeLink();
}
