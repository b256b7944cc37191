using System.Globalization;
using System.Text.Json;

namespace Llama.EndToEnd.Lab;

/// <summary>
/// A network of its own inside this machine: sites with a host and a router each, every two routers joined by equal-cost paths, in
/// IPv4 and IPv6. Faults are put into it while programs run on the hosts. Everything is gone when it is disposed of.
/// See docs/network-lab.md.
/// </summary>
internal sealed class NetworkLab : IAsyncDisposable
{
    private const int Million = 1_000_000;

    private readonly string _prefix = NetworkNamespace.NewPrefix();
    private readonly List<NetworkNamespace> _namespaces = [];
    private readonly HashSet<(int, int, int)> _detours = [];
    private readonly int _paths;

    private NetworkLab(int paths) => _paths = paths;

    /// <summary>The hosts, one for each site.</summary>
    public IReadOnlyList<LabHost> Hosts { get; private set; } = [];

    public LabHost A => Hosts[0];

    public LabHost B => Hosts[1];

    public LabHost C => Hosts[2];

    /// <summary>Builds one; skips the test, with the reason, where that can't be.</summary>
    /// <param name="paths">How many equal-cost paths there are between two sites.</param>
    /// <param name="sites">How many sites.</param>
    public static async Task<NetworkLab> CreateAsync(int paths = 1, int sites = 2)
    {
        await LabSupport.SkipUnlessPossibleAsync();
        var lab = new NetworkLab(paths);
        try
        {
            lab.Hosts = await Task.WhenAll(Enumerable.Range(0, sites).Select(lab.AddSiteAsync));
            for (int low = 0; low < sites; low++)
                for (int high = low + 1; high < sites; high++)
                    await lab.JoinAsync(lab.Hosts[low], lab.Hosts[high]);
        }
        catch
        {
            await lab.DisposeAsync();
            throw;
        }

        return lab;
    }

    /// <summary>Loses datagrams on their way from one host to another.</summary>
    /// <param name="share">How many, 0 to 1, each by itself at random.</param>
    /// <param name="from">Where they come from.</param>
    /// <param name="to">Where they go to.</param>
    /// <param name="path">Only those on this path, from 0.</param>
    /// <param name="class">Only those with the DSCP of this ToS or traffic class octet.</param>
    /// <param name="longerThan">Only those whose IP packet has more octets than this.</param>
    public Task<Fault> LoseAsync(double share, LabHost from, LabHost to, int? path = null, byte? @class = null, int? longerThan = null)
    {
        // Neighbour discovery is ICMPv6; a network that loses that is down altogether, which is another fault than loss.
        string what = "meta l4proto udp" + (longerThan is { } octets ? $" meta length > {octets}" : "");
        string chance = share >= 1 ? "" : string.Create(CultureInfo.InvariantCulture, $"numgen random mod {Million} < {(int)Math.Round(share * Million)}");
        string[] matches = @class is { } octet
            ? [$"ip dscp {octet >> 2} {what} {chance}", $"ip6 dscp {octet >> 2} {what} {chance}"]
            : [$"{what} {chance}"];
        return from.Router.AddAsync(from.Router.Links(to.Site, path), [.. matches.Select(match => (match, "drop"))]);
    }

    /// <summary>Gives datagrams another DSCP on their way from one host to another.</summary>
    /// <param name="class">The ToS or traffic class octet whose DSCP they get.</param>
    /// <param name="from">Where they come from.</param>
    /// <param name="to">Where they go to.</param>
    /// <param name="path">Only those on this path, from 0.</param>
    public Task<Fault> RemarkAsync(byte @class, LabHost from, LabHost to, int? path = null) => from.Router.AddAsync(
        from.Router.Links(to.Site, path),
        ("meta nfproto ipv4 meta l4proto udp", $"ip dscp set {@class >> 2}"),
        ("meta nfproto ipv6 meta l4proto udp", $"ip6 dscp set {@class >> 2}"));

    /// <summary>Gives a path another MTU, both ways. What is larger and must not be fragmented is lost, and its sender told (ICMP).</summary>
    public async Task<Fault> SetMtuAsync(int mtu, LabHost from, LabHost to, int path)
    {
        async Task Set(int octets)
        {
            await from.Router.Space.IpAsync($"link set {LabRouter.LinkName(to.Site, path)} mtu {octets}");
            await to.Router.Space.IpAsync($"link set {LabRouter.LinkName(from.Site, path)} mtu {octets}");
        }

        await Set(mtu);
        return new Fault(() => Task.FromResult(0L), () => Set(1500));
    }

    /// <summary>
    /// Limits what passes from one host to another on a path (tc-tbf(8)); what does not fit is lost, after a short queue. Skips the
    /// test where the kernel does not have it.
    /// </summary>
    public async Task<Fault> LimitAsync(int kilobitsPerSecond, LabHost from, LabHost to, int path)
    {
        string link = LabRouter.LinkName(to.Site, path);
        NetworkNamespace space = from.Router.Space;
        try
        {
            await Tool.RunAsync(["tc", "-n", space.Name, "qdisc", "add", "dev", link, "root", "tbf",
                "rate", $"{kilobitsPerSecond}kbit", "burst", "10kb", "latency", "20ms"]);
        }
        catch (ToolException exception)
        {
            Skip.If(true, $"This kernel can't limit a rate: {exception.Message}");
        }

        async Task<long> Drops()
        {
            using JsonDocument answer = JsonDocument.Parse(await Tool.RunAsync(["tc", "-n", space.Name, "-s", "-j", "qdisc", "show", "dev", link]));
            return answer.RootElement[0].GetProperty("drops").GetInt64();
        }

        return new Fault(Drops, () => Tool.RunAsync(["tc", "-n", space.Name, "qdisc", "change", "dev", link, "root", "tbf",
            "rate", "10gbit", "burst", "10mb", "latency", "20ms"]));
    }

