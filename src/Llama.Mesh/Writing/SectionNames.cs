namespace Llama.Mesh.Writing;

/// <summary>
/// Gives the parts of tests names to refer to them by: those in the test's name where they are free or mean the same thing
/// already, else with a number behind them. Equal parts of the same name are shared.
/// </summary>
internal sealed class SectionNames
{
    private readonly OrderedDictionary<string, PortSettings> _ports = new(StringComparer.Ordinal);
    private readonly OrderedDictionary<string, IReadOnlyList<(string Port, int Count)>> _groups = new(StringComparer.Ordinal);
    private readonly OrderedDictionary<string, double> _rates = new(StringComparer.Ordinal);
    private readonly OrderedDictionary<string, IReadOnlyList<TargetSettings>> _targets = new(StringComparer.Ordinal);

    /// <summary>Each with a count of 1: how many are opened is the group's business.</summary>
    public IEnumerable<KeyValuePair<string, PortSettings>> Ports => _ports;

    public IEnumerable<KeyValuePair<string, IReadOnlyList<(string Port, int Count)>>> Groups => _groups;

    public IEnumerable<KeyValuePair<string, double>> Rates => _rates;

    public IEnumerable<KeyValuePair<string, IReadOnlyList<TargetSettings>>> Targets => _targets;

    /// <summary>Adds a test's parts.</summary>
    public (string Targets, string Group, string Rate) Add(TestSettings test)
    {
        string[] names = test.Name.Split('/');
        if (names.Length != 3 || names.Contains(""))
            names = [test.Name, test.Name, test.Name];
        string rate = names[2].LastIndexOf('#') is > 0 and int number ? names[2][..number] : names[2];

        (string, int)[] group = [.. test.Ports.Select(port => (Named(_ports, port.Name, port with { Count = 1 }, Same), port.Count))];
        return (
            Named(_targets, names[0], test.Targets, Same),
            Named(_groups, names[1], group, Enumerable.SequenceEqual),
            Named(_rates, rate, test.CyclesPerSecond, (a, b) => a.Equals(b)));
    }

    private static string Named<T>(OrderedDictionary<string, T> section, string wanted, T part, Func<T, T, bool> same)
    {
        string name = wanted;
        for (int i = 2; ; i++)
        {
            if (section.TryAdd(name, part) || same(section[name], part))
                return name;
            name = $"{wanted}#{i}";
        }
    }

    // The wanted name decides under which name a port is written, not whether two ports are alike.
    private static bool Same(PortSettings a, PortSettings b) => (a with { Name = "" }) == (b with { Name = "" });

    private static bool Same(IReadOnlyList<TargetSettings> a, IReadOnlyList<TargetSettings> b) =>
        ReferenceEquals(a, b)
        || (a.Count == b.Count && a.Zip(b).All(pair =>
            pair.First.Host == pair.Second.Host && pair.First.Port == pair.Second.Port && pair.First.Tags.SequenceEqual(pair.Second.Tags)));
}
