namespace Llama.Benchmarks.Gate;

/// <summary>
/// Where things run. A reference runs where its subject runs, so that both meet the same machine: what reflects on one core,
/// what sends on another, if there are two.
/// </summary>
/// <param name="All">The cores this process may use.</param>
internal sealed record Cores(IReadOnlyList<int> All)
{
    public int Reflecting => All[0];

    public int Sending => All[Math.Min(1, All.Count - 1)];

    public static Cores Find()
    {
        const string key = "Cpus_allowed_list:";
        string line = File.ReadLines("/proc/self/status").First(line => line.StartsWith(key, StringComparison.Ordinal));
        return new Cores([.. Parse(line[key.Length..].Trim())]);
    }

    /// <summary>Reads a list as the kernel writes it: 0-3,8 (cpuset(7), List format).</summary>
    internal static IEnumerable<int> Parse(string list)
    {
        foreach (string range in list.Split(','))
        {
            int[] ends = [.. range.Split('-').Select(int.Parse)];
            for (int core = ends[0]; core <= ends[^1]; core++) yield return core;
        }
    }
}
