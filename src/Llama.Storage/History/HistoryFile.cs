using Microsoft.Data.Sqlite;

namespace Llama.Storage.History;

/// <summary>Opening the history's file.</summary>
internal static class HistoryFile
{
    /// <summary>A connection for questions, which belongs to one thread at a time. It sees what was committed when its transaction began.</summary>
    /// <exception cref="IOException">There is no such file, it can't be read, or is of another version.</exception>
    public static SqliteConnection ConnectToRead(string path)
    {
        SqliteConnection connection = SqliteFile.ConnectToRead(path, HistorySchema.Layout);
        SqliteFile.Run(connection, "PRAGMA query_only = 1; PRAGMA cache_size = -16384");
        return connection;
    }

    /// <summary>Reads who is known.</summary>
    public static HistoryDirectory LoadDirectory(SqliteConnection connection)
    {
        var directory = new HistoryDirectory();
        using (var sources = new Statement(connection, """SELECT id, "group", name, tags, seen FROM source ORDER BY id"""))
            while (sources.Next())
                directory.Load((int)sources.Number(0), new HistorySource(sources.Text(1), sources.Text(2), TagText.Read(sources.Text(3))), sources.Number(4));
        using (var destinations = new Statement(
            connection, """SELECT "group", number, name, host, address, port, tags, seen FROM destination ORDER BY "group", number"""))
        {
            while (destinations.Next())
            {
                var destination = new HistoryDestination
                {
                    Name = destinations.Text(2),
                    Host = destinations.Text(3),
                    Address = destinations.Text(4),
                    Port = (int)destinations.Number(5),
                    Tags = TagText.Read(destinations.Text(6)),
                };
                directory.Load(destinations.Text(0), (int)destinations.Number(1), destination, destinations.Number(7));
            }
        }

        using (var classes = new Statement(connection, """SELECT "group", class FROM measured_class"""))
            while (classes.Next()) directory.Load(classes.Text(0), (byte)classes.Number(1));
        return directory;
    }
}
