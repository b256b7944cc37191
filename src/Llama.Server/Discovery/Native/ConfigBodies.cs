using System.Buffers;
using System.IO.Compression;
using System.Text.Json;
using Llama.Mesh.Membership;
using Llama.Mesh.Plans;

namespace Llama.Server.Discovery.Native;

/// <summary>
/// The configurations of a plan as JSON, written once for all who ask: a probe's configuration is put together from slices of one
/// buffer. Where all probes have the same targets they get the same body. Any thread may call it.
/// </summary>
internal sealed class ConfigBodies
{
    private static readonly ReadOnlyMemory<byte> Comma = ","u8.ToArray();

    private readonly PlanInForce _plan;
    private readonly Lazy<Pieces> _pieces;
    private readonly Lazy<ReadOnlyMemory<byte>> _compressed;
    private readonly Lazy<ReadOnlyMemory<byte>> _compressedWithKey;

    /// <summary>Nothing is written before somebody asks.</summary>
    public ConfigBodies(PlanInForce plan)
    {
        _plan = plan;
        _pieces = new Lazy<Pieces>(() => Pieces.Write(plan));
        _compressed = new Lazy<ReadOnlyMemory<byte>>(() => Compress(For("", withKey: false)));
        _compressedWithKey = new Lazy<ReadOnlyMemory<byte>>(() => Compress(For("", withKey: true)));
        IsSameForAll = plan.Plan.Tests.All(test => test.IsSameForAll);
    }

    /// <summary>True when all probes of the group get the same.</summary>
    public bool IsSameForAll { get; }

    /// <summary>What a configuration is known by to callers with and without the group's key.</summary>
    public static string TagOf(string planTag, bool withKey) => withKey ? $"{planTag}-k" : planTag;

    /// <summary>The configuration of a member, in slices.</summary>
    /// <param name="name">The member.</param>
    /// <param name="withKey">True adds the group's key.</param>
    public IReadOnlyList<ReadOnlyMemory<byte>> For(string name, bool withKey)
    {
        Pieces pieces = _pieces.Value;
        var body = new List<ReadOnlyMemory<byte>>();
        for (int i = 0; i < pieces.Targets.Length; i++)
        {
            body.Add(pieces.Between[i]);
            if (_plan.Plan.Tests[i].TargetsOf(name) is { } chosen) pieces.Targets[i].AddTo(body, chosen);
            else body.Add(pieces.Targets[i].All);
        }

        body.Add(pieces.Between[^1]);
        body.Add(withKey ? pieces.EndWithKey : pieces.End);
        return body;
    }

    /// <summary>The configuration that all members share, as gzip.</summary>
    public ReadOnlyMemory<byte> Compressed(bool withKey) => (withKey ? _compressedWithKey : _compressed).Value;