    /// <summary>Moves one path from one host to another, in this direction alone, so that it has a router more.</summary>
    public async Task<Fault> LengthenAsync(LabHost from, LabHost to, int path)
    {
        (int low, int high) = (Math.Min(from.Site, to.Site), Math.Max(from.Site, to.Site));
        if (_detours.Add((low, high, path))) await BuildDetourAsync(Hosts[low], Hosts[high], path);
        await from.Router.DetourAsync(to.Site, path);
        return new Fault(() => Task.FromResult(0L), () => from.Router.DetourAsync(to.Site, path: null));
    }

    /// <summary>The UDP flows that have taken a path from one host to another so far: source and destination port of each.</summary>
    public Task<IReadOnlySet<(int Source, int Destination)>> FlowsAsync(LabHost from, LabHost to, int path) => from.Router.FlowsAsync(to.Site, path);

    /// <summary>Ends what runs on the hosts, and removes everything.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            foreach (LabHost host in Hosts) await host.DisposeAsync();
        }
        finally
        {
            foreach (NetworkNamespace space in _namespaces) await space.DisposeAsync();
            _namespaces.Clear();
        }
    }

    private async Task<NetworkNamespace> AddNamespaceAsync(string role)
    {
        NetworkNamespace space = await NetworkNamespace.CreateAsync($"{_prefix}{role}");
        lock (_namespaces) _namespaces.Add(space);
        return space;
    }

    private async Task<LabHost> AddSiteAsync(int site)
    {
        NetworkNamespace host = await AddNamespaceAsync($"{LabHost.Letter(site)}");
        NetworkNamespace router = await AddNamespaceAsync($"r{LabHost.Letter(site)}");
        await Tool.RunAsync(["ip", "link", "add", "eth0", "netns", host.Name, "type", "veth", "peer", "name", "host", "netns", router.Name]);
        await UpAsync(router, "host", LabAddress.Router(site, six: false), LabAddress.Router(site, six: true));
        await UpAsync(host, "eth0", LabAddress.Host(site, six: false), LabAddress.Host(site, six: true));
        await host.IpAsync(
            $"route add default via {LabAddress.Router(site, six: false)}", $"route add default via {LabAddress.Router(site, six: true)}");
        return new LabHost(host, new LabRouter(router, site), site);
    }

    private async Task JoinAsync(LabHost low, LabHost high)
    {
        for (int path = 0; path < _paths; path++)
        {
            await JoinAsync(low.Router.Space, LabRouter.LinkName(high.Site, path), high.Router.Space, LabRouter.LinkName(low.Site, path));
            await UpOnPathAsync(low, high, path, detour: false);
            await UpOnPathAsync(high, low, path, detour: false);
        }

        await low.Router.ConnectAsync(high.Site, _paths);
        await high.Router.ConnectAsync(low.Site, _paths);
    }

    private async Task BuildDetourAsync(LabHost low, LabHost high, int path)
    {
        NetworkNamespace detour = await AddNamespaceAsync($"d{LabHost.Letter(low.Site)}{LabHost.Letter(high.Site)}{path}");
        foreach ((LabHost near, LabHost far, string name) in ((LabHost, LabHost, string)[])[(low, high, "low"), (high, low, "high")])
        {
            await JoinAsync(near.Router.Space, LabRouter.LinkName(far.Site, path, detour: true), detour, name);
            await UpOnPathAsync(near, far, path, detour: true);
            await UpAsync(detour, name, LabAddress.OnDetour(near.Site, far.Site, path, six: false), LabAddress.OnDetour(near.Site, far.Site, path, six: true));
            await detour.IpAsync(
                $"route add {LabAddress.Network(near.Site, six: false)} via {LabAddress.OnPath(near.Site, far.Site, path, detour: true, six: false)}",
                $"route add {LabAddress.Network(near.Site, six: true)} via {LabAddress.OnPath(near.Site, far.Site, path, detour: true, six: true)}");
        }
    }

    private static Task JoinAsync(NetworkNamespace one, string oneName, NetworkNamespace other, string otherName) =>
        Tool.RunAsync(["ip", "link", "add", oneName, "netns", one.Name, "type", "veth", "peer", "name", otherName, "netns", other.Name]);

    private static Task UpOnPathAsync(LabHost near, LabHost far, int path, bool detour) => UpAsync(
        near.Router.Space,
        LabRouter.LinkName(far.Site, path, detour),
        LabAddress.OnPath(near.Site, far.Site, path, detour, six: false),
        LabAddress.OnPath(near.Site, far.Site, path, detour, six: true));

    private static Task UpAsync(NetworkNamespace space, string link, string address, string address6) =>
        space.IpAsync($"addr add {address}/24 dev {link}", $"link set {link} up", $"addr add {address6}/64 dev {link} nodad");
}
