using System.Globalization;
using Llama.Cli.Settings;

namespace Llama.Cli.Serving;

/// <summary>How many probes each group has: one number for all, or one for each that is named.</summary>
/// <param name="OfOthers">For groups that are not named.</param>
/// <param name="ByGroup">For those that are.</param>
internal sealed record ProbeCounts(int OfOthers, IReadOnlyDictionary<string, int> ByGroup)
{
    private const int Most = 100_000;

    public int Of(string group) => ByGroup.GetValueOrDefault(group, OfOthers);

    /// <summary>Reads <c>100</c> or <c>wan=300,lan=40</c> or <c>100,wan=300</c>.</summary>
    public static Parsed<ProbeCounts> Parse(string text)
    {
        int ofOthers = 0;
        var byGroup = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (string part in text.Split(',', StringSplitOptions.TrimEntries))
        {
            int equals = part.LastIndexOf('=');
            if (!int.TryParse(part.AsSpan(equals + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int count) || count is < 1 or > Most)
                return Parsed.Not<ProbeCounts>(part, $"is not a number of probes: give 1 to {Most}, or GROUP=N,GROUP=N");
            if (equals < 0) ofOthers = count;
            else byGroup[part[..equals].Trim()] = count;
        }

        return Parsed.Of(new ProbeCounts(ofOthers, byGroup));
    }
}
