using System.Text.Json;
using Llama.Engine.Summaries;
using Llama.Server.Metrics;
using Microsoft.AspNetCore.Http;

namespace Llama.Server.Intake;

/// <summary>
/// Reads the body of a push: who pushes, then report after report into the same <see cref="PushedReport"/>; or one report that a
/// collector was asked for. Members it does not know are passed over; what it does know has to be right, and the error says where it is not.
/// </summary>
internal sealed partial class PushReader
{
    /// <summary>Most characters of a name.</summary>
    public const int MaxNameLength = 256;

    private const int MaxPairs = 1 << 16;
    private const int MaxFlows = 1 << 18;
    private const int MaxBuckets = 1 << 21;
    private const int MaxTags = 128;

    private static readonly (SuspectReason Reason, string Name)[] Reasons =
        [.. Enum.GetValues<SuspectReason>().Select(reason => (reason, reason.SnakeCase()))];

    private readonly ReadOnlyMemory<byte> _body;
    private readonly NamePool _names;
    private readonly JsonOctets _key = new();
    private readonly JsonOctets _value = new();

    // Where the next report begins, and what the reader knew there.
    private int _offset;
    private JsonReaderState _state;

    // Where it is, for messages.
    private int _report = -1;
    private int _pair = -1;
    private int _flow = -1;

    private PushReader(ReadOnlyMemory<byte> body, NamePool names)
    {
        _body = body;
        _names = names;
    }

    /// <summary>Who pushes.</summary>
    public PushedProbe Probe { get; private set; } = new("", "", null);

    /// <summary>Reads a body up to its reports.</summary>
    /// <exception cref="PushRefusedException">It is not JSON, or says not who pushes what.</exception>
    public static PushReader Open(ReadOnlyMemory<byte> body, NamePool names)
    {
        var push = new PushReader(body, names);
        try
        {
            push.Open();
            return push;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw NotJson(e);
        }
    }

    /// <summary>Reads a body that is one report and nothing else, as a collector's /api/v2/summaries answers it.</summary>
    /// <returns>False where the collector has not reported an interval yet.</returns>
    /// <exception cref="PushRefusedException">It is malformed.</exception>
    public static bool ReadReport(ReadOnlyMemory<byte> body, NamePool names, PushedReport report)
    {
        report.Clear();
        var reader = new PushReader(body, names);
        var json = new Utf8JsonReader(body.Span);
        try
        {
            json.Read();
            reader.Expect(json.TokenType == JsonTokenType.StartObject, "The body", "is not a JSON object");
            bool isThere = reader.ReadReport(ref json, report, mayBeNone: true);
            while (json.Read())
            {
            }

            return isThere;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw NotJson(e);
        }
    }

    /// <summary>Reads the next report; false behind the last one.</summary>
    /// <exception cref="PushRefusedException">It is malformed.</exception>
    public bool Next(PushedReport report)
    {
        report.Clear();
        var json = new Utf8JsonReader(_body.Span[_offset..], isFinalBlock: true, _state);
        try
        {
            json.Read();
            _report++;
            if (json.TokenType == JsonTokenType.EndArray)
            {
                // What is left has to be JSON as well: half a body is a mistake of somebody.
                _report = -1;
                while (json.Read())
                {
                }

                return false;
            }

            ReadReport(ref json, report, mayBeNone: false);
            _offset += (int)json.BytesConsumed;
            _state = json.CurrentState;
            return true;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw NotJson(e);
        }
    }

    /// <summary>What a reader's own exceptions stand for: it says of an escape that is no character by another one than of all else.</summary>
    private static PushRefusedException NotJson(Exception e) => new(StatusCodes.Status400BadRequest, e is JsonException at
        ? $"The body is not JSON: it breaks off or goes wrong in line {at.LineNumber + 1}, byte {at.BytePositionInLine + 1}."
        : "The body is not well-formed Unicode: the name of a member holds half of a surrogate pair.");

    private void Open()
    {
        var json = new Utf8JsonReader(_body.Span);
        bool hasProbe = false, hasReports = false;
        json.Read();
        Expect(json.TokenType == JsonTokenType.StartObject, "The body", "is not a JSON object with probe and reports");
        while (NextMember(ref json))
        {
            if (json.ValueTextEquals("probe"u8) && !hasProbe)
            {
                Probe = ReadProbe(ref json);
                hasProbe = true;
            }
            else if (json.ValueTextEquals("reports"u8) && !hasReports)
            {
                json.Read();
                Expect(json.TokenType == JsonTokenType.StartArray, "reports", "is not an array");
                hasReports = true;
                (_offset, _state) = ((int)json.BytesConsumed, json.CurrentState);
                if (hasProbe) return;
                json.Skip();
            }
            else
            {
                json.Skip();
            }
        }

        Expect(hasProbe, "probe", "is missing: it says who pushes, as in {\"group\":\"default\",\"name\":\"a\",\"instance\":\"...\"}");
        Expect(hasReports, "reports", "is missing");
    }

    private PushedProbe ReadProbe(ref Utf8JsonReader json)
    {
        string? group = null, name = null, instance = null;
        BeginObject(ref json, "probe");
        while (NextMember(ref json))
        {
            if (json.ValueTextEquals("group"u8)) group = ReadText(ref json, "probe.group");
            else if (json.ValueTextEquals("name"u8)) name = ReadText(ref json, "probe.name");
            else if (json.ValueTextEquals("instance"u8)) instance = ReadText(ref json, "probe.instance");
            else json.Skip();
        }

        Expect(group is not null, "probe.group", "is missing");
        Expect(name is not null, "probe.name", "is missing");
        return new PushedProbe(group!, name!, instance);
    }

