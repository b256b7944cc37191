using System.Text;

namespace Llama.Cli.Keeping;

/// <summary>Where an export goes: standard output, or a file that appears when it is whole.</summary>
internal static class ExportTarget
{
    private const int BrokenPipe = 32;
    private const int BufferBytes = 1 << 16;

    /// <summary>Writes an export.</summary>
    /// <exception cref="IOException">It can't be written.</exception>
    public static async Task WriteAsync(HistoryExport export, string? path, Surroundings surroundings, CancellationToken cancellation)
    {
        if (path is not null)
        {
            await ToFileAsync(export, Path.GetFullPath(path), surroundings, cancellation).ConfigureAwait(false);
            return;
        }

        if (surroundings.OpenOut is not { } open)
        {
            await export.RunAsync(async (octets, _) => await surroundings.Out.WriteAsync(Encoding.UTF8.GetString(octets.Span)).ConfigureAwait(false), cancellation).ConfigureAwait(false);
            return;
        }

        Stream output = open();
        try
        {
            await using (output.ConfigureAwait(false)) await export.RunAsync(output.WriteAsync, cancellation).ConfigureAwait(false);
        }
        catch (IOException error) when (error.HResult == BrokenPipe)
        {
            // Whoever reads has enough.
        }
    }

    private static async Task ToFileAsync(HistoryExport export, string path, Surroundings surroundings, CancellationToken cancellation)
    {
        string partial = path + ".partial";
        try
        {
            var file = new FileStream(partial, FileMode.Create, FileAccess.Write, FileShare.None, BufferBytes);
            await using (file.ConfigureAwait(false)) await export.RunAsync(file.WriteAsync, cancellation).ConfigureAwait(false);
            File.Move(partial, path, overwrite: true);
        }
        catch
        {
            File.Delete(partial);
            throw;
        }

        await surroundings.Out.WriteLineAsync($"{path}: {OctetText.Count(export.Points)} points, {OctetText.Of(new FileInfo(path).Length)}").ConfigureAwait(false);
    }
}
