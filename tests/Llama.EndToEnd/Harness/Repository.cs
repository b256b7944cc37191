namespace Llama.EndToEnd.Harness;

/// <summary>Where things lie in the repository that these tests were built from.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    /// <summary>What `make build` leaves.</summary>
    public static string Executable { get; } = InRoot("artifacts/bin/Llama.Cli/release/llama");

    public static string InRoot(string path) => Path.Combine(Root, path);

    public static string Fixture(string path) => Path.Combine(AppContext.BaseDirectory, "fixtures", path);

    private static string FindRoot()
    {
        string? directory = AppContext.BaseDirectory;
        while (directory is not null && !File.Exists(Path.Combine(directory, "Llama.slnx"))) directory = Path.GetDirectoryName(directory);
        return directory ?? throw new InvalidOperationException($"No Llama.slnx above {AppContext.BaseDirectory}.");
    }
}
