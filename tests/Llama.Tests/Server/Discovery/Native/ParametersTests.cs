using Llama.Server.Discovery.Native;

namespace Llama.Tests.Server.Discovery.Native;

public sealed class ParametersTests
{
    [Theory]
    [InlineData("30s", 30_000)]
    [InlineData("30", 30_000)]
    [InlineData("0", 0)]
    [InlineData("0.5", 500)]
    [InlineData("500ms", 500)]
    [InlineData("1m", 60_000)]
    [InlineData("2m", 60_000)]
    [InlineData("999999999999999999999999", 60_000)]
    [InlineData("", null)]
    [InlineData("s", null)]
    [InlineData("5sm", null)]
    [InlineData("5ss", null)]
    [InlineData("-5s", null)]
    [InlineData("1h", null)]
    [InlineData(" 5s", null)]
    public void Waits_are_read_and_cut_to_a_minute(string text, int? millis) =>
        Assert.Equal(millis, (int?)Parameters.Duration(text)?.TotalMilliseconds);
}