    private bool ReadReport(ref Utf8JsonReader json, PushedReport report, bool mayBeNone)
    {
        DateTimeOffset? start = null, end = null;
        bool hasOtherLayout = false, hasSummaries = false;
        List<SuspectReason> suspect = [];
        Expect(json.TokenType == JsonTokenType.StartObject, "", "is not an object");
        while (NextMember(ref json))
        {
            if (json.ValueTextEquals("start"u8))
            {
                start = ReadTime(ref json, "start", mayBeNone);
            }
            else if (json.ValueTextEquals("end"u8))
            {
                end = ReadTime(ref json, "end", mayBeNone);
            }
            else if (json.ValueTextEquals("suspect"u8))
            {
                report.IsSuspect = ReadSuspect(ref json, suspect);
            }
            else if (json.ValueTextEquals("health"u8))
            {
                report.Health = ReadHealth(ref json);
            }
            else if (json.ValueTextEquals("rtt_buckets_layout"u8))
            {
                hasOtherLayout = !ReadLayout(ref json);
            }
            else if (json.ValueTextEquals("summaries"u8) && !hasSummaries)
            {
                hasSummaries = true;
                ReadPairs(ref json, report);
            }
            else
            {
                json.Skip();
            }
        }

        if (mayBeNone && start is null && end is null && hasSummaries && report.Pairs.IsEmpty) return false;
        Expect(start is not null, "start", "is missing");
        Expect(end is not null, "end", "is missing");
        Expect(hasSummaries, "summaries", "is missing");
        Expect(end > start && end - start <= TimeSpan.FromDays(1), "end", "is not behind start by a day at most");
        Expect(!hasOtherLayout || report.BucketCount == 0, "rtt_buckets_layout", "is another than this server's; run the same version, or push without buckets");
        (report.Start, report.End, report.Suspect) = (start!.Value, end!.Value, suspect);
        if (report.Health is { } health) report.Health = health with { Suspect = suspect };
        return true;
    }

    /// <summary>Reads why an interval is suspect; true when it is at all, also for reasons that a later version knows.</summary>
    private bool ReadSuspect(ref Utf8JsonReader json, List<SuspectReason> suspect)
    {
        BeginArray(ref json, "suspect");
        bool isSuspect = false;
        while (NextElement(ref json))
        {
            Expect(json.TokenType == JsonTokenType.String, "suspect", "is not an array of texts");
            isSuspect = true;
            foreach ((SuspectReason reason, string name) in Reasons)
                if (json.ValueTextEquals(name) && !suspect.Contains(reason)) suspect.Add(reason);
        }

        return isSuspect;
    }

    private CollectorHealth? ReadHealth(ref Utf8JsonReader json)
    {
        if (!BeginObjectOrNull(ref json, "health")) return null;
        long? lateness = null;
        double? pressure = null;
        long skipped = 0, errors = 0, drops = 0, unmatched = 0, steps = 0, pause = 0;
        while (NextMember(ref json))
        {
            if (json.ValueTextEquals("send_lateness_p99_ns"u8)) lateness = ReadCountOrNull(ref json, "health.send_lateness_p99_ns");
            else if (json.ValueTextEquals("skipped_sends"u8)) skipped = ReadCount(ref json, "health.skipped_sends");
            else if (json.ValueTextEquals("send_errors"u8)) errors = ReadCount(ref json, "health.send_errors");
            else if (json.ValueTextEquals("receive_drops"u8)) drops = ReadCount(ref json, "health.receive_drops");
            else if (json.ValueTextEquals("unmatched_replies"u8)) unmatched = ReadCount(ref json, "health.unmatched_replies");
            else if (json.ValueTextEquals("clock_steps"u8)) steps = ReadCount(ref json, "health.clock_steps");
            else if (json.ValueTextEquals("gc_pause_ns"u8)) pause = ReadCount(ref json, "health.gc_pause_ns");
            else if (json.ValueTextEquals("cpu_pressure_ratio"u8)) pressure = ReadNumberOrNull(ref json, "health.cpu_pressure_ratio");
            else json.Skip();
        }

        return new CollectorHealth
        {
            SendLatenessP99Nanos = lateness,
            SkippedSends = skipped,
            SendErrors = errors,
            ReceiveDrops = drops,
            UnmatchedReplies = unmatched,
            ClockSteps = steps,
            GarbageCollectionPause = TimeSpan.FromTicks(pause / TimeSpan.NanosecondsPerTick),
            CpuPressure = pressure,
        };
    }

    /// <summary>True when buckets mean here what they mean to the collector.</summary>
    private bool ReadLayout(ref Utf8JsonReader json)
    {
        bool isOurs = true;
        BeginObject(ref json, "rtt_buckets_layout");
        while (NextMember(ref json))
        {
            if (json.ValueTextEquals("kind"u8)) isOurs &= ReadText(ref json, "rtt_buckets_layout.kind") == "log-linear";
            else if (json.ValueTextEquals("buckets_per_power_of_two"u8)) isOurs &= ReadCount(ref json, "rtt_buckets_layout.buckets_per_power_of_two") == LogLinear.BucketsPerPowerOfTwo;
            else if (json.ValueTextEquals("bucket_count"u8)) isOurs &= ReadCount(ref json, "rtt_buckets_layout.bucket_count") == LogLinear.BucketCount;
            else if (json.ValueTextEquals("max_ns"u8)) isOurs &= ReadCount(ref json, "rtt_buckets_layout.max_ns") == LogLinear.MaxNanos;
            else json.Skip();
        }

        return isOurs;
    }
}
