using System.Buffers;
using System.Text;
using Llama.Engine;
using Llama.Mesh;

namespace Llama.Server.Metrics;

/// <summary>
/// The labels of a pair's series: source, destination, host where the target has a name, class, and the operator's tags, each
/// with "tag_" before its key.
/// </summary>
internal static class PairLabels
{
    /// <summary>The labels as text format has them between the braces.</summary>
    public static byte[] Write(PairKey pair, Target target)
    {
        var output = new ArrayBufferWriter<byte>(128);
        PrometheusText.AddLabel(output, "source", pair.Source.ToString());
        PrometheusText.AddLabel(output, "destination", pair.Destination.ToString());
        if (!System.Net.IPAddress.TryParse(target.Host, out _)) PrometheusText.AddLabel(output, "host", target.Host);
        PrometheusText.AddLabel(output, "class", TrafficClass.Name(pair.Class));
        AddTags(output, target.Tags);
        return output.WrittenSpan.ToArray();
    }

    /// <summary>Adds the labels of tags.</summary>
    public static void AddTags(ArrayBufferWriter<byte> output, IEnumerable<KeyValuePair<string, string>> tags)
    {
        var taken = new HashSet<string>();
        foreach ((string key, string value) in tags.OrderBy(tag => tag.Key, StringComparer.Ordinal))
        {
            // To Prometheus a label without a value is none, so it takes no name either.
            if (value.Length > 0) PrometheusText.AddLabel(output, Unique("tag_" + Sanitize(key), taken), value);
        }
    }

    private static string Sanitize(string key)
    {
        var name = new StringBuilder(key.Length);
        foreach (char c in key) name.Append(char.IsAsciiLetterOrDigit(c) ? c : '_');
        return name.ToString();
    }

    /// <summary>Two keys may come down to one name: the second, in the order of the keys, has "_2" behind it, and so on.</summary>
    private static string Unique(string name, HashSet<string> taken)
    {
        string unique = name;
        for (int i = 2; !taken.Add(unique); i++) unique = $"{name}_{i}";
        return unique;
    }
}
