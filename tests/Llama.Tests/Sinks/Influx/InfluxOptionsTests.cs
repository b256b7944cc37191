using System.Text;
using Llama.Server.Sinks;
using Llama.Server.Sinks.Influx;

namespace Llama.Tests.Sinks.Influx;

public sealed class InfluxOptionsTests
{
    [Theory]
    [InlineData("influx:http://db:8086/llama", "http://db:8086/write?consistency=&db=llama&precision=s&rp=", "influx http://db:8086/llama")]
    [InlineData("influx:http://db:8086", "http://db:8086/write?consistency=&db=llama&precision=s&rp=", "influx http://db:8086/llama")]
    [InlineData("influx:http://[::1]:8086/my%20db%26x?retention=week", "http://[::1]:8086/write?consistency=&db=my+db%26x&precision=s&rp=week", "influx http://[::1]:8086/my db&x")]
    [InlineData("influx:https://u:p@vm:8480/insert/0/influx/llama/", "https://vm:8480/insert/0/influx/write?consistency=&db=llama&precision=s&rp=", "influx https://vm:8480/insert/0/influx/llama")]
    [InlineData("influx2:http://db:8086?org=my%20org&bucket=b", "http://db:8086/api/v2/write?org=my+org&bucket=b&precision=s", "influx2 http://db:8086 b")]
    [InlineData("influx2:http://db:8086/under/?bucket=b", "http://db:8086/under/api/v2/write?org=&bucket=b&precision=s", "influx2 http://db:8086/under b")]
    public void An_address_says_where_lines_are_posted(string address, string write, string name)
    {
        InfluxOptions options = Of(address);
        Assert.Equal((write, name), (options.Write.AbsoluteUri, options.Name));
    }

    [Fact]
    public void A_database_is_asked_for_by_name() =>
        Assert.Equal("http://db:8086/query?q=CREATE+DATABASE+%22a%5C%22b%22", Of("influx:http://db:8086/a%22b").Create?.AbsoluteUri);

    [Fact]
    public void The_original_scraper_s_database_is_named_by_its_flags()
    {
        ScrapedCase recorded = ScrapedCase.Read("dbname_special");
        var options = InfluxOptions.OfDatabase($"http://{InfluxRequests.Authority("127.0.0.1", 9086)}", "my db&x");
        Assert.Equal(recorded.Request.GetProperty("path").GetString(), options.Write.PathAndQuery);
        Assert.Null(options.Authorization);
    }

    [Fact]
    public void User_and_password_are_sent_as_the_original_sends_them() => Assert.Equal(
        ScrapedCase.Read("auth").Header("Authorization"), Of("influx:http://u%20ser:p%40ss%3Aw@127.0.0.1:9086/llama").Authorization?.ToString());

    [Fact]
    public void A_password_may_come_from_a_file()
    {
        string file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, "secret\n");
            Assert.Equal($"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes("me:secret"))}", Of($"influx:http://db/llama?user=me&password-file={file}").Authorization?.ToString());
            Assert.Equal("Token secret", Of($"influx2:http://db?bucket=b&token-file={file}").Authorization?.ToString());
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void Only_the_second_version_is_compressed_unless_told()
    {
        Assert.False(Of("influx:http://db/llama").IsCompressed);
        Assert.True(Of("influx:http://db/llama?gzip=true").IsCompressed);
        Assert.True(Of("influx2:http://db?bucket=b").IsCompressed);
        Assert.False(Of("influx2:http://db?bucket=b&gzip=false").IsCompressed);
        Assert.Equal((TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(3)), (Of("influx:http://db").Timeout, Of("influx:http://db?timeout-s=3").Timeout));
    }

    [Theory]
    [InlineData("influx:db:8086", "is no URL")]
    [InlineData("influx2:http://db", "bucket")]
    [InlineData("influx2:http://u:p@db?bucket=b", "token-file")]
    [InlineData("influx:http://db?gzip=yes", "true or false")]
    [InlineData("influx:http://db?timeout-s=0", "from 1 to 3600")]
    public void A_mistake_is_said_with_what_to_write(string address, string message) =>
        Assert.Contains(message, Assert.Throws<FormatException>(() => Of(address)).Message, StringComparison.Ordinal);

    private static InfluxOptions Of(string address)
    {
        var uri = SinkUri.Parse(address);
        InfluxOptions options = InfluxOptions.Of(uri);
        Assert.Empty(uri.Left);
        return options;
    }

    [Fact]
    public void A_field_that_there_is_not_is_a_mistake()
    {
        FormatException error = Assert.Throws<FormatException>(() => InfluxOptions.Of(SinkUri.Parse("influx:http://db:8086/llama?fields=sent,rtt_p95")));
        Assert.Contains("\"rtt_p95\"", error.Message, StringComparison.Ordinal);
        Assert.NotNull(InfluxOptions.Of(SinkUri.Parse("influx:http://db:8086/llama?fields=sent,rtt_p99,suspect")).Fields);
    }
}
