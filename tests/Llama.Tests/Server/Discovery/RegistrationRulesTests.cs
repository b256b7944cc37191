using System.Net;
using Llama.Server.Discovery;

namespace Llama.Tests.Server.Discovery;

public sealed class RegistrationRulesTests
{
    [Theory]
    [InlineData("a", true)]
    [InlineData("Zürich/2 \U0001F999", true)]
    [InlineData("", false)]
    [InlineData("a\nb", false)]
    [InlineData("\u001b[2J", false)]
    [InlineData("\u009b", false)]
    public void A_name_is_one_line_of_Unicode_text(string name, bool fits) => Assert.Equal(fits, RegistrationRules.ProblemOfName(name) is null);

    [Fact]
    public void Half_of_a_surrogate_pair_is_no_text()
    {
        foreach (string text in new[] { "\ud800", "a\udc00", "\udc00\ud800", "\ud800\ud800\udc00" })
        {
            Assert.NotNull(RegistrationRules.ProblemOfName(text));
            Assert.NotNull(RegistrationRules.ProblemOfTag("key", text));
            Assert.NotNull(RegistrationRules.ProblemOfTag(text, "value"));
        }
    }

    [Fact]
    public void A_name_has_200_characters_at_most()
    {
        Assert.Null(RegistrationRules.ProblemOfName(new string('a', 200)));
        Assert.NotNull(RegistrationRules.ProblemOfName(new string('a', 201)));
    }

    [Theory]
    [InlineData("192.0.2.7", "192.0.2.7")]
    [InlineData("2001:DB8::7", "2001:db8::7")]
    [InlineData("::ffff:192.0.2.7", "192.0.2.7")]
    [InlineData("5", null)]
    [InlineData("127.1", null)]
    [InlineData("010.0.0.1", null)]
    [InlineData("[::1]", null)]
    [InlineData("[::1]:80", null)]
    [InlineData("192.0.2.7:80", null)]
    [InlineData("192.0.2.0/24", null)]
    [InlineData("name.example", null)]
    [InlineData("", null)]
    public void An_address_is_one_and_nothing_else(string text, string? address) =>
        Assert.Equal(address, RegistrationRules.TryParseAddress(text, out IPAddress parsed) ? parsed.ToString() : null);

    [Theory]
    [InlineData("127.0.0.1", true)]
    [InlineData("10.0.0.1", true)]
    [InlineData("fe80::1", true)]
    [InlineData("fe80::1%3", false)]
    [InlineData("0.0.0.0", false)]
    [InlineData("0.1.2.3", false)]
    [InlineData("224.0.0.1", false)]
    [InlineData("255.255.255.255", false)]
    [InlineData("::", false)]
    [InlineData("ff02::1", false)]
    public void An_address_is_one_that_a_host_can_have(string address, bool fits) =>
        Assert.Equal(fits, RegistrationRules.ProblemOfAddress(IPAddress.Parse(address)) is null);

    [Theory]
    [InlineData(1e300, 315_360_000)]
    [InlineData(double.PositiveInfinity, 315_360_000)]
    [InlineData(300, 300)]
    [InlineData(0.5, 0.5)]
    [InlineData(1e-300, 1e-7)]
    public void A_keepalive_is_above_nothing_and_ten_years_at_most(double seconds, double kept) =>
        Assert.Equal(kept, RegistrationRules.Keepalive(seconds).TotalSeconds);
}
