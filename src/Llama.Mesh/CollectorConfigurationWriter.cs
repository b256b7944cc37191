using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Llama.Mesh.Writing;

namespace Llama.Mesh;

/// <summary>
/// Writes a configuration as YAML in the full form, such that <see cref="CollectorConfigurationReader"/> reads the same meaning
/// back and the Go collector can load it: keys of ours stand only where they differ from their defaults. Any thread may call it.
/// </summary>
public static class CollectorConfigurationWriter
{
    /// <summary>Writes a configuration. Sections are named as the tests are where those names allow it.</summary>
    public static string Write(CollectorConfiguration configuration)
    {
        var sections = new SectionNames();
        List<(string Targets, string Group, string Rate)> tests = [.. configuration.Tests.Select(sections.Add)];

        var yaml = new StringBuilder();
        yaml.Append("summarization:\n");
        Line(yaml, 2, "interval", Number((long)configuration.Summarization.Interval.TotalSeconds));
        // The Go collector reports nothing without.
        Line(yaml, 2, "handlers", "2");
        yaml.Append("api:\n");
        Line(yaml, 2, "bind", YamlText.Quoted($"{Bracketed(configuration.Api.Host)}:{configuration.Api.Port}"));

        yaml.Append("ports:\n");
        foreach ((string name, PortSettings port) in sections.Ports)
            Port(yaml, name, port);

        yaml.Append("port_groups:\n");
        foreach ((string name, IReadOnlyList<(string Port, int Count)> group) in sections.Groups)
        {
            Line(yaml, 2, YamlText.Word(name), "");
            foreach ((string port, int count) in group)
            {
                Line(yaml, 4, "- port", YamlText.Word(port));
                Line(yaml, 6, "count", Number(count));
            }
        }

        yaml.Append("rate_limits:\n");
        foreach ((string name, double rate) in sections.Rates)
        {
            Line(yaml, 2, YamlText.Word(name), "");
            Line(yaml, 4, "cps", rate.ToString("R", CultureInfo.InvariantCulture));
        }

        yaml.Append("tests:\n");
        foreach ((string targets, string group, string rate) in tests)
        {
            Line(yaml, 2, "- targets", YamlText.Word(targets));
            Line(yaml, 4, "port_group", YamlText.Word(group));
            Line(yaml, 4, "rate_limit", YamlText.Word(rate));
        }

        yaml.Append("targets:\n");
        foreach ((string name, IReadOnlyList<TargetSettings> targets) in sections.Targets)
        {
            Line(yaml, 2, YamlText.Word(name), "");
            foreach (TargetSettings target in targets)
                Target(yaml, target);
        }

        return yaml.ToString();
    }

    private static void Port(StringBuilder yaml, string name, PortSettings port)
    {
        Line(yaml, 2, YamlText.Word(name), "");
        Line(yaml, 4, "ip", YamlText.Quoted(Bracketed(port.Address.ToString())));
        Line(yaml, 4, "port", Number(port.Port));
        Line(yaml, 4, "tos", Number(port.Class));
        Line(yaml, 4, "timeout", Number((long)Math.Ceiling(port.Timeout.TotalMilliseconds)));
        if (port.Size != PortSettings.DefaultSize)
            Line(yaml, 4, "size", Number(port.Size));
        if (port.DontFragment is { } df)
            Line(yaml, 4, "df", df ? "true" : "false");
    }

    private static void Target(StringBuilder yaml, TargetSettings target)
    {
        Line(yaml, 4, "- ip", YamlText.Quoted(target.Address is { AddressFamily: AddressFamily.InterNetworkV6 } ? Bracketed(target.Host) : target.Host));
        Line(yaml, 6, "port", Number(target.Port));
        if (target.Tags.Count == 0)
            return;
        Line(yaml, 6, "tags", "");
        foreach ((string key, string value) in target.Tags)
            Line(yaml, 8, YamlText.Word(key), YamlText.Quoted(value));
    }

    // The Go collector joins a host and its port with a colon, whatever the host.
    private static string Bracketed(string host) => host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host;

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    // A key of more than 1024 characters needs a mark of its own (YAML 1.1 section 9.3).
    private static void Line(StringBuilder yaml, int indent, string key, string value)
    {
        yaml.Append(' ', indent);
        if (key.Length > 1000)
            yaml.Append("? ").Append(key).Append('\n').Append(' ', indent);
        else
            yaml.Append(key);
        yaml.Append(value.Length > 0 ? ": " : ":").Append(value).Append('\n');
    }
}