    private static ReadOnlyMemory<byte> Compress(IReadOnlyList<ReadOnlyMemory<byte>> body)
    {
        using var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.Fastest))
            foreach (ReadOnlyMemory<byte> slice in body) gzip.Write(slice.Span);
        return compressed.ToArray();
    }

    /// <summary>The document cut at its target lists.</summary>
    /// <param name="Between">What stands before, between and behind the target lists.</param>
    /// <param name="Targets">The target lists, without their brackets.</param>
    /// <param name="End">The end of the document.</param>
    /// <param name="EndWithKey">The same with the group's key.</param>
    private sealed record Pieces(ReadOnlyMemory<byte>[] Between, TargetSlices[] Targets, ReadOnlyMemory<byte> End, ReadOnlyMemory<byte> EndWithKey)
    {
        public static Pieces Write(PlanInForce planned)
        {
            GroupPlan plan = planned.Plan;
            var buffer = new ArrayBufferWriter<byte>(1024 + 256 * plan.Tests.Sum(test => test.Pool.Count));
            using var json = new Utf8JsonWriter(buffer);
            var lists = new (int Start, int[] Ends)[plan.Tests.Count];
            json.WriteStartObject();
            json.WriteString("group"u8, plan.Group);
            json.WriteNumber("interval_s"u8, (long)plan.Settings.Interval.TotalSeconds);
            json.WriteStartArray("tests"u8);
            for (int i = 0; i < lists.Length; i++) lists[i] = Write(json, plan.Tests[i], plan.Settings);
            json.WriteEndArray();
            json.Flush();

            ReadOnlyMemory<byte> document = buffer.WrittenMemory;
            var between = new ReadOnlyMemory<byte>[lists.Length + 1];
            int at = 0;
            for (int i = 0; i < lists.Length; i++)
            {
                between[i] = document[at..lists[i].Start];
                at = lists[i].Ends is [.., int end] ? end : lists[i].Start;
            }

            between[^1] = document[at..];
            return new Pieces(
                between, [.. lists.Select(list => new TargetSlices(document, list.Start, list.Ends))], EndOf(planned, default), EndOf(planned, plan.Settings.DatagramKey));
        }

        /// <summary>Writes a test; gives where its list of targets begins, and where each of them ends.</summary>
        private static (int Start, int[] Ends) Write(Utf8JsonWriter json, PlannedTest test, GroupSettings settings)
        {
            json.WriteStartObject();
            json.WriteString("name"u8, test.Group);
            json.WriteNumber("cps"u8, settings.CyclesPerSecond);
            json.WriteStartArray("ports"u8);
            foreach (byte @class in settings.Classes)
                foreach (int size in settings.Sizes) WritePort(json, @class, size, settings);
            json.WriteEndArray();
            json.WriteStartArray("targets"u8);
            int start = Position(json);
            int[] ends = new int[test.Pool.Count];
            for (int i = 0; i < ends.Length; i++)
            {
                WriteTarget(json, test.Pool[i]);
                ends[i] = Position(json);
            }

            json.WriteEndArray();
            json.WriteEndObject();
            return (start, ends);
        }

        private static int Position(Utf8JsonWriter json) => (int)json.BytesCommitted + json.BytesPending;

        private static void WritePort(Utf8JsonWriter json, byte @class, int size, GroupSettings settings)
        {
            json.WriteStartObject();
            json.WriteNumber("class"u8, @class);
            json.WriteNumber("size"u8, size);
            json.WriteNumber("timeout_ms"u8, (long)settings.Timeout.TotalMilliseconds);
            if (settings.DontFragment is { } df) json.WriteBoolean("df"u8, df);
            else json.WriteNull("df"u8);
            json.WriteNumber("count"u8, settings.Flows);
            json.WriteEndObject();
        }

        private static void WriteTarget(Utf8JsonWriter json, Registration target)
        {
            json.WriteStartObject();
            json.WriteString("group"u8, target.Group);
            json.WriteString("name"u8, target.Name);
            json.WriteString("full_name"u8, target.FullName);
            json.WriteString("address"u8, target.Address.ToString());
            json.WriteNumber("port"u8, target.Port);
            json.WriteTags(target.Tags);
            json.WriteEndObject();
        }

        /// <summary>The last members of the object, and its end.</summary>
        private static ReadOnlyMemory<byte> EndOf(PlanInForce plan, ReadOnlyMemory<byte> key)
        {
            var buffer = new ArrayBufferWriter<byte>(128);
            using (var json = new Utf8JsonWriter(buffer))
            {
                json.WriteStartObject();
                json.WriteString("tag"u8, TagOf(plan.Tag, withKey: !key.IsEmpty));
                if (!key.IsEmpty) json.WriteBase64String("datagram_key"u8, key.Span);
                json.WriteEndObject();
            }

            byte[] end = buffer.WrittenSpan.ToArray();
            end[0] = (byte)',';
            return end;
        }
    }

    /// <summary>A list of targets: each has its slice of the document, and a comma stands between two of them.</summary>
    private sealed class TargetSlices(ReadOnlyMemory<byte> document, int start, int[] ends)
    {
        public ReadOnlyMemory<byte> All { get; } = document[start..(ends is [.., int end] ? end : start)];

        /// <summary>Adds some of the targets. Those that are neighbours in the document stay together.</summary>
        public void AddTo(List<ReadOnlyMemory<byte>> body, IEnumerable<int> chosen)
        {
            (int first, int last, bool any) = (0, -1, false);
            foreach (int index in chosen)
            {
                if (index == last + 1 && last >= first)
                {
                    last = index;
                    continue;
                }

                Close();
                (first, last) = (index, index);
            }

            Close();

            void Close()
            {
                if (last < first) return;
                if (any) body.Add(Comma);
                any = true;
                body.Add(document[(first == 0 ? start : ends[first - 1] + 1)..ends[last]]);
            }
        }
    }
}
