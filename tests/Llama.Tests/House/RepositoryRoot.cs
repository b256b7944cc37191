namespace Llama.Tests.House;

/// <summary>Where the repository lies that these tests were built from.</summary>
internal static class RepositoryRoot
{
    public static string Path { get; } = Find();

    private static string Find()
    {
        string? directory = AppContext.BaseDirectory;
        while (directory is not null && !File.Exists(System.IO.Path.Combine(directory, "Llama.slnx")))
            directory = System.IO.Path.GetDirectoryName(directory);
        return directory ?? throw new InvalidOperationException($"No Llama.slnx above {AppContext.BaseDirectory}.");
    }
}
