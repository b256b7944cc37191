using System.Net;
using Llama.Mesh.Yaml;

namespace Llama.Mesh.Reading;

/// <summary>Reads <c>tests</c> and follows what they refer to.</summary>
internal sealed class TestList(
    Section<PortSettings> ports,
    Section<PortGroup> groups,
    Section<object> rateLimits,
    Section<TargetList> targets,
    Findings findings)
{
    private static readonly string[] TestKeys = ["targets", "port_group", "rate_limit"];
    private static readonly KeyPath Root = KeyPath.Root.Key("tests");

    private readonly List<TestSettings> _tests = [];
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private readonly Dictionary<int, List<(IPAddress Address, KeyPath Test)>> _sourcePorts = [];
    private long _flows;
    private bool _referencesKnown = true;

    /// <summary>Reads the tests, then reports what was found in all named entries.</summary>
    /// <param name="sections">The document.</param>
    public IReadOnlyList<TestSettings> Read(Settings sections)
    {
        IReadOnlyList<(YamlNode, KeyPath)>? items = Settings.Items(
            sections.Value("tests"), Root, "write a list of tests, each with targets, port_group and rate_limit", findings);
        if (items is { Count: 0 })
        {
            findings.Error(
                sections.Field("tests")?.Line ?? 0,
                Root,
                "is missing or empty, so nothing is measured: add a test with targets, port_group and rate_limit");
        }

        _referencesKnown = items is { Count: > 0 };
        foreach ((YamlNode item, KeyPath path) in items ?? [])
            Add(item, path);
        if (!_referencesKnown)
            groups.UseAll(group => group.Resolve(ports));

        ports.Report(findings, !_referencesKnown);
        groups.Report(findings, !_referencesKnown);
        rateLimits.Report(findings, !_referencesKnown);
        targets.Report(findings, !_referencesKnown);
        return _tests;
    }

    private void Add(YamlNode item, KeyPath path)
    {
        Findings own = findings.Part();
        Settings? settings = Settings.Of(item, path, item.Line, TestKeys, own);
        if (settings is null)
            _referencesKnown = false;
        else
            Add(settings, item.Line, path, own);
        findings.Take(own, inUse: true);
    }

    private void Add(Settings settings, int line, KeyPath path, Findings own)
    {
        TargetList? targetList = Follow("targets", "name an entry of targets", targets, settings, own, out string targetsName);
        PortGroup? group = Follow("port_group", "name an entry of port_groups", groups, settings, own, out string groupName);
        object? rate = Follow("rate_limit", "name an entry of rate_limits", rateLimits, settings, own, out string rateName);
        _referencesKnown &= group?.Resolve(ports) ?? true;
        if (targetList is null || group?.Ports is not { } opened || rate is not double cyclesPerSecond)
            return;

        ClaimSourcePorts(opened, line, path, own);
        long flows = opened.Sum(port => (long)port.Count) * targetList.Targets.Count;
        bool fitted = _flows <= Limits.MaxFlows;
        _flows += flows;
        if (fitted && _flows > Limits.MaxFlows)
        {
            own.Error(
                line,
                path,
                $"brings the file to {_flows} flows (source ports times targets), more than {Limits.MaxFlows}: use fewer ports or targets, or split the file");
        }

        _tests.Add(new TestSettings
        {
            Name = UniqueName($"{targetsName}/{groupName}/{rateName}"),
            CyclesPerSecond = cyclesPerSecond,
            Ports = opened,
            Targets = targetList.Targets,
        });
    }

    private T? Follow<T>(string key, string advice, Section<T> section, Settings settings, Findings own, out string name)
        where T : class
    {
        name = settings.RequiredText(key, advice) ?? "";
        T? entry = null;
        if (settings.Value(key) is not YamlScalar)
        {
            _referencesKnown = false;
        }
        else if (!section.TryUse(name, out entry))
        {
            _referencesKnown = false;
            own.Error(settings.LineOf(key), settings.PathOf(key), section.Missing(name));
        }

        return entry;
    }

    // Every test opens sockets of its own, so a source port that is not the kernel's choice serves one of them alone. The
    // wildcard takes the port on every address.
    private void ClaimSourcePorts(IReadOnlyList<PortSettings> opened, int line, KeyPath path, Findings own)
    {
        foreach (PortSettings port in opened.Where(port => port.Port > 0))
        {
            if (!_sourcePorts.TryGetValue(port.Port, out List<(IPAddress Address, KeyPath Test)>? holders))
                _sourcePorts.Add(port.Port, holders = []);
            (IPAddress, KeyPath Test) holder = holders.Find(held => held.Address.Equals(port.Address) || IsWildcard(held.Address) || IsWildcard(port.Address));
            if (holder.Test is null)
                holders.Add((port.Address, path));
            else
                own.Error(
                    line,
                    path,
                    $"opens source port {port.Port} a second time, after {holder.Test}: set {Excerpt.OfKey("ports." + port.Name)} to another port, or to 0");
        }
    }

    private static bool IsWildcard(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);

    private string UniqueName(string name)
    {
        string unique = name;
        for (int i = 2; !_names.Add(unique); i++)
            unique = $"{name}#{i}";
        return unique;
    }
}
