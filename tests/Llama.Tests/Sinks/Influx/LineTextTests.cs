using System.Text;
using Llama.Server.Sinks.Influx;

namespace Llama.Tests.Sinks.Influx;

public sealed class LineTextTests
{
    [Theory]
    [InlineData("plain-1.example", "plain-1.example")]
    [InlineData("", "")]
    [InlineData("a b,c=d", "a\\ b\\,c\\=d")]
    [InlineData("a\nb\r\0\u007F", "a_b___")]
    [InlineData("a\tb", "a\tb")]
    [InlineData("c:\\dir", "c:\\dir")]
    [InlineData("a\\", "a\\_")]
    [InlineData("a\\ b", "a\\_\\ b")]
    [InlineData("a\\\nb", "a\\_b")]
    [InlineData("Zürich ☃", "Zürich\\ ☃")]
    public void A_tag_can_not_leave_its_place_in_the_line(string value, string escaped) => Assert.Equal(escaped, LineText.Escaped(value));

    [Theory]
    [InlineData("raw_stats", "raw_stats")]
    [InlineData("raw stats,a=b", "raw\\ stats\\,a=b")]
    [InlineData("", "_")]
    [InlineData("# no comment", "_\\ no\\ comment")]
    [InlineData("\tx\ny\\", "_x_y\\_")]
    public void A_measurement_can_not_be_taken_for_anything_else(string name, string escaped)
    {
        byte[] to = new byte[100];
        Assert.Equal(escaped, Encoding.UTF8.GetString(to, 0, LineText.WriteMeasurement(Encoding.UTF8.GetBytes(name), to)));
    }
}
