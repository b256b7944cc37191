namespace Llama.Server.Sinks.Postgres;

/// <summary>
/// The name of a table, with or without a schema: letters, digits and underscores, so that it needs no thought wherever it is written.
/// </summary>
internal sealed record PostgresTable
{
    // PostgreSQL cuts longer names off, and two tables would be one.
    private const int LongestName = 63;

    private PostgresTable(string quoted) => Quoted = quoted;

    /// <summary>As it goes into SQL.</summary>
    public string Quoted { get; }

    /// <summary>Reads <c>NAME</c> or <c>SCHEMA.NAME</c>.</summary>
    /// <exception cref="FormatException">It is neither.</exception>
    public static PostgresTable Parse(string text)
    {
        string[] names = text.Split('.');
        return names.Length <= 2 && names.All(IsName)
            ? new PostgresTable(string.Join('.', names.Select(name => $"\"{name}\"")))
            : throw new FormatException($"table is \"{text}\": write NAME or SCHEMA.NAME of letters, digits and underscores, {LongestName} at the most");
    }

    private static bool IsName(string name) =>
        name.Length is > 0 and <= LongestName && !char.IsAsciiDigit(name[0]) && name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter == '_');
}
