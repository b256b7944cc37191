using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Llama.Storage.History;

namespace Llama.Cli.Keeping;

/// <summary>How much a history keeps, for people and for programs. Pure.</summary>
internal static class StatisticsText
{
    /// <summary>A table.</summary>
    public static string Table(HistoryStatistics statistics)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{statistics.Path}: {OctetText.Of(statistics.FileBytes)}")
            .Append(CultureInfo.InvariantCulture, $"{(statistics.FreeBytes > 0 ? $", of which {OctetText.Of(statistics.FreeBytes)} wait to be used again" : "")}\n")
            .Append(CultureInfo.InvariantCulture, $"{Some(statistics.Groups, "group")}, {Some(statistics.Sources, "source")}, {Some(statistics.Destinations, "destination")}, {Some(statistics.Reports, "report")} known\n\n");
        text.Append(CultureInfo.InvariantCulture, $"{"level",-8}{"summaries",16}{"size",10}{"octets each",13}  {"from",-20}  to\n");
        foreach (HistoryLevelStatistics level in statistics.Levels)
        {
            string each = level.Points > 0 ? ((double)level.Bytes / level.Points).ToString("0.0", CultureInfo.InvariantCulture) : "-";
            text.Append(CultureInfo.InvariantCulture, $"{level.Level.Name(),-8}{OctetText.Count(level.Points),16}{OctetText.Of(level.Bytes),10}{each,13}  {Time(level.Oldest) ?? "-",-20}  {Time(level.Newest) ?? "-"}\n");
        }

        string reports = statistics.JournalReports == 1 ? "1 report" : $"{OctetText.Count(statistics.JournalReports)} reports";
        text.Append(CultureInfo.InvariantCulture, $"{"journal",-8}{reports,16}{OctetText.Of(statistics.JournalBytes),10}\n");
        return text.ToString();
    }

    /// <summary>An object.</summary>
    public static string Json(HistoryStatistics statistics)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteString("path", statistics.Path);
            json.WriteNumber("file_bytes", statistics.FileBytes);
            json.WriteNumber("free_bytes", statistics.FreeBytes);
            json.WriteNumber("reports", statistics.Reports);
            json.WriteNumber("journal_reports", statistics.JournalReports);
            json.WriteNumber("journal_bytes", statistics.JournalBytes);
            json.WriteNumber("groups", statistics.Groups);
            json.WriteNumber("sources", statistics.Sources);
            json.WriteNumber("destinations", statistics.Destinations);
            json.WriteStartArray("levels");
            foreach (HistoryLevelStatistics level in statistics.Levels)
            {
                json.WriteStartObject();
                json.WriteString("name", level.Level.Name());
                json.WriteNumber("step_s", (long)level.Level.Step().TotalSeconds);
                json.WriteNumber("summaries", level.Points);
                json.WriteNumber("bytes", level.Bytes);
                json.WriteString("oldest", Time(level.Oldest));
                json.WriteString("newest", Time(level.Newest));
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.ToArray()) + "\n";
    }

    /// <summary>A moment in UTC.</summary>
    public static string? Time(DateTimeOffset? at) => at?.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static string Some(long count, string what) => $"{OctetText.Count(count)} {what}{(count == 1 ? "" : "s")}";
}
