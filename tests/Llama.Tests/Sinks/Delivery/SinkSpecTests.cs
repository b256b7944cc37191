using Llama.Server.Sinks;
using Llama.Server.Sinks.Delivery;

namespace Llama.Tests.Sinks.Delivery;

public sealed class SinkSpecTests
{
    [Fact]
    public void Each_sink_has_a_name_of_its_own_and_keeps_the_one_it_was_given()
    {
        (IReadOnlyList<SinkSpec> specs, IReadOnlyList<string> problems) = Read("db:a", "db:b", "db:c?name=db-2", "other:", "db:d?name=Big.one_1");
        Assert.Empty(problems);
        Assert.Equal(["db", "db-3", "db-2", "other", "Big.one_1"], specs.Select(spec => spec.Name));
    }

    [Theory]
    [InlineData("nosuch:x", "nosuch:x: there is no sink \"nosuch\": write influx:, influx2:, postgres:, otlp:, jsonl: or prometheus")]
    [InlineData("", ": there is no sink \"\": write influx:, influx2:, postgres:, otlp:, jsonl: or prometheus")]
    [InlineData("db:x?rows=all", "db:x?rows=all: rows is \"all\": write pairs, flows or rollup")]
    [InlineData("db:x?max-series=many", "db:x?max-series=many: max-series is \"many\": write a number from 0 to 2147483647")]
    [InlineData("db:x?colour=red&size=1", "db:x?colour=red&size=1: db knows no colour, no size")]
    [InlineData("db:x?colour", "db:x?colour: \"colour\" is no parameter: write NAME=VALUE")]
    [InlineData("db:x?name=../up", "db:x?name=../up: name is \"../up\": write up to 64 letters, digits, dots, dashes and underscores, a letter or digit first")]
    [InlineData("db:x?name=a&name=b", "db:x?name=a&name=b: name is given twice")]
    public void A_mistake_is_one_line_that_says_what_to_write(string text, string problem) => Assert.Equal(problem, Assert.Single(Read(text).Problems));

    [Fact]
    public void All_mistakes_are_told_at_once()
    {
        IReadOnlyList<string> problems = Read("nosuch:x", "db:x?name=a", "db:y?name=A", "db:z?rows=1").Problems;
        Assert.Equal(3, problems.Count);
        Assert.Equal("db:y?name=A: the name A is taken by another sink: give each its own", problems[1]);
    }

    [Fact]
    public void Each_kind_is_made_of_its_text() => Assert.Empty(Real(
        showsPairs: false,
        "influx:http://db:8086/llama",
        "influx2:http://db:8086?org=o&bucket=b&token=t",
        "postgres://llama@db/llama",
        "jsonl:/tmp/lines",
        "prometheus?rows=rollup&by=site"));

    [Fact]
    public void There_is_one_page_of_metrics_and_not_two()
    {
        Assert.Equal(
            "prometheus?name=b: there is one /metrics, and so one such sink: leave the others out",
            Assert.Single(Real(showsPairs: false, "prometheus", "prometheus?name=b")));
        Assert.Equal(
            "prometheus: this process shows what it measures at /metrics anyway: leave it out", Assert.Single(Real(showsPairs: true, "prometheus")));
    }

    [Theory]
    [InlineData("influx:http://u:hunter2@db:8086/x?rows=1")]
    [InlineData("influx:http://u:hun@ter2:hunter2@db:8086/x?rows=1")]
    [InlineData("influx:http://u:hun?hunter2@db:8086/x")]
    [InlineData("influx:http://u:hun?a=1&hunter2@db:8086/x")]
    [InlineData("influx2:http://db:8086?token=hunter2&rows=1")]
    [InlineData("influx2:http://db:8086?token=hunter2&token=hunter2")]
    [InlineData("postgres://u:hunter2@db/x?rows=1")]
    [InlineData("bad:http://u:hunter2@db:8086/x")]
    public void No_secret_is_shown(string text)
    {
        Assert.DoesNotContain("hunter2", SinkText.Shown(text), StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", Assert.Single(Read(text).Problems), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("influx:http://db:8086/llama?rows=flows")]
    [InlineData("postgres://llama@db/llama?table=t")]
    [InlineData("jsonl:/var/log/a@b:c.jsonl")]
    [InlineData("influx2:http://db:8086?org=o&bucket=b&token-file=/etc/llama/token")]
    public void What_is_no_secret_is_shown(string text) => Assert.Equal(text, SinkText.Shown(text));

    private static (IReadOnlyList<SinkSpec> Specs, IReadOnlyList<string> Problems) Read(params string[] texts) => SinkSpec.ReadAll(texts, Kinds);

    private static IReadOnlyList<string> Real(bool showsPairs, params string[] texts) => SinkSet.ProblemsOf(texts, showsPairs);

    private static SinkMaker Kinds(SinkUri uri) => uri.Kind switch
    {
        "db" or "other" or "influx" or "influx2" or "postgres" => _ => new ScriptedSink(uri.Kind),
        "bad" => throw new FormatException($"\"{uri.Rest}\" is no place"),
        _ => new SinkKinds(showsPairs: false).MakerOf(uri),
    };
}
