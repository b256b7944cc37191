namespace Llama.Storage.Registry;

/// <summary>The directory of a server's data, taken by one process at a time.</summary>
internal sealed class RegistryDirectory : IDisposable
{
    private readonly string _path;
    private readonly DirectoryLock _lock;

    private RegistryDirectory(string path, DirectoryLock hold)
    {
        _path = path;
        _lock = hold;
    }

    public string DatabasePath => Path.Combine(_path, "registry.db");

    /// <summary>Makes the directory where there is none, and takes it.</summary>
    /// <exception cref="IOException">It can't be made or written, or another process has it.</exception>
    public static RegistryDirectory Take(string path) =>
        new(path, DirectoryLock.Take(path, "llama server", "name another directory with --data"));

    /// <summary>Gives the database, with the files that belong to it, another name, and tells it.</summary>
    public string SetAside()
    {
        int number = 1;
        while (File.Exists(Aside(number))) number++;
        foreach (string suffix in (string[])["", "-wal", "-shm"])
        {
            if (File.Exists(DatabasePath + suffix)) File.Move(DatabasePath + suffix, Aside(number) + suffix);
        }

        return Aside(number);
    }

    public void Dispose() => _lock.Dispose();

    private string Aside(int number) => Path.Combine(_path, $"registry-damaged-{number}.db");
}
