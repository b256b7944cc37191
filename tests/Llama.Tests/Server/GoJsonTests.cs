using System.Buffers;
using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Llama.Server.Collecting;

namespace Llama.Tests.Server;

public sealed class GoJsonTests
{
    [Theory]
    [InlineData("a\u0001b\u001f", "\"a\\u0001b\\u001f\"")]
    [InlineData("\n\r\t\b\f\0", "\"\\n\\r\\t\\u0008\\u000c\\u0000\"")]
    [InlineData("say \"hi\" c:\\", "\"say \\\"hi\\\" c:\\\\\"")]
    [InlineData("<a & b>'/\u007f", "\"\\u003ca \\u0026 b\\u003e'/\u007f\"")]
    [InlineData("\u2027\u2028\u2029\u202a", "\"\u2027\\u2028\\u2029\u202a\"")]
    [InlineData("Zürich \U0001F999", "\"Zürich \U0001F999\"")]
    [InlineData("\ufffd", "\"\ufffd\"")]
    public void Strings_are_escaped_as_in_Go(string text, string json) => Assert.Equal(json, Write(text));

    [Fact]
    public void Halves_of_surrogate_pairs_are_replaced() => Assert.Equal("\"\\ufffdx\\ufffd\"", Write("\ud800x\udc00"));

    [Fact]
    public void Any_string_reads_back_as_the_same_text() => Prop.ForAll(
        AnyText.Arbitrary,
        text => JsonDocument.Parse(Write(text)).RootElement.GetString() == AnyText.WellFormed(text)).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData(0, "0.000000")]
    [InlineData(100, "100.000000")]
    [InlineData(0.0703125, "0.070312")]
    [InlineData(0.0234375, "0.023438")]
    [InlineData(100.0 / 12800, "0.007812")]
    [InlineData(48.07692307692308, "48.076923")]
    [InlineData(12345678901, "12345678901.000000")]
    [InlineData(0.0000004, "0.000000")]
    public void Numbers_have_six_decimals_and_round_half_to_even(double value, string text)
    {
        var output = new ArrayBufferWriter<byte>();
        GoJson.WriteNumber(output, value);
        Assert.Equal(text, Encoding.UTF8.GetString(output.WrittenSpan));
    }

    [Fact]
    public void Keys_are_in_the_order_of_their_octets() => Prop.ForAll(
        AnyText.Arbitrary,
        AnyText.Arbitrary,
        (a, b) =>
        {
            (a, b) = (AnyText.WellFormed(a), AnyText.WellFormed(b));
            int octets = Encoding.UTF8.GetBytes(a).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(b));
            return Math.Sign(octets) == Math.Sign(GoJson.CompareOctets(a, b));
        }).QuickCheckThrowOnFailure();

    private static string Write(string text)
    {
        var output = new ArrayBufferWriter<byte>();
        GoJson.WriteString(output, text);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }
}
