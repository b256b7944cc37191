using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Llama.EndToEnd.Lab;

/// <summary>
/// The router in front of a site. Each path to another site is a link of its own, named after the other site and the path: <c>b2</c>.
/// Faults act on what leaves by a link, and a set for each link remembers which flows took it.
/// </summary>
internal sealed partial class LabRouter(NetworkNamespace space, int site)
{
    private readonly Dictionary<int, string[]> _links = [];
    private readonly Dictionary<int, int?> _detours = [];
    private int _faults;

    public NetworkNamespace Space => space;

    /// <summary>The links of all paths to another site, or of one.</summary>
    public string[] Links(int toSite, int? path) => path is { } one ? [_links[toSite][one]] : _links[toSite];

    /// <summary>The name of a link, or of the one that takes its place on a detour.</summary>
    public static string LinkName(int toSite, int path, bool detour = false) => $"{LabHost.Letter(toSite)}{path}{(detour ? "d" : "")}";

    /// <summary>Takes links, which are there already and have addresses, into use.</summary>
    public async Task ConnectAsync(int toSite, int paths)
    {
        _links[toSite] = [.. Enumerable.Range(0, paths).Select(path => LinkName(toSite, path))];
        _detours[toSite] = null;
        await RouteAsync(toSite, "add");
        if (_links.Count == 1) await space.NftAsync("add table inet lab; add chain inet lab forward { type filter hook forward priority 0; }");
        await space.NftAsync(string.Join('\n', _links[toSite].Select(link => $"""
            add set inet lab {link} {Braces("type inet_service . inet_service; flags dynamic; size 65535;")}
            add rule inet lab forward oifname {Braces($"\"{link}\", \"{link}d\"")} add @{link} {Braces("udp sport . udp dport")}
            """)));
    }

    /// <summary>Leads one path to a site over its detour, or all of them straight again.</summary>
    public Task DetourAsync(int toSite, int? path)
    {
        _detours[toSite] = path;
        return RouteAsync(toSite, "replace");
    }

    /// <summary>Which flows took a path: source and destination port of each.</summary>
    public async Task<IReadOnlySet<(int Source, int Destination)>> FlowsAsync(int toSite, int path)
    {
        using JsonDocument answer = JsonDocument.Parse(await space.RunAsync("nft", ["-j", "list", "set", "inet", "lab", LinkName(toSite, path)]));
        JsonElement set = answer.RootElement.GetProperty("nftables").EnumerateArray().Select(item => item.TryGetProperty("set", out JsonElement found) ? found : default)
            .First(found => found.ValueKind == JsonValueKind.Object);
        if (!set.TryGetProperty("elem", out JsonElement elements)) return new HashSet<(int, int)>();
        return elements.EnumerateArray().Select(element => element.GetProperty("concat")).Select(pair => (pair[0].GetInt32(), pair[1].GetInt32())).ToHashSet();
    }

    /// <summary>Adds rules for what leaves by some links, and counts what they match.</summary>
    /// <param name="links">The links.</param>
    /// <param name="rules">Each in two parts: what is matched, and what is done.</param>
    public async Task<Fault> AddAsync(string[] links, params (string Match, string Action)[] rules)
    {
        string counter = $"fault{++_faults}";
        string names = string.Join(", ", links.Select(link => $"\"{link}\", \"{link}d\""));
        string script = $"add counter inet lab {counter}\n" + string.Join('\n', rules.Select(rule =>
            $"add rule inet lab forward oifname {Braces(names)} {rule.Match} counter name {counter} {rule.Action}"));
        string echo = await space.NftAsync(script, "--echo", "--handle");
        string remove = string.Join('\n', Handle().Matches(echo)
            .Select(match => $"delete rule inet lab forward handle {match.Groups["handle"].Value}"));
        return new Fault(() => CountAsync(counter), async () => await space.NftAsync(remove));
    }

    private static string Braces(string text) => $"{{ {text} }}";

    private async Task<long> CountAsync(string counter)
    {
        string answer = await space.NftAsync($"list counter inet lab {counter}");
        return long.Parse(Packets().Match(answer).Groups["packets"].Value, CultureInfo.InvariantCulture);
    }

    private async Task RouteAsync(int toSite, string verb)
    {
        string[] Hops(bool six) => [.. _links[toSite].Select((link, path) =>
        {
            bool detour = _detours[toSite] == path;
            return $"nexthop via {LabAddress.NextHop(site, toSite, path, detour, six)} dev {link}{(detour ? "d" : "")}";
        })];
        await space.IpAsync(
            $"route {verb} {LabAddress.Network(toSite, six: false)} {string.Join(' ', Hops(six: false))}",
            $"route {verb} {LabAddress.Network(toSite, six: true)} {string.Join(' ', Hops(six: true))}");
    }

    [GeneratedRegex(@"^add rule .* # handle (?<handle>\d+)\s*$", RegexOptions.Multiline)]
    private static partial Regex Handle();

    [GeneratedRegex(@"packets (?<packets>\d+)")]
    private static partial Regex Packets();
}
