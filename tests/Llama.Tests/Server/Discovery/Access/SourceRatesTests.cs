using System.Net;
using Llama.Server.Discovery.Access;

namespace Llama.Tests.Server.Discovery.Access;

public sealed class SourceRatesTests
{
    private readonly StandingTime _time = new();

    [Fact]
    public void A_burst_passes_and_then_the_rate_holds()
    {
        var rates = new SourceRates(2, _time);
        IPAddress source = IPAddress.Parse("192.0.2.1");

        Assert.Equal(20, Passed(rates, source, 100));
        Assert.Equal(TimeSpan.FromSeconds(0.5), rates.Refuse(source));

        _time.Pass(TimeSpan.FromSeconds(1));
        Assert.Equal(2, Passed(rates, source, 100));

        _time.Pass(TimeSpan.FromHours(1));
        Assert.Equal(20, Passed(rates, source, 100));
    }

    [Fact]
    public void One_source_does_not_use_up_the_rate_of_another()
    {
        var rates = new SourceRates(1, _time);
        Passed(rates, IPAddress.Parse("192.0.2.1"), 100);

        Assert.Null(rates.Refuse(IPAddress.Parse("192.0.2.2")));
    }

    [Fact]
    public void All_addresses_of_an_IPv6_network_are_one_source()
    {
        var rates = new SourceRates(1, _time);

        Assert.Equal(10, Enumerable.Range(0, 1000).Count(i => rates.Refuse(IPAddress.Parse($"2001:db8::{i:x}")) is null));
        Assert.Null(rates.Refuse(IPAddress.Parse("2001:db8:0:1::1")));
    }

    [Fact]
    public void A_rate_below_one_a_second_lets_one_through_in_time()
    {
        var rates = new SourceRates(0.01, _time);
        IPAddress source = IPAddress.Parse("192.0.2.1");

        Assert.Equal(1, Passed(rates, source, 10));
        _time.Pass(TimeSpan.FromSeconds(100));
        Assert.Equal(1, Passed(rates, source, 10));
    }

    [Fact]
    public void Without_a_limit_everything_passes()
    {
        var rates = new SourceRates(null, _time);

        Assert.Equal(100_000, Passed(rates, IPAddress.Loopback, 100_000));
    }

    private static int Passed(SourceRates rates, IPAddress source, int requests) =>
        Enumerable.Range(0, requests).Count(_ => rates.Refuse(source) is null);
}
