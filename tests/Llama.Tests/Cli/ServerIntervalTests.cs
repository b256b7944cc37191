using System.CommandLine;
using Llama.Cli.Serving;

namespace Llama.Tests.Cli;

public sealed class ServerIntervalTests
{
    [Theory]
    [InlineData("0", null)]
    [InlineData("15", 15.0)]
    public void An_interval_of_0_is_the_default_as_in_the_original(string text, double? seconds)
    {
        var settings = new ServerSettings(variable => variable == "LLAMA_INTERVAL" ? text : null);
        var command = new Command("server") { settings.Interval };

        ParseResult parsed = command.Parse([]);

        Assert.Empty(parsed.Errors);
        Assert.Equal(seconds, parsed.GetValue(settings.Interval)?.TotalSeconds);
    }

    [Theory]
    [InlineData("-5")]
    [InlineData("abc")]
    [InlineData("1.5")]
    public void An_interval_that_is_none_is_refused(string text)
    {
        var settings = new ServerSettings(variable => variable == "LLAMA_INTERVAL" ? text : null);
        var command = new Command("server") { settings.Interval };

        Assert.NotEmpty(command.Parse([]).Errors);
    }
}
