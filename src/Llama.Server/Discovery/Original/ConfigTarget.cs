using System.Buffers;
using System.Globalization;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text;
using Llama.Mesh.Membership;
using Llama.Mesh.Writing;

namespace Llama.Server.Discovery.Original;

/// <summary>The probe that asks for a configuration, as its targets' tags name it.</summary>
/// <param name="Name">Its full name, as YAML.</param>
/// <param name="ShortName">Its short name, as YAML.</param>
internal sealed record ConfigAsker(byte[] Name, byte[] ShortName)
{
    /// <summary>A probe that asks.</summary>
    public static ConfigAsker Of(Registration probe) =>
        new(Encoding.UTF8.GetBytes(YamlText.Bare(TagLine.Of(probe.FullName))), Encoding.UTF8.GetBytes(YamlText.Bare(probe.Name)));
}

/// <summary>
/// A target of a configuration, written out but for what depends on who asks: two tags, and the address where it asks itself.
/// Immutable.
/// </summary>
internal sealed class ConfigTarget
{
    // A longer key is no plain one to YAML, and needs a mark of its own.
    private const int LongestKey = 1000;

    private static readonly ConditionalWeakTable<Registration, ConfigTarget> Known = [];
    private static readonly byte[] OwnAddress = "        - ip: 127.0.0.1\n"u8.ToArray();

    private readonly byte[] _text;
    private readonly int _afterAddress;
    private readonly int _atName;
    private readonly int _atShortName;

    private ConfigTarget(Registration target)
    {
        var output = new ArrayBufferWriter<byte>(512);
        Write(output, "        - ip: ", AddressOf(target));
        _afterAddress = output.WrittenCount;
        Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"          port: {target.Port}\n          tags: \n"), output);
        foreach ((string key, string value) in OriginalTags.Of(target))
        {
            string name = key.Length == 0 ? "\"\"" : YamlText.Bare(key);
            const string indent = "            ";
            Encoding.UTF8.GetBytes(name.Length > LongestKey ? $"{indent}? {name}\n{indent}: " : $"{indent}{name}: ", output);
            if (key == OriginalTags.SourceName) _atName = output.WrittenCount;
            else if (key == OriginalTags.SourceShortName) _atShortName = output.WrittenCount;
            Write(output, YamlText.Bare(value), " ");
        }

        _text = output.WrittenSpan.ToArray();
    }

    /// <summary>A probe as a target; written out once for each registration.</summary>
    public static ConfigTarget Of(Registration target) => Known.GetValue(target, static target => new ConfigTarget(target));

    /// <summary>How many bytes <see cref="Write(IBufferWriter{byte}, ConfigAsker, bool)"/> writes.</summary>
    public int Length(ConfigAsker asker, bool isOwn) =>
        _text.Length + asker.Name.Length + asker.ShortName.Length + (isOwn ? OwnAddress.Length - _afterAddress : 0);

    /// <summary>Writes it as who asks is to see it.</summary>
    /// <param name="output">Where it goes.</param>
    /// <param name="asker">Who asks.</param>
    /// <param name="isOwn">True when the target is who asks: it finds itself on its own host, whatever stands in between.</param>
    public void Write(IBufferWriter<byte> output, ConfigAsker asker, bool isOwn)
    {
        Span<byte> span = output.GetSpan(Length(asker, isOwn));
        int written = 0, read = 0;
        if (isOwn)
        {
            Copy(OwnAddress, span, ref written);
            read = _afterAddress;
        }

        (int first, byte[] firstName, int second, byte[] secondName) = _atName < _atShortName
            ? (_atName, asker.Name, _atShortName, asker.ShortName)
            : (_atShortName, asker.ShortName, _atName, asker.Name);
        Copy(_text.AsSpan(read..first), span, ref written);
        Copy(firstName, span, ref written);
        Copy(_text.AsSpan(first..second), span, ref written);
        Copy(secondName, span, ref written);
        Copy(_text.AsSpan(second..), span, ref written);
        output.Advance(written);
    }

    private static void Copy(ReadOnlySpan<byte> from, Span<byte> to, ref int written)
    {
        from.CopyTo(to[written..]);
        written += from.Length;
    }

    private static void Write(ArrayBufferWriter<byte> output, string left, string right) => Encoding.UTF8.GetBytes($"{left}{right}\n", output);

    /// <summary>The Go collector joins a host and its port with a colon, whatever the host.</summary>
    private static string AddressOf(Registration target) =>
        target.Address.AddressFamily == AddressFamily.InterNetworkV6 ? $"\"[{target.Address}]\"" : target.Address.ToString();
}
