using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Llama.Engine.Summaries;
using Llama.Mesh;
using Llama.Server.Intake;
using Llama.Storage.History;

namespace Llama.Cli.Keeping;

/// <summary>How an export is written.</summary>
internal enum ExportFormat
{
    /// <summary>Comma-separated values (RFC 4180) with a head; what was not measured is empty.</summary>
    Csv,

    /// <summary>JSON Lines; what was not measured is null.</summary>
    JsonLines,
}

/// <summary>Points as lines of an export. Used again and again; belongs to one thread at a time.</summary>
internal abstract class ExportLines : IDisposable
{
    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'";

    private readonly ArrayBufferWriter<byte> _octets = new(1 << 16);

    /// <summary>The octets that were written and not yet taken.</summary>
    public ReadOnlyMemory<byte> Written => _octets.WrittenMemory;

    private protected ArrayBufferWriter<byte> Octets => _octets;

    /// <summary>Lines of a format, whose head is written already where it has one.</summary>
    public static ExportLines Create(ExportFormat format) => format == ExportFormat.Csv ? new CsvLines() : new JsonLines();

    /// <summary>Makes room for more.</summary>
    public void Clear() => _octets.ResetWrittenCount();

    /// <summary>Writes a point of a pair and class.</summary>
    public void Write(string group, string source, string destination, byte trafficClass, in HistoryPoint point)
    {
        Begin();
        Fields(group, source, destination, trafficClass, point.At, point.Totals);
        End();
    }

    /// <inheritdoc/>
    public abstract void Dispose();

    private protected abstract void Begin();

    private protected abstract void End();

    private protected abstract void Name(string name, string value);

    private protected abstract void Word(string name, string value);

    private protected abstract void Number(string name, long? value);

    private protected abstract void Number(string name, double? value);

    /// <summary>All fields, which are the same in all formats. Names are those of /api/v2/summaries.</summary>
    private protected void Fields(string group, string source, string destination, byte trafficClass, DateTimeOffset at, PairTotals totals)
    {
        DatagramCounts counts = totals.Counts;
        PathMarks path = totals.Path;
        Word("at", Time(at));
        Word("start", Time(totals.Start));
        Word("end", Time(totals.End));
        Name("group", group);
        Name("source", source);
        Name("destination", destination);
        Number("class", (long?)trafficClass);
        Word("class_name", TrafficClass.Name(trafficClass));
        Number("intervals", totals.Intervals);
        Number("suspect_intervals", totals.SuspectIntervals);
        Number("sent", counts.Sent);
        Number("received", counts.Received);
        Number("lost", counts.Lost);
        Number("lost_forward", counts.LostForward);
        Number("lost_reverse", counts.LostReverse);
        Number("late", counts.Late);
        Number("duplicates", counts.Duplicates);
        Number("reordered", counts.Reordered);
        Number("send_errors", counts.SendErrors);
        Number("loss_ratio", counts.LossRatio);
        Number("rtt_count", totals.RttCount);
        Number("rtt_sum_ns", totals.RttCount > 0 ? totals.RttSumNanos : (long?)null);
        Number("rtt_min_ns", totals.RttMinNanos);
        Number("rtt_mean_ns", totals.RttMeanNanos);
        Number("rtt_p50_ns", totals.Percentile(0.5));
        Number("rtt_p90_ns", totals.Percentile(0.9));
        Number("rtt_p99_ns", totals.Percentile(0.99));
        Number("rtt_max_ns", totals.RttMaxNanos);
        Number("jitter_ns", totals.JitterNanos);
        Number("delay_variation_ns", totals.DelayVariationNanos);
        Number("forward_delay_variation_ns", totals.ForwardDelayVariationNanos);
        Number("reverse_delay_variation_ns", totals.ReverseDelayVariationNanos);
        Number("forward_ttl", (long?)path.ForwardTtl);
        Number("reverse_ttl", (long?)path.ReverseTtl);
        Number("forward_tos", (long?)path.ForwardTos);
        Number("reverse_tos", (long?)path.ReverseTos);
        Number("forward_remarked", path.ForwardRemarked);
        Number("reverse_remarked", path.ReverseRemarked);
        Number("forward_ttl_changes", path.ForwardTtlChanges);
    }

    private static string Time(DateTimeOffset time) => time.ToUniversalTime().ToString(TimeFormat, CultureInfo.InvariantCulture);

    private sealed class CsvLines : ExportLines
    {
        private readonly Dictionary<string, byte[]> _names = [];
        private readonly bool _isHead = true;
        private bool _isFirst;

        public CsvLines()
        {
            Begin();
            Fields("", "", "", 0, DateTimeOffset.UnixEpoch, new PairTotals());
            End();
            _isHead = false;
        }

        public override void Dispose() => _names.Clear();

        private protected override void Begin() => _isFirst = true;

        private protected override void End() => Octets.Write("\r\n"u8);

        private protected override void Name(string name, string value)
        {
            if (!Next(name)) return;
            if (!_names.TryGetValue(value, out byte[]? field))
            {
                // Names come again and again; those of a hostile group are not all remembered.
                if (_names.Count >= 100_000) _names.Clear();
                _names.Add(value, field = Encoding.UTF8.GetBytes(CsvField.Of(value)));
            }

            Octets.Write(field);
        }

        private protected override void Word(string name, string value)
        {
            if (Next(name)) Encoding.UTF8.GetBytes(value, Octets);
        }

        private protected override void Number(string name, long? value)
        {
            if (Next(name) && value is { } number) Format(number);
        }

        private protected override void Number(string name, double? value)
        {
            if (Next(name) && value is { } number) Format(number);
        }

        private void Format<T>(T number)
            where T : IUtf8SpanFormattable
        {
            number.TryFormat(Octets.GetSpan(32), out int written, default, CultureInfo.InvariantCulture);
            Octets.Advance(written);
        }

        /// <summary>Goes to the next field; false where its name stands in place of its value.</summary>
        private bool Next(string name)
        {
            if (!_isFirst) Octets.Write(","u8);
            _isFirst = false;
            if (_isHead) Encoding.UTF8.GetBytes(name, Octets);
            return !_isHead;
        }
    }

    private sealed class JsonLines : ExportLines
    {
        private readonly Utf8JsonWriter _json;

        public JsonLines() => _json = new Utf8JsonWriter(Octets, new JsonWriterOptions { SkipValidation = true });

        public override void Dispose() => _json.Dispose();

        private protected override void Begin()
        {
            _json.Reset();
            _json.WriteStartObject();
        }

        private protected override void End()
        {
            _json.WriteEndObject();
            _json.Flush();
            Octets.Write("\n"u8);
        }

        private protected override void Name(string name, string value) => _json.WriteString(name, value);

        private protected override void Word(string name, string value) => _json.WriteString(name, value);

        private protected override void Number(string name, long? value)
        {
            if (value is { } number) _json.WriteNumber(name, number);
            else _json.WriteNull(name);
        }

        private protected override void Number(string name, double? value)
        {
            if (value is { } number && double.IsFinite(number)) _json.WriteNumber(name, number);
            else _json.WriteNull(name);
        }
    }
}
