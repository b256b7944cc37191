using Llama.Server.Scraping;

namespace Llama.Tests.Server.Scraping;

/// <summary>Collectors as people and servers write them.</summary>
public sealed class CollectorEntryTests
{
    [Theory]
    [InlineData("192.0.2.1", "192.0.2.1:5000")]
    [InlineData(" 192.0.2.1 ", "192.0.2.1:5000")]
    [InlineData("192.0.2.1:8100", "192.0.2.1:8100")]
    [InlineData("ams1.example", "ams1.example:5000")]
    [InlineData("ams1:8100", "ams1:8100")]
    [InlineData("2001:db8::1", "[2001:db8::1]:5000")]
    [InlineData("[2001:DB8::1]:8100", "[2001:db8::1]:8100")]
    [InlineData("[2001:db8::1]", "[2001:db8::1]:5000")]
    [InlineData("[192.0.2.1]:80x", null)]
    [InlineData("[]", null)]
    [InlineData("[[::1]]:1", null)]
    [InlineData("a:b:c", null)]
    [InlineData("a b", null)]
    [InlineData("a:0", null)]
    [InlineData("a:65536", null)]
    [InlineData("a:", null)]
    [InlineData("http://a", null)]
    [InlineData("", null)]
    public void A_collector_is_a_host_with_or_without_a_port(string text, string? address) => Assert.Equal(address, CollectorEntry.Parse(text, 5000)?.Address);

    [Fact]
    public void A_list_has_commas_or_lines_and_passes_over_what_is_empty() => Assert.Equal(
        ["a:5000", "b:5000", "c:1", "d:5000"],
        CollectorEntry.ParseList("a, b,\n# c is new\nc:1 # for now\r\n\n,d", 5000).Select(entry => entry.Address));

    [Fact]
    public void A_mistake_in_a_list_is_named() =>
        Assert.Equal("'b c' is no collector: give HOST, HOST:PORT or [IPV6]:PORT", Assert.Throws<FormatException>(() => CollectorEntry.ParseList("a,b c", 1)).Message);
}
