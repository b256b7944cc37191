using System.Buffers;
using System.Text;
using Llama.Server.Sinks.Records;

namespace Llama.Server.Sinks.Influx;

/// <summary>
/// The fields of a line, sorted by name: all are floats, durations in milliseconds, and what was not measured is not there. Immutable;
/// any thread may call it.
/// </summary>
internal sealed class LineFields
{
    private static readonly MeasureField[] All =
    [
        MeasureField.Millis("delay_variation", Measure.DelayVariation),
        MeasureField.Number("duplicates", Measure.Duplicates),
        MeasureField.Millis("forward_delay_variation", Measure.ForwardDelayVariation),
        MeasureField.Number("forward_remarked", Measure.ForwardRemarked),
        MeasureField.Number("forward_tos", Measure.ForwardTos),
        MeasureField.Number("forward_ttl", Measure.ForwardTtl),
        MeasureField.Number("forward_ttl_changes", Measure.ForwardTtlChanges),
        MeasureField.Millis("jitter", Measure.Jitter),
        MeasureField.Number("late", Measure.Late),
        MeasureField.OfKind("loss", Measure.Lost, MeasureForm.Percent),
        MeasureField.Number("lossy_pairs", Measure.LossyPairs),
        MeasureField.Number("lost", Measure.Lost),
        MeasureField.Number("lost_forward", Measure.LostForward),
        MeasureField.Number("lost_reverse", Measure.LostReverse),
        MeasureField.Number("pairs", Measure.Pairs),
        MeasureField.Number("received", Measure.Received),
        MeasureField.Number("reordered", Measure.Reordered),
        MeasureField.Millis("reverse_delay_variation", Measure.ReverseDelayVariation),
        MeasureField.Number("reverse_remarked", Measure.ReverseRemarked),
        MeasureField.Number("reverse_tos", Measure.ReverseTos),
        MeasureField.Number("reverse_ttl", Measure.ReverseTtl),
        MeasureField.Millis("rtt", Measure.RttMean),
        MeasureField.Millis("rtt_max", Measure.RttMax),
        MeasureField.Millis("rtt_min", Measure.RttMin),
        MeasureField.Millis("rtt_p50", Measure.RttP50),
        MeasureField.Millis("rtt_p90", Measure.RttP90),
        MeasureField.Millis("rtt_p99", Measure.RttP99),
        MeasureField.Number("send_errors", Measure.SendErrors),
        MeasureField.Number("sent", Measure.Sent),
    ];

    private readonly MeasureField[] _fields;
    private readonly bool _hasSuspect;
    private readonly uint _known;
    private readonly int _room;

    /// <summary>Some fields of pairs and flows, or all.</summary>
    /// <param name="names">Which; null for all. Those of points are always written.</param>
    /// <exception cref="FormatException">There is no field of such a name.</exception>
    public LineFields(IReadOnlyCollection<string>? names = null)
    {
        if (names?.FirstOrDefault(name => name != SuspectName && !All.Any(field => field.IsCalled(name))) is { } unknown)
            throw new FormatException($"fields has \"{unknown}\", which is none: docs/sinks.md lists them");
        _fields = [.. All.Where(field => names is null || names.Any(field.IsCalled))];
        _hasSuspect = names is null || names.Contains(SuspectName);
        _known = _fields.Aggregate(0u, (known, field) => known | 1u << (int)field.Measure);
        _room = _fields.Sum(field => field.Name.Length + LineNumbers.LongestOfMeasures) + Suspect.Length;
    }

    private enum MeasureForm
    {
        Number,
        Millis,
        Percent,
    }

    private const string SuspectName = "suspect";

    private static ReadOnlySpan<byte> Suspect => ",suspect=1"u8;

    /// <summary>True when a pair or flow has fields at all.</summary>
    public bool HasAny(in Measures measures) => (measures.Known & _known) != 0;

    /// <summary>Writes those of a pair or flow that has any, the first with a space before it.</summary>
    public void Write(in Measures measures, bool isSuspect, ArrayBufferWriter<byte> output)
    {
        Span<byte> to = output.GetSpan(_room);
        long sent = measures[Measure.Sent].GetValueOrDefault();
        int at = 0;
        foreach (MeasureField field in _fields)
        {
            if (measures[field.Measure] is not { } value) continue;
            if (field.Form == MeasureForm.Percent && sent < 1) continue;
            field.Name.CopyTo(to[at..]);
            at += field.Name.Length;
            at += field.Form switch
            {
                MeasureForm.Millis => LineNumbers.WriteMillionths(value, to[at..]),
                MeasureForm.Percent => LineNumbers.WritePercent(value, sent, to[at..]),
                _ => LineNumbers.Write(value, to[at..]),
            };
        }

        if (isSuspect && _hasSuspect)
        {
            Suspect.CopyTo(to[at..]);
            at += Suspect.Length;
        }

        to[0] = (byte)' ';
        output.Advance(at);
    }

    /// <summary>Writes one of a point, where it is a number and has a name.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="value">Its value.</param>
    /// <param name="isFirst">True puts a space before it, else a comma.</param>
    /// <param name="output">Where to.</param>
    /// <returns>False when it is left out.</returns>
    public static bool Write(ReadOnlySpan<byte> name, double value, bool isFirst, ArrayBufferWriter<byte> output)
    {
        if (name.IsEmpty || !double.IsFinite(value)) return false;
        Span<byte> to = output.GetSpan(2 + LineText.LongestFactor * name.Length + LineNumbers.Longest);
        to[0] = (byte)(isFirst ? ' ' : ',');
        int at = 1 + LineText.Write(name, to[1..]);
        to[at++] = (byte)'=';
        output.Advance(at + LineNumbers.Write(value, to[at..]));
        return true;
    }

    private readonly record struct MeasureField(byte[] Name, Measure Measure, MeasureForm Form)
    {
        public bool IsCalled(string name) => Name.AsSpan(1..^1).SequenceEqual(Encoding.UTF8.GetBytes(name));

        public static MeasureField Number(string name, Measure measure) => OfKind(name, measure, MeasureForm.Number);

        public static MeasureField Millis(string name, Measure measure) => OfKind(name, measure, MeasureForm.Millis);

        public static MeasureField OfKind(string name, Measure measure, MeasureForm form) => new(Encoding.UTF8.GetBytes($",{name}="), measure, form);
    }
}
