using System.Net;
using System.Net.Sockets;
using Llama.Cli;
using Llama.Cli.Ping;
using Llama.Engine;

namespace Llama.Tests.Cli.Ping;

public class TargetLookupTests
{
    private static readonly IPAddress V4 = IPAddress.Parse("192.0.2.20");
    private static readonly IPAddress V6 = IPAddress.Parse("2001:db8::20");

    [Theory]
    [InlineData(null, null, "192.0.2.20")]
    [InlineData(AddressFamily.InterNetwork, null, "192.0.2.20")]
    [InlineData(AddressFamily.InterNetworkV6, null, "2001:db8::20")]
    [InlineData(null, "2001:db8::1", "2001:db8::20")]
    public async Task A_name_with_both_families_is_taken_as_asked_for_and_else_as_ipv4(AddressFamily? family, string? source, string address)
    {
        Target target = Assert.Single(await Resolve(["fra1:9300"], family, source));

        Assert.Equal(("fra1", new IPEndPoint(IPAddress.Parse(address), 9300)), (target.Host, target.EndPoint));
    }

    [Fact]
    public async Task Targets_stay_in_order_and_the_same_address_is_measured_once()
    {
        IReadOnlyList<Target> targets = await Resolve(["2001:db8::1", "fra1", "192.0.2.20", "192.0.2.20:9300"]);

        Assert.Equal(["2001:db8::1", "fra1", "192.0.2.20"], targets.Select(target => target.Host));
        Assert.Equal([8100, 8100, 9300], targets.Select(target => target.EndPoint!.Port));
    }

    [Fact]
    public async Task All_that_have_no_address_are_named_at_once()
    {
        Failure failure = await Assert.ThrowsAsync<Failure>(() => Resolve(["gone:9300", "fra1", "192.0.2.20"], AddressFamily.InterNetworkV6));

        string[] lines = failure.Message.Split('\n');
        Assert.Equal(2, lines.Length);
        Assert.StartsWith("gone:9300: ", lines[0], StringComparison.Ordinal);
        Assert.Equal("192.0.2.20: has no IPv6 address, which -4, -6 or --source ask for", lines[1]);
    }

    private static Task<IReadOnlyList<Target>> Resolve(string[] targets, AddressFamily? family = null, string? source = null)
    {
        PingOptions options = Pinged.Options with
        {
            Targets = [.. targets.Select(target => PingTarget.Parse(target).Value!)],
            Family = family,
            Source = source is null ? null : IPAddress.Parse(source),
        };
        return TargetLookup.ResolveAsync(
            options,
            (name, _) => name == "fra1" ? Task.FromResult<IPAddress[]>([V6, V4]) : throw new SocketException((int)SocketError.HostNotFound),
            CancellationToken.None);
    }
}
