using System.Net;
using FsCheck;
using FsCheck.Fluent;
using Llama.Server.Discovery.Access;
using Microsoft.AspNetCore.Http;

namespace Llama.Tests.Server.Discovery.Access;

public sealed class ClientAddressesTests
{
    [Theory]
    [InlineData("198.51.100.7", "", "198.51.100.7")]
    [InlineData("198.51.100.7", "203.0.113.1", "198.51.100.7")]
    [InlineData("::ffff:198.51.100.7", "", "198.51.100.7")]
    [InlineData("10.0.0.1", "", "10.0.0.1")]
    [InlineData("10.0.0.1", "203.0.113.1", "203.0.113.1")]
    [InlineData("::ffff:10.0.0.1", "203.0.113.1", "203.0.113.1")]
    [InlineData("10.0.0.1", "198.51.100.66, 203.0.113.1", "203.0.113.1")]
    [InlineData("10.0.0.1", "198.51.100.66,203.0.113.1, 10.0.0.2", "203.0.113.1")]
    [InlineData("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3")]
    [InlineData("10.0.0.1", "203.0.113.1:4711", "203.0.113.1")]
    [InlineData("10.0.0.1", "[2001:db8::1]:4711", "2001:db8::1")]
    [InlineData("10.0.0.1", "2001:db8::1", "2001:db8::1")]
    [InlineData("2001:db8:f::1", "203.0.113.1", "203.0.113.1")]
    [InlineData("10.0.0.1", "203.0.113.1, unknown", "10.0.0.1")]
    [InlineData("10.0.0.1", "203.0.113.1, unknown, 10.0.0.2", "10.0.0.2")]
    [InlineData("10.0.0.1", ", ,", "10.0.0.1")]
    public void Only_what_trusted_proxies_wrote_counts(string peer, string forwarded, string client) =>
        Assert.Equal(client, Of(peer, forwarded).ToString());

    [Fact]
    public void Lines_of_the_header_are_read_from_the_last_one_on() =>
        Assert.Equal("203.0.113.1", Of("10.0.0.1", "198.51.100.66", "203.0.113.1", "10.0.0.2, 10.0.0.3").ToString());

    [Fact]
    public void Nothing_in_front_of_what_a_trusted_proxy_wrote_changes_the_answer() => Prop.ForAll(AnyText.Arbitrary, forged =>
        Assert.Equal("203.0.113.1", Of("10.0.0.1", forged + ", 203.0.113.1").ToString())).QuickCheckThrowOnFailure();

    private static IPAddress Of(string peer, params string[] forwarded)
    {
        var context = new DefaultHttpContext { Connection = { RemoteIpAddress = IPAddress.Parse(peer) } };
        if (forwarded is not [""]) context.Request.Headers["X-Forwarded-For"] = forwarded;
        return new ClientAddresses([IPNetwork.Parse("10.0.0.0/24"), IPNetwork.Parse("2001:db8:f::/48")]).Of(context);
    }
}
