namespace Llama.Storage.Registry;

/// <summary>The directory of a server's data, taken by one process at a time.</summary>
internal sealed class RegistryDirectory : IDisposable
{
    private const UnixFileMode OwnerAndGroup =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute;

    private readonly string _path;
    private readonly FileStream _lock;

    private RegistryDirectory(string path, FileStream hold)
    {
        _path = path;
        _lock = hold;
    }

    public string DatabasePath => Path.Combine(_path, "registry.db");

    /// <summary>Makes the directory where there is none, and takes it.</summary>
    /// <exception cref="IOException">It can't be made or written, or another process has it.</exception>
    public static RegistryDirectory Take(string path)
    {
        try
        {
            if (!OperatingSystem.IsWindows()) Directory.CreateDirectory(path, OwnerAndGroup);
            else Directory.CreateDirectory(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"{path}: can't make the directory: {error.Message.TrimEnd('.')}; name another one with --data.", error);
        }

        string lockPath = Path.Combine(path, "lock");
        try
        {
            return new RegistryDirectory(path, new FileStream(lockPath, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (UnauthorizedAccessException error)
        {
            throw new IOException($"{path}: may not be written; give it to the user that runs llama, or name another one with --data.", error);
        }
        catch (IOException error) when (IsTaken(error))
        {
            throw new IOException($"{path}: another llama server has it; stop that one, or name another directory with --data.", error);
        }
        catch (IOException error)
        {
            throw new IOException($"{path}: can't be written: {error.Message.TrimEnd('.')}; name another directory with --data.", error);
        }
    }

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

    /// <summary>EWOULDBLOCK of flock(2), and Windows' sharing violation.</summary>
    private static bool IsTaken(IOException error) => (error.HResult & 0xFFFF) is 11 or 35 or 32;
}
