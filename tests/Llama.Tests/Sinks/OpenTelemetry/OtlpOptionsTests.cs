using Llama.Server.Sinks;
using Llama.Server.Sinks.OpenTelemetry;

namespace Llama.Tests.Sinks.OpenTelemetry;

public sealed class OtlpOptionsTests
{
    [Theory]
    [InlineData("otlp:http://collector:4318", "http://collector:4318/v1/metrics")]
    [InlineData("otlp:http://collector:4318/", "http://collector:4318/v1/metrics")]
    [InlineData("otlp:https://otlp.example/tenant/7/", "https://otlp.example/tenant/7/v1/metrics")]
    [InlineData("otlp:http://[::1]:4318/api/v1/otlp/v1/metrics", "http://[::1]:4318/api/v1/otlp/v1/metrics")]
    public void The_path_of_metrics_is_added_where_it_is_missing(string address, string endpoint) => Assert.Equal(endpoint, Of(address).Endpoint.AbsoluteUri);

    [Fact]
    public void An_address_without_parameters_has_the_defaults()
    {
        OtlpOptions options = Of("otlp:http://collector:4318");

        Assert.Equal((OtlpRoundTrips.Histogram, false, TimeSpan.FromSeconds(10)), (options.RoundTrips, options.Gzip, options.Timeout));
        Assert.Empty(options.Headers);
        Assert.Equal("otlp http://collector:4318", options.Name);
    }

    [Fact]
    public void Every_parameter_is_taken()
    {
        var uri = SinkUri.Parse("otlp:http://collector:4318?rtt=off&gzip=true&timeout-s=3&headers=X-Tenant:%20net%0AAuthorization:%20Basic%20eDp5&by=region");

        var options = OtlpOptions.Of(uri);

        Assert.Equal((OtlpRoundTrips.Off, true, TimeSpan.FromSeconds(3)), (options.RoundTrips, options.Gzip, options.Timeout));
        Assert.Equal([new KeyValuePair<string, string>("X-Tenant", "net"), new KeyValuePair<string, string>("Authorization", "Basic eDp5")], options.Headers);
        Assert.Equal(["by"], uri.Left);
    }

    [Theory]
    [InlineData("otlp:collector:4318", "is no URL: write otlp:http://HOST:PORT")]
    [InlineData("otlp:http://me:secret@collector:4318", "write headers-file=FILE")]
    [InlineData("otlp:http://collector:4318?rtt=all", "rtt is \"all\"")]
    [InlineData("otlp:http://collector:4318?gzip=1", "gzip is \"1\"")]
    [InlineData("otlp:http://collector:4318?timeout-s=x", "timeout-s is \"x\"")]
    [InlineData("otlp:http://collector:4318?headers=secret", "header 1 is none")]
    [InlineData("otlp:http://collector:4318?headers=A%20B:secret", "header 1 is none")]
    public void A_mistake_is_told_in_one_line_without_secrets(string address, string told)
    {
        FormatException mistake = Assert.Throws<FormatException>(() => Of(address));

        Assert.Contains(told, mistake.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", mistake.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', mistake.Message);
    }

    private static OtlpOptions Of(string address) => OtlpOptions.Of(SinkUri.Parse(address));
}
