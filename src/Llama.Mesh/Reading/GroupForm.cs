using Llama.Mesh.Plans;
using Llama.Mesh.Yaml;

namespace Llama.Mesh.Reading;

/// <summary>Reads the settings of a group, or of all groups.</summary>
internal static class GroupForm
{
    private static readonly string[] Keys =
        ["interval", "cps", "flows", "classes", "sizes", "timeout", "df", "plan", "echo", "token", "token_file", "key_file"];

    /// <summary>Reads an entry.</summary>
    /// <param name="node">The entry; null where it is missing.</param>
    /// <param name="line">The line of its key.</param>
    /// <param name="path">Where it stands.</param>
    /// <param name="basis">What holds where it says nothing.</param>
    /// <param name="secrets">Reads the files it names.</param>
    /// <param name="findings">Takes mistakes and warnings.</param>
    /// <param name="settings">The entry's keys; null when it is no mapping.</param>
    public static GroupSettings Read(
        YamlNode? node, int line, KeyPath path, GroupSettings basis, SecretFiles secrets, Findings findings, out Settings? settings)
    {
        settings = Settings.Of(node, path, line, Keys, findings);
        if (settings is null)
            return basis;
        GroupSettings read = basis with
        {
            Interval = Interval(settings, findings) ?? basis.Interval,
            CyclesPerSecond = CyclesPerSecond(settings) ?? basis.CyclesPerSecond,
            Flows = (int?)Given(settings, "flows", 1, Limits.MaxCount, $"give the source ports of each class and size, 1 to {Limits.MaxCount}", findings) ?? basis.Flows,
            Classes = Classes(settings, findings) ?? basis.Classes,
            Sizes = Sizes(settings, findings) ?? basis.Sizes,
            Timeout = Given(settings, "timeout", 1, Limits.MaxTimeoutMillis, $"give the milliseconds that a reply may take, 1 to {Limits.MaxTimeoutMillis}", findings) is { } millis
                ? TimeSpan.FromMilliseconds(millis)
                : basis.Timeout,
            DontFragment = settings.Flag("df", "write true to set don't-fragment, false to clear it, or leave it to the kernel by leaving it out") ?? basis.DontFragment,
            Plan = PlanForm.Read(settings, findings) ?? basis.Plan,
            Echo = Echo(settings, findings) ?? basis.Echo,
            RegisterToken = Token(settings, secrets, findings) ?? basis.RegisterToken,
            DatagramKey = settings.Value("key_file") is null ? basis.DatagramKey : secrets.Read(settings, "key_file", findings),
        };
        long ports = (long)read.Classes.Count * read.Sizes.Count * read.Flows;
        if (ports > Limits.MaxSourcePorts)
        {
            findings.Error(
                line, path, $"has {ports} source ports (classes times sizes times flows), more than {Limits.MaxSourcePorts}: use fewer of them");
        }

        return read;
    }

    /// <summary>The key <c>interval</c>; null where it is missing or (then reported) does not fit.</summary>
    public static TimeSpan? Interval(Settings settings, Findings findings) =>
        Given(settings, "interval", 1, Limits.MaxIntervalSeconds, $"give the seconds of an interval, 1 to {Limits.MaxIntervalSeconds}", findings) is { } seconds
            ? TimeSpan.FromSeconds(seconds)
            : null;

    private static long? Given(Settings settings, string key, long min, long max, string advice, Findings findings) =>
        settings.Value(key) is null ? null : settings.Whole(key, min, max, null, advice);

    private static double? CyclesPerSecond(Settings settings) =>
        settings.Value("cps") is null
            ? null
            : settings.Real(
                "cps",
                Limits.MinCyclesPerSecond,
                Limits.MaxCyclesPerSecond,
                $"give the cycles per second: above 0 (one a day at least), at most {Limits.MaxCyclesPerSecond}");

