using System.Globalization;

namespace Llama.Cli.Collecting;

/// <summary>
/// How long some task has waited for a CPU since boot: the first line of /proc/pressure/cpu, as in
/// <c>some avg10=0.00 avg60=0.00 avg300=0.00 total=12345</c> (the kernel's Documentation/accounting/psi.rst).
/// </summary>
internal static class CpuPressure
{
    private const string Path = "/proc/pressure/cpu";

    /// <summary>Reads the total in microseconds; null where the kernel does not tell.</summary>
    public static Func<long?>? Reader { get; } = TryRead() is null ? null : TryRead;

    /// <summary>The total of the line that starts with "some"; null where there is none.</summary>
    internal static long? Parse(string text)
    {
        const string Total = "total=";
        string line = text.Split('\n')[0];
        int at = line.IndexOf(Total, StringComparison.Ordinal);
        return line.StartsWith("some ", StringComparison.Ordinal)
            && at > 0
            && long.TryParse(line.AsSpan(at + Total.Length), NumberStyles.None, CultureInfo.InvariantCulture, out long micros)
            ? micros
            : null;
    }

    private static long? TryRead()
    {
        try
        {
            return Parse(File.ReadAllText(Path));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            return null;
        }
    }
}
