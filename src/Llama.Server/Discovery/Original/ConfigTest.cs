using System.Net;
using System.Text;
using Llama.Mesh.Membership;
using Llama.Mesh.Plans;
using Llama.Mesh.Writing;

namespace Llama.Server.Discovery.Original;

/// <summary>One test of a group's configurations. Immutable.</summary>
internal sealed class ConfigTest
{
    private readonly PlannedTest _test;
    private readonly ConfigTarget[] _targets;
    private readonly Dictionary<(IPAddress Address, int Port), int>? _places;

    /// <summary>A test of a plan.</summary>
    /// <param name="test">The test.</param>
    /// <param name="isOwnGroup">True for the test within the group: there a probe is among its own targets, as in the original.</param>
    public ConfigTest(PlannedTest test, bool isOwnGroup)
    {
        _test = test;
        _targets = [.. test.Pool.Select(ConfigTarget.Of)];
        string name = isOwnGroup ? "default" : YamlText.Word($"to_{test.Group}");
        Reference = Encoding.UTF8.GetBytes($"    - targets:      {name}\n      port_group:   default\n      rate_limit:   default\n");
        Heading = Encoding.UTF8.GetBytes($"    {name}: \n");
        if (!isOwnGroup) return;
        _places = new Dictionary<(IPAddress, int), int>(_targets.Length);
        for (int i = 0; i < _targets.Length; i++) _places.TryAdd((test.Pool[i].Address, test.Pool[i].Port), i);
    }

    /// <summary>The entry under tests.</summary>
    public byte[] Reference { get; }

    /// <summary>The key under targets.</summary>
    public byte[] Heading { get; }

    /// <summary>The probe of the group that is sent to at an address and port; null when there is none.</summary>
    public Registration? Find(IPAddress address, int port) =>
        _places is not null && _places.TryGetValue((address, port), out int place) ? _test.Pool[place] : null;

    /// <summary>
    /// What a probe is to send to, and whether that is itself. Where all send to all it has its place among them, else it comes first: so
    /// the list is never empty, and a collector starts.
    /// </summary>
    public IEnumerable<(ConfigTarget Target, bool IsOwn)> TargetsOf(Registration asker)
    {
        int own = _places?.GetValueOrDefault((asker.Address, asker.Port), -1) ?? -1;
        IReadOnlyList<int>? chosen = _test.TargetsOf(asker.Name);
        if (_places is not null && (own < 0 || chosen is not null)) yield return (ConfigTarget.Of(asker), true);
        for (int i = 0; i < (chosen?.Count ?? _targets.Length); i++)
        {
            int place = chosen is null ? i : chosen[i];
            yield return (_targets[place], place == own);
        }
    }
}
