using System.Diagnostics;
using System.Net;
using FsCheck;
using FsCheck.Fluent;
using Llama.Mesh;

namespace Llama.Tests.Mesh;

/// <summary>What holds for every text and every configuration.</summary>
public class CollectorConfigurationPropertyTests
{
    private static readonly string[] Seeds =
        [.. Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "fixtures", "collector", "configs"), "*.yaml").Order().Select(File.ReadAllText)];

    private static readonly string[] Fragments =
    [
        ": ", "- ", "? ", "\n", "\n  ", "\n\t", "{", "}", "[", "]", ",", "&a ", "*a", "<<: *a", "<<", "!!int ", "!!null ", "! ", "!<> ", "'", "\"", "|\n", ">-\n", "#",
        "---\n", "...\n", "%YAML 1.1\n", "%TAG ! x\n", "~", "null", "0x", "1e400", "-1", "99999999999999999999", ".nan", "\0", "\uD800", "\uFEFF", "\u0085", "\u2028",
        "\"\\UFFFFFFFF\"", "\"\\ud800\"", "ports", "targets", "tests", "ip", "port", "count", "cps", "tags", "api", "127.0.0.1", "::1", "[::1]", "x",
    ];

    private static readonly Gen<string> AnyText = Gen.OneOf(
        ArbMap.Default.GeneratorFor<string>().Select(text => text ?? ""),
        Gen.Elements(Fragments).ListOf().Select(string.Concat),
        Mutated());

    [Fact]
    public void No_text_throws_and_each_gives_a_configuration_or_errors() =>
        Prop.ForAll(AnyText.ToArbitrary(), text =>
        {
            ConfigurationResult result = CollectorConfigurationReader.Read(text, "f");
            return (result.Configuration is null) == (result.Errors.Count > 0)
                && result.Errors.Concat(result.Warnings).All(finding => finding.Line >= 0 && !finding.ToString().AsSpan().ContainsAny('\n', '\r', '\0'));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(20_000).WithEndSize(60));

    [Fact]
    public void Errors_come_by_line() =>
        Prop.ForAll(Mutated().ToArbitrary(), text =>
        {
            IEnumerable<int> lines = CollectorConfigurationReader.Read(text, "f").Errors.Select(error => error.Line);
            return lines.SequenceEqual(lines.Order());
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2_000));

    [Fact]
    public void What_is_written_reads_back_with_the_same_meaning() =>
        Prop.ForAll(Configurations().ToArbitrary(), configuration =>
        {
            ConfigurationResult result = CollectorConfigurationReader.Read(CollectorConfigurationWriter.Write(configuration), "f");
            Assert.Empty(result.Errors);
            Assert.Equal(Meaning(configuration), Meaning(result.Configuration!));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(100));

    [Fact]
    public void What_was_read_is_written_and_read_back_with_its_names()
    {
        foreach (string seed in Seeds)
        {
            if (CollectorConfigurationReader.Read(seed, "f").Configuration is not { } configuration)
                continue;
            ConfigurationResult again = CollectorConfigurationReader.Read(CollectorConfigurationWriter.Write(configuration), "f");
            Assert.Empty(again.Warnings);
            Assert.Equal(ConfigurationText.Of(configuration with { IsLegacy = false }), ConfigurationText.Of(again.Configuration!));
        }
    }

    private static readonly Dictionary<string, Func<string>> BombsByName = new()
    {
        ["laughs"] = () => "a: &a [x]\n" + string.Concat(Enumerable.Range(0, 25).Select(i => $"{(char)('b' + i)}: &{(char)('b' + i)} [{Repeat($"*{(char)('a' + i)},", 9)}]\n")),
        ["merged laughs"] = () => "a: &a {x: y}\n" + string.Concat(Enumerable.Range(0, 25).Select(i => $"{(char)('b' + i)}: &{(char)('b' + i)} {{<<: [{Repeat($"*{(char)('a' + i)},", 9)}]}}\n")),
        ["chained merges"] = () => "k0: &k0 {x: y}\n" + string.Concat(Enumerable.Range(1, 20_000).Select(i => $"k{i}: &k{i} {{<<: *k{i - 1}}}\n")),
        ["aliased targets"] = () => $"x: &t {{ip: 10.0.0.1, port: 1}}\ny: &l [{Repeat("*t, ", 3000)}]\ntargets: {{{string.Concat(Enumerable.Range(0, 3000).Select(i => $"k{i}: *l, "))}}}\n",
        ["deep lists"] = () => Repeat("[", 500_000),
        ["deep mappings"] = () => Repeat("{a: ", 500_000),
        ["deep blocks"] = () => string.Concat(Enumerable.Range(0, 2000).Select(i => new string(' ', i) + "a:\n")),
        ["deep entries"] = () => Repeat("- ", 500_000),
        ["repeated sections"] = () => Repeat("targets: {t: [{ip: 10.0.0.1, port: 1}]}\n", 20_000),
        ["repeated tags"] = () => "tests: []\ntargets:\n  t:\n    - ip: a\n      port: 1\n" + Repeat("      tags: {a: b}\n", 50_000),
        ["nothing but mistakes"] = () => "tests:\n" + Repeat("  - {targets: a, port_group: b, rate_limit: c}\n", 20_000),
        ["many names to guess at"] = () => "targets:\n" + string.Concat(Enumerable.Range(0, 20_000).Select(i => $"  target{i}: []\n")) + "tests:\n" + Repeat("  - {targets: targetx}\n", 20_000),
        ["long word"] = () => new string('k', 5_000_000) + ": 1",
        ["long number"] = () => "summarization: {interval: " + new string('9', 1_000_000) + "}",
        ["long host"] = () => new string('a', 60) + "." + new string('1', 1_000_000) + ": {a: b}",
        ["open quote"] = () => "\"" + Repeat("x\n", 1_000_000),
        ["comments"] = () => Repeat("#\n", 2_000_000),
        ["too long"] = () => new string(' ', (64 << 20) + 1),
    };

    public static TheoryData<string> Bombs() => [.. BombsByName.Keys];

    [Theory]
    [MemberData(nameof(Bombs))]
    public void A_hostile_text_is_refused_in_bounded_time_and_memory(string name)
    {
        string text = BombsByName[name]();
        long before = GC.GetAllocatedBytesForCurrentThread();
        var watch = Stopwatch.StartNew();
        ConfigurationResult result = CollectorConfigurationReader.Read(text, "f");
        Assert.NotEmpty(result.Errors);
        // Generous bounds: what they catch takes hours and all memory.
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 60);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 2L << 30);
    }

    private static Gen<string> Mutated() =>
        from seed in Gen.Elements(Seeds)
        from edits in (from at in Gen.Choose(0, 4000)
                       from cut in Gen.Choose(0, 12)
                       from put in Gen.OneOf(Gen.Elements(Fragments), Gen.Constant(""), Gen.Choose(0, 0xFFFF).Select(c => ((char)c).ToString()))
                       select (at, cut, put)).ListOf()
        select edits.Take(8).Aggregate(seed, (text, edit) =>
        {
            int at = text.Length == 0 ? 0 : edit.at % text.Length;
            return text.Remove(at, Math.Min(edit.cut, text.Length - at)).Insert(at, edit.put);
        });

    private static Gen<CollectorConfiguration> Configurations()
    {
        Gen<string> text = ArbMap.Default.GeneratorFor<string>()
            .Select(value => new string([.. (value ?? "").Where(c => !char.IsSurrogate(c))]))
            .Or(Gen.Elements(Fragments.Where(value => value != "\uD800").ToArray()))
            .Or(Gen.Constant(new string('k', 1500)));
        Gen<IPAddress> address = ArbMap.Default.GeneratorFor<byte[]>().Select(octets => octets is null ? [] : octets)
            .Select(octets => octets.Length % 2 == 0 ? new IPAddress([10, .. octets.Concat(new byte[3]).Take(3)]) : new IPAddress([0x20, 0x01, .. octets.Concat(new byte[14]).Take(14)]));
        Gen<PortSettings> port =
            from name in text
            from source in address
            from tos in Gen.Choose(0, 255)
            from timeout in Gen.Choose(1, 60_000)
            from size in Gen.Elements(84, 1028, 9216)
            from df in Gen.Elements<bool?>(null, true, false)
            from count in Gen.Choose(1, 1000)
            select new PortSettings
            {
                Name = name,
                Address = source,
                Class = (byte)tos,
                Timeout = TimeSpan.FromMilliseconds(timeout),
                Size = size,
                DontFragment = df,
                Count = count,
            };
        Gen<TargetSettings> target =
            from numeric in address
            from named in Gen.Elements(true, false)
            from number in Gen.Choose(1, 65_535)
            from keys in text.ListOf()
            from value in text
            select new TargetSettings
            {
                Host = named ? $"probe-{number}.example" : numeric.ToString(),
                Address = named ? null : numeric,
                Port = number,
                Tags = [.. keys.Distinct().Select(key => KeyValuePair.Create(key, value))],
            };
        Gen<TestSettings> test =
            from name in text.Or(Gen.Elements("a/b/c", "a/b/c#2", "a/b/d"))
            from rate in Gen.Elements(0.00002, 0.1, 1, 20.5, 1_000_000)
            from ports in port.NonEmptyListOf()
            from targets in target.NonEmptyListOf()
            select new TestSettings
            {
                Name = name,
                CyclesPerSecond = rate,
                Ports = [.. ports.Take(3)],
                Targets = [.. targets.DistinctBy(one => (one.Host, one.Port)).Take(4)],
            };
        return
            from interval in Gen.Choose(1, 86_400)
            from host in Gen.Elements("", "0.0.0.0", "::", "name.example")
            from number in Gen.Choose(0, 65_535)
            from tests in test.NonEmptyListOf()
            select new CollectorConfiguration
            {
                Summarization = new SummarizationSettings { Interval = TimeSpan.FromSeconds(interval) },
                Api = new ApiSettings { Host = host, Port = number },
                Tests = [.. tests],
            };
    }

    // Names are the writer's to give where those of the tests can't be.
    private static string Meaning(CollectorConfiguration configuration) => ConfigurationText.Of(configuration with
    {
        IsLegacy = false,
        Tests = [.. configuration.Tests.Select(test => test with { Name = "", Ports = [.. test.Ports.Select(port => port with { Name = "" })] })],
    });

    private static string Repeat(string text, int count) => string.Concat(Enumerable.Repeat(text, count));
}
