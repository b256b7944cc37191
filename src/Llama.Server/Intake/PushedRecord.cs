using System.Text;
using Llama.Server.Sinks.Delivery;
using Llama.Server.Sinks.Records;

namespace Llama.Server.Intake;

/// <summary>Makes the record that sinks read of a report that came as JSON. Pure, save for the writer; any thread may call it.</summary>
internal static class PushedRecord
{
    /// <summary>Writes a record.</summary>
    /// <param name="writer">Has the record afterwards.</param>
    /// <param name="report">What was measured.</param>
    /// <param name="origin">Who measured it.</param>
    /// <param name="tags">The tags of who measured it.</param>
    public static void Write(ReportWriter writer, PushedReport report, string origin, IEnumerable<KeyValuePair<string, string>> tags)
    {
        writer.Begin(report.Start, report.End, report.IsSuspect ? RecordFlags.Suspect : RecordFlags.None, Encoding.UTF8.GetBytes(origin));
        foreach ((string key, string value) in tags) writer.AddTag(key, value);
        writer.EndOriginTags();
        foreach (ref readonly PushedPair pair in report.Pairs) Write(writer, report, pair);
    }

    private static void Write(ReportWriter writer, PushedReport report, in PushedPair pair)
    {
        Span<byte> source = stackalloc byte[MostOctets(pair.Source)], host = stackalloc byte[MostOctets(pair.Host)], address = stackalloc byte[MostOctets(pair.Address)];
        writer.BeginPair(Utf8(pair.Source, source), Utf8(pair.Host, host), Utf8(pair.Address, address), pair.Port, pair.Class);
        foreach (PlacedTag tag in report.Tags[pair.Tags]) writer.AddTag(report.Tags.Key(tag), report.Tags.Value(tag));
        writer.EndPair(RecordMeasures.Of(pair), report.BucketsOf(pair));
        foreach (ref readonly PushedFlow flow in report.FlowsOf(pair)) writer.AddFlow(flow.SourcePort, RecordMeasures.Of(flow));
    }

    // Names are bounded where they are read.
    private static int MostOctets(string? text) => 3 * (text?.Length ?? 0);

    private static ReadOnlySpan<byte> Utf8(string? text, Span<byte> room) => room[..Encoding.UTF8.GetBytes(text ?? "", room)];
}
