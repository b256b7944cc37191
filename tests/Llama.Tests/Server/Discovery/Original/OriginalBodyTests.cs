using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Llama.Mesh.Membership;
using Llama.Server.Discovery;
using static Llama.Tests.Server.Discovery.Original.Original;

namespace Llama.Tests.Server.Discovery.Original;

/// <summary>Bodies of registrations, good and bad.</summary>
public sealed class OriginalBodyTests
{
    private const string Good = """{"port":8100,"keepalive":300,"group":"g1","tags":{"version":"1","probe_shortname":"a","probe_name":"a.example","site":"lab"}}""";

    [Fact]
    public void No_body_throws_and_what_is_taken_is_within_the_rules()
    {
        byte[][] seeds = [.. CapturedRun.All.Values.SelectMany(run => run.Pairs).Select(pair => pair.Content).Where(content => content.Length is > 0 and < 10_000)];
        string[] fragments =
            ["{", "}", "[", "]", "\"", ":", ",", "null", "NaN", "1e999", "-0", "\\ud800", "\\u0000", "\u0000", "\xff\xfe", "\"tags\":", "\"ip\":", "\"::1%1\"", "//", "[[[[[[[["];
        Gen<byte[]> mutated =
            from seed in Gen.Elements(seeds)
            from edits in (from at in Gen.Choose(0, 4000)
                           from cut in Gen.Choose(0, 8)
                           from put in Gen.Elements(fragments).Or(Gen.Choose(0, 255).Select(octet => ((char)octet).ToString()))
                           select (at, cut, put)).ListOf()
            select edits.Take(6).Aggregate(seed, (body, edit) =>
            {
                int at = body.Length == 0 ? 0 : edit.at % body.Length;
                return [.. body[..at], .. Encoding.Latin1.GetBytes(edit.put), .. body[Math.Min(body.Length, at + edit.cut)..]];
            });
        Prop.ForAll(mutated.ToArbitrary(), body =>
        {
            Registration? read = Read(body, out string problem);
            if (read is null)
            {
                Assert.NotEmpty(problem);
                Assert.DoesNotContain(problem, char.IsControl);
                return;
            }

            Assert.Empty(problem);
            Assert.Null(RegistrationRules.ProblemOfName(read.Name));
            Assert.Null(RegistrationRules.ProblemOfName(read.Group));
            Assert.Null(RegistrationRules.ProblemOfAddress(read.Address));
            Assert.InRange(read.Port, 1, 65_535);
            Assert.InRange(read.Keepalive.Ticks, 1, RegistrationRules.MaxKeepalive.Ticks);
            Assert.All(read.Tags, tag => Assert.Null(RegistrationRules.ProblemOfTag(tag.Key, tag.Value)));
            JsonDocument.Parse(read.OriginalJson!).Dispose();
            Assert.True(read.SaysTheSameAs(Read(read.OriginalJson!)!));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(3000));
    }

    [Fact]
    public void Every_encoding_of_Unicode_is_told_by_its_first_octets()
    {
        Encoding[] encodings =
        [
            new UTF8Encoding(false), new UTF8Encoding(true), new UnicodeEncoding(false, false), new UnicodeEncoding(false, true),
            new UnicodeEncoding(true, false), new UnicodeEncoding(true, true), new UTF32Encoding(false, false), new UTF32Encoding(false, true),
            new UTF32Encoding(true, false), new UTF32Encoding(true, true),
        ];
        foreach (Encoding encoding in encodings)
            Assert.True(Read(Good)!.SaysTheSameAs(Read([.. encoding.GetPreamble(), .. encoding.GetBytes(Good)], out _)!), encoding.ToString());
    }

    [Theory]
    [InlineData("""{"port":8100,"a":{"b":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}}""")]
    [InlineData("""{"port":8100,"x":NaN}""")]
    [InlineData("""{"port":8100,"x":Infinity}""")]
    [InlineData("""{"port":8100,"x":"\ud800"}""")]
    [InlineData("""{"port":8100,"\ud800":1}""")]
    [InlineData("""{"port":8100,}""")]
    [InlineData("""{"port":8100} {}""")]
    [InlineData("""{'port':8100}""")]
    [InlineData("\0")]
    [InlineData(" ")]
    public void What_is_no_JSON_is_told_as_the_original_tells_it(string body)
    {
        Assert.Null(Read(Encoding.UTF8.GetBytes(body), out string problem));
        Assert.Equal("The browser (or proxy) sent a request that this server could not understand.", problem);
    }

    [Fact]
    public void Tags_are_bounded()
    {
        string With(int tags, int keyLength = 1, int valueLength = 1) => Body("x", "192.0.2.1", tags: Enumerable.Range(0, tags).Select(
            i => KeyValuePair.Create($"{i:00}".PadRight(keyLength, 'k'), new string('v', valueLength))));

        Assert.NotNull(Read(With(tags: 61)));
        Assert.Null(Read(With(tags: 62)));
        Assert.NotNull(Read(With(1, keyLength: 256, valueLength: 1024)));
        Assert.Null(Read(With(1, keyLength: 257)));
        Assert.Null(Read(With(1, valueLength: 1025)));
    }

    [Fact]
    public void A_renewal_says_the_same_whatever_it_calls_its_id_and_date()
    {
        Registration first = Read(Good)!;

        Assert.True(first.SaysTheSameAs(Read(Good.Replace("{\"port\"", """{"id":"1","create_date":"now","port" """, StringComparison.Ordinal))!));
        Assert.False(first.SaysTheSameAs(Read(Good.Replace("lab", "barn", StringComparison.Ordinal))!));
    }

    [Fact]
    public void Names_come_from_the_tags_and_else_from_the_address()
    {
        Registration named = Read(Good)!, unnamed = Read("""{"port":8100}""")!;

        Assert.Equal(("a", "a.example", "1"), (named.Name, named.FullName, named.Version));
        Assert.Equal([KeyValuePair.Create("site", "lab")], named.Tags);
        Assert.Equal(("127.0.0.1:8100", "127.0.0.1:8100", ""), (unnamed.Name, unnamed.FullName, unnamed.Version));
        Assert.Equal(("default", TimeSpan.FromDays(1)), (unnamed.Group, unnamed.Keepalive));
    }
}
