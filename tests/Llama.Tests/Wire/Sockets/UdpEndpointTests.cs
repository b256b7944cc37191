using System.Net;
using FsCheck;
using FsCheck.Fluent;
using Llama.Wire.Sockets;

namespace Llama.Tests.Wire.Sockets;

public sealed class UdpEndpointTests
{
    [Fact]
    public void Every_IPv4_endpoint_comes_back_as_it_was() =>
        Prop.ForAll<byte[], ushort>((octets, port) =>
        {
            var endPoint = new IPEndPoint(new IPAddress(Octets(octets, 4)), port);
            UdpEndpoint endpoint = UdpEndpoint.From(endPoint);
            var mapped = new IPEndPoint(endPoint.Address.MapToIPv6(), port);
            return endpoint.IsIPv4
                && endPoint.Equals(endpoint.ToIPEndPoint())
                && endPoint.ToString() == endpoint.ToString()
                && endpoint == UdpEndpoint.From(mapped);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Every_IPv6_endpoint_comes_back_as_it_was() =>
        Prop.ForAll<byte[], ushort, uint>((octets, port, scope) =>
        {
            var endPoint = new IPEndPoint(new IPAddress([0xFE, .. Octets(octets, 15)], scope), port);
            UdpEndpoint endpoint = UdpEndpoint.From(endPoint);
            return !endpoint.IsIPv4 && endPoint.Equals(endpoint.ToIPEndPoint()) && endpoint.ScopeId == scope;
        }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("::")]
    [InlineData("::1")]
    [InlineData("::7f00:1")]
    [InlineData("64:ff9b::7f00:1")]
    public void An_IPv6_address_that_ends_like_an_IPv4_one_is_not_one(string address) =>
        Assert.False(UdpEndpoint.From(new IPEndPoint(IPAddress.Parse(address), 1)).IsIPv4);

    [Fact]
    public void An_IPv4_endpoint_is_written_from_its_number() =>
        Assert.Equal("127.0.0.1:8100", UdpEndpoint.FromIPv4(0x7F000001, 8100).ToString());

    private static byte[] Octets(byte[] some, int count)
    {
        byte[] octets = new byte[count];
        some.AsSpan(0, Math.Min(some.Length, count)).CopyTo(octets);
        return octets;
    }
}
