using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Llama.Storage.History;

/// <summary>Copies a history's file while it is written.</summary>
internal static class HistoryCopy
{
    private const int Interrupted = 9;

    /// <summary>Writes the file as it is at one moment to another one, which appears when it is whole and on disk.</summary>
    /// <exception cref="IOException">It can't be written, or is there already.</exception>
    public static void Write(string path, string copy, CancellationToken cancellation)
    {
        if (Path.GetDirectoryName(Path.GetFullPath(copy)) is { } parent && !Directory.Exists(parent))
            throw new IOException($"{copy}: there is no such directory; make it, or name another one.");
        if (Path.Exists(copy)) throw new IOException($"{copy}: is there already; name another file.");
        string temporary = copy + ".new";
        try
        {
            File.Delete(temporary);
            Copy(path, temporary, cancellation);
            using (var file = new FileStream(temporary, FileMode.Open, FileAccess.ReadWrite)) file.Flush(flushToDisk: true);
            File.Move(temporary, copy);
        }
        catch (UnauthorizedAccessException error)
        {
            throw new IOException($"{copy}: may not be written; name a file of another directory.", error);
        }
        finally
        {
            Drop(temporary);
        }
    }

    private static void Copy(string path, string copy, CancellationToken cancellation)
    {
        using SqliteConnection connection = SqliteFile.ConnectToRead(path, HistorySchema.Layout);
        using CancellationTokenRegistration interrupt = cancellation.Register(() => raw.sqlite3_interrupt(connection.Handle!));
        try
        {
            cancellation.ThrowIfCancellationRequested();
            using var vacuum = new Statement(connection, "VACUUM INTO ?1");
            vacuum.Bind(1, copy).Run();
        }
        catch (SqliteException error) when (error.SqliteErrorCode == Interrupted)
        {
            throw new OperationCanceledException(cancellation);
        }
        catch (SqliteException error)
        {
            throw SqliteFile.IsDamage(error) ? SqliteFile.Explain(path, error) : new IOException($"{copy}: can't be written ({error.Message}); make room, or name a file of another directory.", error);
        }
    }

    private static void Drop(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // What stays is overwritten by the next copy.
        }
    }
}
