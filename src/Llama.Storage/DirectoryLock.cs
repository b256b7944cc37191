namespace Llama.Storage;

/// <summary>A directory of data, taken by one process at a time. It is given back when the process ends, however it ends.</summary>
internal sealed class DirectoryLock : IDisposable
{
    private const UnixFileMode OwnerAndGroup =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute;

    private readonly FileStream _hold;

    private DirectoryLock(FileStream hold) => _hold = hold;

    /// <summary>Makes the directory where there is none, and takes it.</summary>
    /// <param name="path">The directory.</param>
    /// <param name="name">The file that stands for it.</param>
    /// <param name="owner">Who else may have it, as the operator calls it.</param>
    /// <param name="another">What to do instead, as in <c>name another directory with --data</c>.</param>
    /// <exception cref="IOException">It can't be made or written, or another process has it.</exception>
    public static DirectoryLock Take(string path, string name, string owner, string another)
    {
        try
        {
            if (!OperatingSystem.IsWindows()) Directory.CreateDirectory(path, OwnerAndGroup);
            else Directory.CreateDirectory(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"{path}: can't make the directory: {error.Message.TrimEnd('.')}; {another}.", error);
        }

        try
        {
            return new DirectoryLock(new FileStream(Path.Combine(path, name), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (UnauthorizedAccessException error)
        {
            throw new IOException($"{path}: may not be written; give it to the user that runs llama, or {another}.", error);
        }
        catch (IOException error) when (IsTaken(error))
        {
            throw new IOException($"{path}: another {owner} has it; stop that one, or {another}.", error);
        }
        catch (IOException error)
        {
            throw new IOException($"{path}: can't be written: {error.Message.TrimEnd('.')}; {another}.", error);
        }
    }

    public void Dispose() => _hold.Dispose();

    /// <summary>EWOULDBLOCK of flock(2), and Windows' sharing violation.</summary>
    private static bool IsTaken(IOException error) => (error.HResult & 0xFFFF) is 11 or 35 or 32;
}
