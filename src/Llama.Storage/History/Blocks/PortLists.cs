using System.Runtime.InteropServices;

namespace Llama.Storage.History.Blocks;

/// <summary>The lists of source ports of a block, each written once. <see cref="FlowsPart"/> says how.</summary>
internal sealed class PortLists
{
    private readonly BitWriter _lists = new();
    private readonly List<int> _ports = [];
    private readonly List<int> _spare = [];
    private readonly Dictionary<int, Written> _written = [];
    private readonly List<int> _writtenPorts = [];

    /// <summary>The ports of a pair, in all its points together, and where they are written. They are valid until the next call.</summary>
    public ReadOnlySpan<int> Take(BlockLine line, out int place)
    {
        _ports.Clear();
        for (int i = 0; i < line.Points.Count; i++) Merge(line.Points[i].Totals.Flows);
        ReadOnlySpan<int> ports = CollectionsMarshal.AsSpan(_ports);
        var hash = new HashCode();
        hash.AddBytes(MemoryMarshal.AsBytes(ports));
        int key = hash.ToHashCode();
        bool isKey = _written.TryGetValue(key, out Written written);
        if (isKey && CollectionsMarshal.AsSpan(_writtenPorts).Slice(written.First, written.Count).SequenceEqual(ports))
        {
            place = written.Place;
            return ports;
        }

        place = _lists.Bits;
        _written[key] = new Written(place, _writtenPorts.Count, ports.Length);
        _writtenPorts.AddRange(ports);
        Write(ports);
        return ports;
    }

    /// <summary>The lists, as octets.</summary>
    public ReadOnlySpan<byte> Octets() => _lists.Octets();

    /// <summary>Forgets all.</summary>
    public void Clear()
    {
        _lists.Clear();
        _written.Clear();
        _writtenPorts.Clear();
    }

    private void Write(ReadOnlySpan<int> ports)
    {
        _lists.WriteCode((ulong)ports.Length, FlowsPart.CountOrder);
        int before = -1;
        foreach (int port in ports)
        {
            _lists.WriteCode((ulong)(port - before - 1), FlowsPart.PortOrder);
            before = port;
        }
    }

    private void Merge(ReadOnlySpan<FlowTotals> flows)
    {
        if (IsWhatIsThere(flows)) return;
        _spare.Clear();
        int place = 0;
        foreach (ref readonly FlowTotals flow in flows)
        {
            while (place < _ports.Count && _ports[place] < flow.SourcePort) _spare.Add(_ports[place++]);
            if (place < _ports.Count && _ports[place] == flow.SourcePort) place++;
            _spare.Add(flow.SourcePort);
        }

        _spare.AddRange(CollectionsMarshal.AsSpan(_ports)[place..]);
        _ports.Clear();
        _ports.AddRange(_spare);
    }

    private bool IsWhatIsThere(ReadOnlySpan<FlowTotals> flows)
    {
        if (flows.Length != _ports.Count) return false;
        for (int i = 0; i < flows.Length; i++)
            if (flows[i].SourcePort != _ports[i]) return false;
        return true;
    }

    private readonly record struct Written(int Place, int First, int Count);
}
