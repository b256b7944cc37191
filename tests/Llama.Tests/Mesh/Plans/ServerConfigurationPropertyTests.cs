using FsCheck;
using FsCheck.Fluent;
using Llama.Mesh.Plans;

namespace Llama.Tests.Mesh.Plans;

/// <summary>What holds for every text.</summary>
public class ServerConfigurationPropertyTests
{
    private const string Seed = """
        host: 0.0.0.0
        interval: 10
        defaults: &d {interval: 10, cps: 2.5, flows: 4, classes: [EF, 0xB8], sizes: [128], timeout: 1000, df: off, echo: warn, token: abc}
        groups:
          a: {<<: *d, plan: {hub: {tag: role, value: hub}}, token_file: t, key_file: k}
          b: {plan: {sample: {degree: 8}}}
          c: {plan: {tiered: {path: [region, site], representatives: 2}}}
        between:
          - {from: a, to: b, degree: 3}
        """;

    private const string Lines = "# server\nhost = 0.0.0.0\nport: 8080 ; the usual\nverbose\n[x]\n";

    private static readonly string[] Fragments =
    [
        ": ", "- ", "\n", "\n  ", "{", "}", "[", "]", ",", "&a ", "*d", "<<", "'", "\"", "#", ";", "=", "---\n", "~", "-1", "1e400", "\0", "\uD800", "\u2028",
        "groups", "plan", "full", "token_file", "99999999999999999999", "\u00e9",
    ];

    private static readonly Gen<string> Mutated =
        from seed in Gen.Elements(Seed, Lines)
        from edits in (from at in Gen.Choose(0, 1000)
                       from cut in Gen.Choose(0, 12)
                       from put in Gen.OneOf(Gen.Elements(Fragments), Gen.Constant(""))
                       select (at, cut, put)).ListOf()
        select edits.Take(6).Aggregate(seed, (text, edit) =>
        {
            int at = text.Length == 0 ? 0 : edit.at % text.Length;
            return text.Remove(at, Math.Min(edit.cut, text.Length - at)).Insert(at, edit.put);
        });

    [Fact]
    public void No_text_throws_and_each_gives_a_configuration_within_its_limits_or_errors() =>
        Prop.ForAll(Mutated.Or(ArbMap.Default.GeneratorFor<string>().Select(text => text ?? "")).ToArbitrary(), text =>
        {
            ServerConfigurationResult result = ServerConfigurationReader.Read(text, "f", ["host", "port", "interval", "verbose"], _ => [1, 2, 3]);
            Assert.Equal(result.Configuration is null, result.Errors.Count > 0);
            Assert.All(result.Errors.Concat(result.Warnings), finding => Assert.False(finding.ToString().AsSpan().ContainsAny('\n', '\r', '\0')));
            if (result.Configuration is not { } configuration)
                return;
            Assert.All(configuration.Groups.Values.Append(configuration.Defaults), group =>
            {
                Assert.InRange(group.Interval.TotalSeconds, 1, 86_400);
                Assert.InRange(group.CyclesPerSecond, 1 / 86_400.0, 1e6);
                Assert.InRange(group.Ports.Sum(port => port.Count), 1, 4096);
                Assert.True(group.Plan is not SamplePlan sample || sample.Degree is >= 1 and <= 1000);
            });
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(5_000));
}
