using System.Net;
using System.Net.Sockets;
using Llama.Cli.Collecting;

namespace Llama.Tests.Cli.Collecting;

public class HostResolverTests
{
    private readonly Stage _stage = new();
    private readonly Dictionary<string, string[]> _names = new(StringComparer.Ordinal);
    private readonly List<string> _asked = [];
    private readonly HostResolver _resolver;

    public HostResolverTests() => _resolver = new HostResolver(LookUp, _stage.Time, _stage.Surroundings.Log);

    [Fact]
    public async Task Names_get_their_addresses()
    {
        _names["a.example"] = ["192.0.2.1"];
        _resolver.Want(["a.example"]);
        Assert.Null(_resolver.AddressOf("a.example"));
        Assert.True(await Refresh());
        Assert.Equal(IPAddress.Parse("192.0.2.1"), _resolver.AddressOf("a.example"));
        Assert.False(_resolver.IsDue);
    }

    [Fact]
    public async Task Ipv4_goes_first_as_in_go()
    {
        _names["a.example"] = ["2001:db8::1", "192.0.2.1"];
        _resolver.Want(["a.example"]);
        await Refresh();
        Assert.Equal(IPAddress.Parse("192.0.2.1"), _resolver.AddressOf("a.example"));
    }

    [Fact]
    public async Task A_name_that_does_not_resolve_does_not_hold_up_the_others_and_is_told_once()
    {
        _names["a.example"] = ["192.0.2.1"];
        _resolver.Want(["gone.example", "a.example"]);
        Assert.True(await Refresh());
        Assert.NotNull(_resolver.AddressOf("a.example"));
        Assert.Null(_resolver.AddressOf("gone.example"));
        string told = _stage.Error;
        Assert.Contains("can't resolve gone.example", told, StringComparison.Ordinal);
        _stage.Time.Pass(TimeSpan.FromSeconds(5));
        Assert.False(await Refresh());
        Assert.Equal(told, _stage.Error);
    }

    [Fact]
    public async Task A_failing_name_is_asked_for_with_growing_pauses_up_to_a_minute()
    {
        _resolver.Want(["gone.example"]);
        var pauses = new List<int>();
        await Refresh();
        for (int seconds = 1; pauses.Count < 6; seconds++)
        {
            _stage.Time.Pass(TimeSpan.FromSeconds(1));
            if (!_resolver.IsDue) continue;
            pauses.Add(seconds);
            seconds = 0;
            await Refresh();
        }

        Assert.Equal([5, 10, 20, 40, 60, 60], pauses);
    }

    [Fact]
    public async Task A_name_that_resolved_is_asked_for_again_after_a_minute_and_a_change_is_told()
    {
        _names["a.example"] = ["192.0.2.1"];
        _resolver.Want(["a.example"]);
        await Refresh();
        _stage.Time.Pass(TimeSpan.FromSeconds(59));
        Assert.False(_resolver.IsDue);
        _stage.Time.Pass(TimeSpan.FromSeconds(1));
        Assert.False(await Refresh());
        _names["a.example"] = ["192.0.2.9"];
        _stage.Time.Pass(TimeSpan.FromSeconds(60));
        Assert.True(await Refresh());
        Assert.Equal(IPAddress.Parse("192.0.2.9"), _resolver.AddressOf("a.example"));
        Assert.Contains("a.example is 192.0.2.9", _stage.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_address_stays_while_it_is_among_the_answers()
    {
        _names["a.example"] = ["192.0.2.1", "192.0.2.2"];
        _resolver.Want(["a.example"]);
        await Refresh();
        _names["a.example"] = ["192.0.2.2", "192.0.2.1"];
        _stage.Time.Pass(TimeSpan.FromSeconds(60));
        Assert.False(await Refresh());
        Assert.Equal(IPAddress.Parse("192.0.2.1"), _resolver.AddressOf("a.example"));
    }

    [Fact]
    public async Task A_name_that_stops_resolving_keeps_its_address()
    {
        _names["a.example"] = ["192.0.2.1"];
        _resolver.Want(["a.example"]);
        await Refresh();
        _names.Clear();
        _stage.Time.Pass(TimeSpan.FromSeconds(60));
        Assert.False(await Refresh());
        Assert.Equal(IPAddress.Parse("192.0.2.1"), _resolver.AddressOf("a.example"));
        Assert.Contains("goes on with 192.0.2.1", _stage.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Names_that_are_wanted_no_more_are_forgotten_and_the_others_are_not_asked_for_again()
    {
        _names["a.example"] = ["192.0.2.1"];
        _names["b.example"] = ["192.0.2.2"];
        _resolver.Want(["a.example"]);
        await Refresh();
        _resolver.Want(["a.example", "b.example"]);
        await Refresh();
        Assert.Equal(["a.example", "b.example"], _asked);
        _resolver.Want(["b.example"]);
        Assert.Null(_resolver.AddressOf("a.example"));
        Assert.NotNull(_resolver.AddressOf("b.example"));
    }

    private async Task<bool> Refresh() => _resolver.Take(await _resolver.LookUpDueAsync(CancellationToken.None));

    private Task<IPAddress[]> LookUp(string name, CancellationToken cancellation)
    {
        _asked.Add(name);
        return _names.TryGetValue(name, out string[]? addresses)
            ? Task.FromResult(addresses.Select(IPAddress.Parse).ToArray())
            : Task.FromException<IPAddress[]>(new SocketException((int)SocketError.HostNotFound));
    }
}
