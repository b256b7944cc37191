namespace Llama.Storage;

/// <summary>Files that are there whole or not at all, whenever the process or the machine stops.</summary>
public static class AtomicFile
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Writes a file that only its owner may read, in place of the one that may be there.</summary>
    /// <param name="path">The file.</param>
    /// <param name="content">What it holds.</param>
    /// <param name="durable">True brings it to disk before the name points to it; false leaves that to the kernel.</param>
    /// <exception cref="IOException">It can't be written. The former file is still there.</exception>
    /// <exception cref="UnauthorizedAccessException">The same.</exception>
    public static void Write(string path, ReadOnlySpan<byte> content, bool durable)
    {
        string temporary = path + ".new";
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = OwnerOnly;
        using (var file = new FileStream(temporary, options))
        {
            file.Write(content);
            file.Flush(durable);
        }

        File.Move(temporary, path, overwrite: true);
    }
}
