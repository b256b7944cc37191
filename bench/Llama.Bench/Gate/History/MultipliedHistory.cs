using System.Globalization;
using Llama.Storage.History;
using Microsoft.Data.Sqlite;

namespace Llama.Benchmarks.Gate.History;

/// <summary>
/// Makes a history of one source one of many that measured the same: a block does not say whose it is, so rows need other keys alone.
/// A mesh of a million pairs is there in seconds so, instead of in many minutes.
/// </summary>
internal static class MultipliedHistory
{
    /// <summary>Adds the sources.</summary>
    /// <param name="path">The history's file, which nobody has open.</param>
    /// <param name="sources">How many there are to be.</param>
    /// <param name="edge">Intervals as they came, and minutes, are multiplied for the row alone that this moment is in.</param>
    public static void Multiply(string path, int sources, DateTimeOffset edge)
    {
        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        connection.Open();
        Run(connection, "PRAGMA synchronous = OFF; BEGIN");
        Run(connection, $"CREATE TEMP TABLE other AS WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {sources - 1}) SELECT i FROM n");
        Run(connection, """
            INSERT INTO source (id, "group", name, tags, seen) SELECT id + i, "group", printf('n%04d', i), tags, seen FROM source CROSS JOIN other;
            INSERT INTO report (start, source, "end", flags) SELECT start, source + i, "end", flags FROM report CROSS JOIN other;
            INSERT INTO journal (source, start, counts, detail) SELECT source + i, start, counts, detail FROM journal CROSS JOIN other
            """);
        long place = new RowKey(0, 1, 0).Value;
        foreach (HistoryLevel level in HistoryLevels.All)
        {
            string table = HistorySchema.Table(level);
            string which = "";
            if (level <= HistoryLevel.Minute)
            {
                int span = RowKey.SpanOf(level, edge);
                which = string.Create(
                    CultureInfo.InvariantCulture, $"WHERE key >= {new RowKey(span, 0, 0).Value} AND key < {new RowKey(span + 1, 0, 0).Value}");
            }

            Run(connection, $"INSERT INTO {table} (key, points, counts, detail) SELECT key + i * {place}, points, counts, detail FROM {table} CROSS JOIN other {which}");
        }

        Run(connection, "COMMIT");
    }

    private static void Run(SqliteConnection connection, string statements)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandTimeout = 300;
        command.CommandText = statements;
        command.ExecuteNonQuery();
    }
}
