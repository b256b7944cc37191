using System.Text;

namespace Llama.Mesh.Reading;

/// <summary>Where a value stands in a configuration, as in <c>port_groups.mixed[1].count</c>. Written out only when something is wrong.</summary>
internal sealed class KeyPath
{
    /// <summary>The whole document.</summary>
    public static readonly KeyPath Root = new(null, "", -1);

    private readonly KeyPath? _parent;
    private readonly string _name;
    private readonly int _index;

    private KeyPath(KeyPath? parent, string name, int index) => (_parent, _name, _index) = (parent, name, index);

    public KeyPath Key(string name) => new(this, name, -1);

    public KeyPath Item(int index) => new(this, "", index);

    public override string ToString()
    {
        var text = new StringBuilder();
        Write(text);
        return text.ToString();
    }

    private void Write(StringBuilder text)
    {
        if (_parent is null)
            return;
        _parent.Write(text);
        if (_index >= 0)
            text.Append('[').Append(_index).Append(']');
        else
            text.Append(text.Length > 0 ? "." : "").Append(Excerpt.OfKey(_name));
    }
}
