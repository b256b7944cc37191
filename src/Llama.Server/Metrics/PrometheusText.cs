using System.Buffers;
using System.Globalization;
using System.Text;

namespace Llama.Server.Metrics;

/// <summary>Writes Prometheus' text exposition format, version 0.0.4. All samples of a family follow its <see cref="Family"/>.</summary>
internal sealed class PrometheusText(IBufferWriter<byte> output)
{
    /// <summary>What the format is called in HTTP.</summary>
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private byte[] _name = [];

    /// <summary>Begins a family.</summary>
    /// <param name="name">Its name, of letters, digits and underscores.</param>
    /// <param name="type">counter, gauge or histogram.</param>
    /// <param name="help">What it tells, in one sentence.</param>
    public void Family(string name, string type, string help)
    {
        _name = Encoding.UTF8.GetBytes(name);
        Encoding.UTF8.GetBytes($"# HELP {name} {help.Replace("\\", "\\\\").Replace("\n", "\\n")}\n# TYPE {name} {type}\n", output);
    }

    /// <summary>A sample of the family, or none where it was not measured.</summary>
    /// <param name="value">What was measured; null was not.</param>
    /// <param name="labels">Labels as <see cref="AddLabel"/> puts them together.</param>
    /// <param name="more">Further labels in the same form.</param>
    /// <param name="suffix">What is added to the family's name: _bucket, _sum or _count of a histogram.</param>
    public void Sample(double? value, ReadOnlySpan<byte> labels = default, ReadOnlySpan<byte> more = default, ReadOnlySpan<byte> suffix = default)
    {
        if (value is not { } number) return;
        output.Write(_name);
        output.Write(suffix);
        if (labels.Length + more.Length > 0)
        {
            output.Write("{"u8);
            output.Write(labels);
            if (labels.Length > 0 && more.Length > 0) output.Write(","u8);
            output.Write(more);
            output.Write("}"u8);
        }

        output.Write(" "u8);
        WriteNumber(output, number);
        output.Write("\n"u8);
    }

    /// <summary>Adds a label to those that <paramref name="labels"/> holds already.</summary>
    public static void AddLabel(ArrayBufferWriter<byte> labels, string name, string value)
    {
        if (labels.WrittenCount > 0) labels.Write(","u8);
        string escaped = value.Replace("\\", "\\\\").Replace("\"", "\\\"").Replace("\n", "\\n");
        Encoding.UTF8.GetBytes($"{name}=\"{escaped}\"", labels);
    }

    /// <summary>A label on its own.</summary>
    public static byte[] Label(string name, string value)
    {
        var labels = new ArrayBufferWriter<byte>(32);
        AddLabel(labels, name, value);
        return labels.WrittenSpan.ToArray();
    }

    /// <summary>The label of a histogram's bucket; null for the one without a bound.</summary>
    public static byte[] BucketLabel(decimal? bound) => Label("le", bound?.ToString("0.#########", CultureInfo.InvariantCulture) ?? "+Inf");

    private static void WriteNumber(IBufferWriter<byte> output, double value)
    {
        if (double.IsInfinity(value))
        {
            output.Write(value > 0 ? "+Inf"u8 : "-Inf"u8);
            return;
        }

        value.TryFormat(output.GetSpan(32), out int written, "R", CultureInfo.InvariantCulture);
        output.Advance(written);
    }
}
