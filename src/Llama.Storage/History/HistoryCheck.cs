using Llama.Storage.History.Blocks;
using Microsoft.Data.Sqlite;

namespace Llama.Storage.History;

/// <summary>
/// Looks for damage when a file is opened. A small file is read whole. Of a large one, which would take minutes, its tables, its length
/// and a sample of its rows are; what else is damaged shows when it is read.
/// </summary>
internal static class HistoryCheck
{
    private const long MaxReadWhole = 512L << 20;
    private const int Samples = 32;

    /// <summary>What is wrong; null when all that was looked at is well.</summary>
    /// <exception cref="SqliteException">It is damaged, or can't be read.</exception>
    public static string? FaultOf(SqliteConnection connection) => FaultOf(connection, MaxReadWhole);

    /// <summary>The same with another idea of what is small.</summary>
    public static string? FaultOf(SqliteConnection connection, long maxReadWhole)
    {
        if (new FileInfo(connection.DataSource).Length <= maxReadWhole) return SqliteFile.QuickCheck(connection);

        // What the log holds is in the file after this.
        SqliteFile.Run(connection, "PRAGMA wal_checkpoint(TRUNCATE)");
        long pages = (long)SqliteFile.Ask(connection, "PRAGMA page_count"), pageSize = (long)SqliteFile.Ask(connection, "PRAGMA page_size");
        if (new FileInfo(connection.DataSource).Length < pages * pageSize) return "the file is shorter than it says";
        if ((long)SqliteFile.Ask(connection, "PRAGMA user_version") != HistorySchema.Layout.Version) return null;
        var block = new BlockBuilder();
        foreach (HistoryLevel level in HistoryLevels.All)
            if (FaultOf(connection, level, block) is { } fault) return fault;
        return null;
    }

    private static string? FaultOf(SqliteConnection connection, HistoryLevel level, BlockBuilder block)
    {
        string table = HistorySchema.Table(level);
        using var ends = new Statement(connection, $"SELECT min(key), max(key) FROM {table}");
        ends.Next();
        (long first, long last) = (ends.Number(0), ends.Number(1));
        ends.Leave();
        using var select = new Statement(connection, $"SELECT counts, detail FROM {table} WHERE key >= ?1 ORDER BY key LIMIT 1");
        for (int i = 0; i <= Samples; i++)
        {
            if (!select.Bind(1, first + (long)((Int128)(last - first) * i / Samples)).Next()) continue;
            try
            {
                block.Clear();
                block.Add(select.Blob(0), select.Blob(1));
            }
            catch (InvalidDataException error)
            {
                return $"table {table}: {error.Message}";
            }
            finally
            {
                select.Leave();
            }
        }

        return null;
    }
}
