using System.Globalization;
using System.Text;
using Llama.Mesh.Plans;

namespace Llama.Server.Discovery.Original;

/// <summary>What a group's configurations begin with: all but its targets, laid out as the original does.</summary>
internal static class ConfigHead
{
    private const int DefaultSize = 1028;

    /// <summary>Writes it, as far as the tests.</summary>
    public static string Write(GroupSettings settings)
    {
        bool manyClasses = settings.Classes.Count > 1, manySizes = settings.Sizes.Count > 1;
        (string Name, byte Class, int Size)[] ports =
        [
            .. from octet in settings.Classes
               from size in settings.Sizes
               select ((manyClasses ? $"tos{octet}" : "") + (manyClasses && manySizes ? "_" : "") + (manySizes ? $"size{size}" : ""), octet, size),
        ];

        var yaml = new StringBuilder();
        yaml.Append(CultureInfo.InvariantCulture, $"\nsummarization:\n    interval:   {(long)settings.Interval.TotalSeconds}\n    handlers:   2\n");
        // The port that the original's container listens on, whatever it is reached by from outside.
        yaml.Append("\napi:\n    bind:   0.0.0.0:8100\n");
        yaml.Append("\nports:\n");
        foreach ((string name, byte octet, int size) in ports)
        {
            yaml.Append(CultureInfo.InvariantCulture, $"    {NameOf(name)}:\n        ip:         0.0.0.0\n        port:       0\n        tos:        {octet}\n");
            yaml.Append(CultureInfo.InvariantCulture, $"        timeout:    {(long)Math.Ceiling(settings.Timeout.TotalMilliseconds)}\n");
            if (size != DefaultSize) yaml.Append(CultureInfo.InvariantCulture, $"        size:       {size}\n");
            if (settings.DontFragment is { } df) yaml.Append(CultureInfo.InvariantCulture, $"        df:         {(df ? "true" : "false")}\n");
        }

        yaml.Append("\nport_groups:\n    default:\n");
        foreach ((string name, _, _) in ports)
            yaml.Append(CultureInfo.InvariantCulture, $"        - port:     {NameOf(name)}\n          count:    {settings.Flows}\n");
        yaml.Append(CultureInfo.InvariantCulture, $"\nrate_limits:\n    default:\n        cps:    {Real(settings.CyclesPerSecond)}\n");
        return yaml.Append("\ntests:\n").ToString();
    }

    private static string NameOf(string port) => port.Length == 0 ? "default" : port;

    /// <summary>As Python writes it: never without a fraction.</summary>
    private static string Real(double number)
    {
        string text = number.ToString("R", CultureInfo.InvariantCulture);
        return text.AsSpan().ContainsAny('.', 'E') ? text : text + ".0";
    }
}
