using System.Text.Json;

namespace Llama.EndToEnd.Collecting;

/// <summary>Reading of /api/v2/summaries.</summary>
internal static class Report
{
    /// <summary>The summary of a destination; null when there is none.</summary>
    public static JsonElement? Summary(this JsonElement report, string address, int? port = null)
    {
        foreach (JsonElement summary in report.GetProperty("summaries").EnumerateArray())
        {
            JsonElement destination = summary.GetProperty("destination");
            if (destination.GetProperty("address").GetString() == address && (port is null || destination.GetProperty("port").GetInt32() == port))
                return summary;
        }

        return null;
    }

    /// <summary>A count of a summary or flow; null where it was not measured.</summary>
    public static long? Count(this JsonElement summary, string name)
    {
        JsonElement count = summary.GetProperty("datagrams").GetProperty(name);
        return count.ValueKind == JsonValueKind.Null ? null : count.GetInt64();
    }

    /// <summary>True when a summary has sent something and all of it came back.</summary>
    public static bool IsClean(this JsonElement? summary) => summary is { } some && some.Count("sent") > 0 && some.Count("lost") == 0;

    /// <summary>True when a summary has sent something and nothing came back.</summary>
    public static bool IsDead(this JsonElement? summary) => summary is { } some && some.Count("sent") > 0 && some.Count("received") == 0;
}