    private static List<byte>? Classes(Settings settings, Findings findings)
    {
        const string Advice = "give a DSCP name like EF, AF41 or CS1, or a ToS octet like 0xB8 or 184";
        return List<byte>(settings, "classes", Advice, findings, (scalar, path) =>
        {
            byte? octet = TrafficClass.Parse(scalar.Text);
            if (octet is null)
                findings.Error(scalar.Line, path, $"is {Settings.Kind(scalar)}: {Advice}");
            else if ((octet & 3) != 0)
                findings.Warning(scalar.Line, path, $"is the octet {octet}, which sets ECN bits: for the DSCP {octet} write {TrafficClass.Name((byte)(octet << 2))}");
            return octet;
        });
    }

    private static List<int>? Sizes(Settings settings, Findings findings)
    {
        string advice = $"give the UDP payload's bytes, {Limits.MinSize} to {Limits.MaxSize}";
        return List<int>(settings, "sizes", advice, findings, (scalar, path) =>
        {
            if (scalar.TryGetNumber(out YamlNumber number) && !number.HasFraction && number.Whole is >= Limits.MinSize and <= Limits.MaxSize)
                return (int)number.Whole;
            findings.Error(scalar.Line, path, $"is {Settings.Kind(scalar)}: {advice}");
            return null;
        });
    }

    // One value stands for a list of it.
    private static List<T>? List<T>(Settings settings, string key, string advice, Findings findings, Func<YamlScalar, KeyPath, T?> read)
        where T : struct
    {
        KeyPath path = settings.PathOf(key);
        YamlNode? node = settings.Value(key);
        if (node is null)
            return null;
        if (node is YamlScalar one)
            return read(one, path) is { } single ? [single] : null;
        var values = new List<T>();
        IReadOnlyList<(YamlNode, KeyPath)>? items = Settings.Items(node, path, advice, findings);
        if (items is { Count: 0 or > Limits.MaxSourcePorts })
        {
            findings.Error(node.Line, path, items.Count == 0 ? $"has no entries: {advice}" : $"has {items.Count} entries, more than {Limits.MaxSourcePorts}: use fewer");
            return null;
        }

        foreach ((YamlNode item, KeyPath at) in items ?? [])
        {
            if (item is not YamlScalar { IsNull: false } scalar)
                findings.Error(item.Line, at, $"is {Settings.Kind(item)}: {advice}");
            else if (read(scalar, at) is not { } value)
                continue;
            else if (values.Contains(value))
                findings.Warning(item.Line, at, $"is {Excerpt.OfKey(scalar.Text)} again: it is measured once");
            else
                values.Add(value);
        }

        return values.Count > 0 ? values : null;
    }

    private static EchoRule? Echo(Settings settings, Findings findings)
    {
        switch (settings.Text("echo"))
        {
            case null:
                return null;
            case "off" or "Off" or "OFF":
                return EchoRule.Off;
            case "warn":
                return EchoRule.Warn;
            case "require":
                return EchoRule.Require;
            case var text:
                findings.Error(settings.LineOf("echo"), settings.PathOf("echo"), $"is {Excerpt.Of(text)}: write off, warn or require");
                return null;
        }
    }

    // What a header can carry; nothing of a token goes into a message.
    private static string? Token(Settings settings, SecretFiles secrets, Findings findings)
    {
        string key = settings.Value("token_file") is null ? "token" : "token_file";
        if (key == "token_file" && settings.Value("token") is { } both)
            findings.Error(both.Line, settings.PathOf("token"), "is given beside token_file: keep one of the two");
        string? token = key == "token" ? settings.Text(key) : secrets.ReadText(settings, key, findings);
        if (token is null || (token.Length > 0 && token.All(c => c is > ' ' and <= '~')))
            return token;
        findings.Error(
            settings.LineOf(key),
            settings.PathOf(key),
            token.Length == 0 ? "is empty: give a token" : "has a blank or a character beyond ASCII in its token, which no HTTP header carries: make another one");
        return null;
    }
}
