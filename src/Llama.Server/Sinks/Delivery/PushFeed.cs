using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Text;
using Llama.Mesh.Membership;
using Llama.Server.Intake;
using Llama.Server.Sinks.Records;

namespace Llama.Server.Sinks.Delivery;

/// <summary>
/// Gives the reports that probes push to sinks, with the tags that their pairs would have at a collector of the mesh: those of the
/// destination, and who is at either end. Any thread may call it.
/// </summary>
/// <param name="sinks">Where they go.</param>
/// <param name="find">A member by group and name; null when there is none.</param>
internal sealed class PushFeed(SinkSet sinks, Func<string, string, Member?> find)
{
    /// <summary>What a writer may hold on to: more than a usual report, far less than the largest.</summary>
    private const int MostRoomKept = 4 << 20;

    private static readonly ConditionalWeakTable<Registration, DestinationTags> Known = [];

    private readonly ConcurrentBag<Desk> _desks = [];

    /// <summary>Takes a report; completes when it is in the queue.</summary>
    /// <exception cref="IOException">The queue can't take it.</exception>
    public ValueTask KeepAsync(PushedProbe probe, PushedReport report, CancellationToken cancellation)
    {
        Desk desk = _desks.TryTake(out Desk? used) ? used : new Desk();
        try
        {
            Write(desk, probe, report);
            sinks.Take(desk.Writer.Record.Span);
        }
        finally
        {
            if (desk.Writer.Record.Length <= MostRoomKept && _desks.Count < Environment.ProcessorCount) _desks.Add(desk);
        }

        return ValueTask.CompletedTask;
    }

    private void Write(Desk desk, PushedProbe probe, PushedReport report)
    {
        ReportWriter writer = desk.Writer;
        Registration? source = find(probe.Group, probe.Name)?.Registration;
        desk.Texts.Clear();
        writer.Begin(report.Start, report.End, report.IsSuspect ? RecordFlags.Suspect : RecordFlags.None, desk.Texts.Of($"{probe.Group}/{probe.Name}"));
        foreach ((string key, string value) in source?.Tags ?? []) writer.AddTag(key, value);
        writer.EndOriginTags();
        string sourceName = source?.FullName ?? probe.Name;
        foreach (ref readonly PushedPair pair in report.Pairs)
        {
            desk.Texts.Clear();
            writer.BeginPair(desk.Texts.Of(pair.Source), desk.Texts.Of(pair.Host), desk.Texts.Of(pair.Address), pair.Port, pair.Class);
            if (Destination(probe.Group, pair.Destination) is { } destination)
            {
                destination.AddTo(writer, sourceName, probe.Name);
            }
            else
            {
                AddOwnTags(writer, report, pair, probe.Group);
                writer.AddTag("src_name", sourceName);
                writer.AddTag("src_shortname", probe.Name);
            }

            writer.EndPair(RecordMeasures.Of(pair), sinks.WantsBuckets ? report.BucketsOf(pair) : default);
            if (!sinks.WantsFlows) continue;
            foreach (ref readonly PushedFlow flow in report.FlowsOf(pair)) writer.AddFlow(flow.SourcePort, RecordMeasures.Of(flow));
        }
    }

    /// <summary>What the pair of a destination that is no member says of it.</summary>
    private static void AddOwnTags(ReportWriter writer, PushedReport report, in PushedPair pair, string group)
    {
        bool hasName = false, hasGroup = false;
        foreach (PlacedTag tag in report.Tags[pair.Tags])
        {
            ReadOnlySpan<byte> key = report.Tags.Key(tag), value = report.Tags.Value(tag);
            if (value.IsEmpty || key.StartsWith("src_"u8)) continue;
            hasName |= key.SequenceEqual("dst_shortname"u8);
            hasGroup |= key.SequenceEqual("group"u8);
            writer.AddTag(key, value);
        }

        if (!hasName && pair.Destination != pair.Host) writer.AddTag("dst_shortname", pair.Destination);
        if (!hasGroup) writer.AddTag("group", group);
    }

    private DestinationTags? Destination(string group, string name) =>
        DestinationNames.FindMember(find, group, name) is { } member
            ? Known.GetValue(member.Registration, static registration => new DestinationTags(registration))
            : null;

    /// <summary>What a report is written with.</summary>
    private sealed class Desk
    {
        public ReportWriter Writer { get; } = new();

        public TextOctets Texts { get; } = new();
    }

    /// <summary>The tags that a destination gives its pairs, as octets. Immutable.</summary>
    private sealed class DestinationTags
    {
        private readonly (byte[] Key, byte[] Value)[] _tags;

        public DestinationTags(Registration destination)
        {
            // As in a probe's configuration: a key that is there already keeps its place and takes the new value.
            var tags = new OrderedDictionary<string, string>(StringComparer.Ordinal);
            foreach ((string key, string value) in destination.Tags) tags[key] = value;
            tags["dst_name"] = destination.FullName;
            tags["dst_shortname"] = destination.Name;
            tags["group"] = destination.Group;
            tags.Remove("src_name");
            tags.Remove("src_shortname");
            _tags = [.. tags.Select(tag => (Encoding.UTF8.GetBytes(tag.Key), Encoding.UTF8.GetBytes(tag.Value)))];
        }

        public void AddTo(ReportWriter writer, string sourceName, string sourceShortName)
        {
            foreach ((byte[] key, byte[] value) in _tags) writer.AddTag(key, value);
            writer.AddTag("src_name", sourceName);
            writer.AddTag("src_shortname", sourceShortName);
        }
    }
}
