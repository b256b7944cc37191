namespace Llama.Mesh.Reading;

/// <summary>Targets of a list, each address (or name) and port once: of equal ones the last one's tags count.</summary>
internal sealed class TargetSet
{
    private readonly OrderedDictionary<(string Host, int Port), TargetSettings> _targets = [];

    /// <summary>The targets in order of first appearance.</summary>
    public IReadOnlyList<TargetSettings> Targets => [.. _targets.Values];

    /// <summary>Adds a target; warns when it is there already.</summary>
    public void Add(TargetSettings target, int line, KeyPath path, Findings findings)
    {
        (string, int) identity = (target.Address?.ToString() ?? target.Host.ToUpperInvariant(), target.Port);
        if (_targets.ContainsKey(identity))
        {
            findings.Warning(
                line, path, $"is {Excerpt.OfKey(target.Host)} port {target.Port} again: it is tested once, with the tags given here");
        }

        _targets[identity] = target;
    }
}
