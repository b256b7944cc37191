using Llama.Server.Sinks;
using Llama.Server.Sinks.Views;

namespace Llama.Tests.Sinks.Views;

public sealed class SinkViewOptionsTests
{
    [Fact]
    public void Parameters_of_the_view_are_taken_and_others_left()
    {
        SinkUri uri = SinkUri.Parse("influx:http://db/llama?rows=rollup&by=region,site&max-series=500&retention=week");
        var options = SinkViewOptions.Of(uri);
        Assert.Equal((SinkRows.RolledUp, 500), (options.Rows, options.MaxSeries));
        Assert.Equal(["region", "site"], options.By);
        Assert.Equal(["retention"], uri.Left);
    }

    [Fact]
    public void Without_parameters_a_sink_gets_pairs()
    {
        var options = SinkViewOptions.Of(SinkUri.Parse("prometheus"));
        Assert.Equal((SinkRows.Pairs, 1_000_000), (options.Rows, options.MaxSeries));
    }

    [Theory]
    [InlineData("rows=all", "write pairs, flows or rollup")]
    [InlineData("rows=rollup", "write by=TAG")]
    [InlineData("by=region", "write rows=rollup")]
    [InlineData("rows=rollup&by=region,", "with commas between")]
    [InlineData("rows=rollup&by=region,region", "each tag once")]
    [InlineData("rows=rollup&by=a,b,c,d,e,f,g,h,i", "write 8 at most")]
    [InlineData("max-series=-1", "write a number")]
    public void A_mistake_says_what_to_write(string parameters, string message)
    {
        FormatException mistake = Assert.Throws<FormatException>(() => SinkViewOptions.Of(SinkUri.Parse($"jsonl:-?{parameters}")));
        Assert.Contains(message, mistake.Message, StringComparison.Ordinal);
    }
}
