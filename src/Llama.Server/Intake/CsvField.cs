using System.Buffers;

namespace Llama.Server.Intake;

/// <summary>Names of others as fields of CSV (RFC 4180). Pure.</summary>
public static class CsvField
{
    // What spreadsheets take for the beginning of a formula.
    private static readonly SearchValues<char> Formula = SearchValues.Create("=+-@\t\r\n|");
    private static readonly SearchValues<char> Special = SearchValues.Create(",\"\r\n ");

    /// <summary>A name as a field: printable, never a formula, in quotes where it has to be.</summary>
    public static string Of(string name)
    {
        string field = Printable.Of(name);
        if (field.AsSpan().IndexOfAny(Formula) == 0) field = "'" + field;
        return field.AsSpan().ContainsAny(Special) ? $"\"{field.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : field;
    }
}
