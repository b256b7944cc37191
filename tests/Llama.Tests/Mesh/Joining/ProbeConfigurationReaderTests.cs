using System.Net;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Llama.Mesh;
using Llama.Mesh.Joining;
using Llama.Tests.Cli.Joining;

namespace Llama.Tests.Mesh.Joining;

public class ProbeConfigurationReaderTests
{
    private const string Whole =
        """
        {"group":"g","name":"a","tag":"x-1","interval_s":10,"tests":[{"name":"g","cps":2.5,
         "ports":[{"class":184,"size":500,"timeout_ms":750,"df":true,"count":4},{"class":0,"size":1028,"timeout_ms":1000,"count":1}],
         "targets":[
          {"group":"g","name":"a","full_name":"a.example","address":"192.0.2.1","port":8100,"tags":{}},
          {"group":"g","name":"b","full_name":"b.example","address":"192.0.2.2","port":8101,"tags":{"site":"lhr1","group":"mine","dst_name":"mine"}},
          {"group":"h","name":"a","full_name":"ha.example","address":"2001:db8::1","port":8100,"tags":{}}]}],
         "datagram_key":"AQIDBA=="}
        """;

    private static readonly ProbeIdentity Self = new() { Group = "g", Name = "a", FullName = "a.example", Port = 8100 };

    [Fact]
    public void A_configuration_says_whom_to_measure_and_how()
    {
        ProbeConfiguration configuration = Read(Whole);
        Assert.Equal(TimeSpan.FromSeconds(10), configuration.Collector.Summarization.Interval);
        TestSettings test = Assert.Single(configuration.Collector.Tests);
        Assert.Equal(2.5, test.CyclesPerSecond);
        PortSettings port = test.Ports[0];
        Assert.Equal("184 500 750 True 4", $"{port.Class} {port.Size} {port.Timeout.TotalMilliseconds} {port.DontFragment} {port.Count}");
        Assert.Null(test.Ports[1].DontFragment);
        Assert.Equal([1, 2, 3, 4], configuration.DatagramKey.ToArray());
    }

    [Fact]
    public void The_probe_itself_is_left_out_and_its_namesake_in_another_group_is_not() =>
        Assert.Equal(["192.0.2.2", "2001:db8::1"], Read(Whole).Collector.Tests[0].Targets.Select(target => target.Host));

    [Fact]
    public void Tags_are_those_of_the_originals_configurations_in_their_order()
    {
        TargetSettings target = Read(Whole).Collector.Tests[0].Targets[0];
        Assert.Equal(
            ["site=lhr1", "group=g", "dst_name=b.example", "dst_shortname=b", "src_name=a.example", "src_shortname=a"],
            target.Tags.Select(tag => $"{tag.Key}={tag.Value}"));
    }

    [Fact]
    public void Datagrams_leave_from_the_address_the_probe_is_bound_to()
    {
        var bound = Self with { Source = IPAddress.Parse("192.0.2.1") };
        ProbeConfigurationResult result = ProbeConfigurationReader.Read(ConfigurationForm.Json, Encoding.UTF8.GetBytes(Whole), bound);
        Assert.All(result.Configuration!.Collector.Tests[0].Ports, port => Assert.Equal(bound.Source, port.Address));
    }

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("::")]
    [InlineData("255.255.255.255")]
    [InlineData("239.1.2.3")]
    [InlineData("ff02::1")]
    [InlineData("host.example")]
    [InlineData("")]
    public void A_target_that_nobody_can_send_to_is_left_out_and_the_others_are_measured(string address)
    {
        ProbeConfigurationResult result = Result(ScriptedServer.Json(["192.0.2.5", address]));
        Assert.Equal(["192.0.2.5"], result.Configuration!.Collector.Tests[0].Targets.Select(target => target.Host));
        Assert.Single(result.LeftOut);
    }

    [Fact]
    public void Two_targets_of_one_address_are_measured_once() =>
        Assert.Single(Read(ScriptedServer.Json(["192.0.2.5", "192.0.2.5"])).Collector.Tests[0].Targets);

    [Fact]
    public void Tests_of_one_name_are_told_apart()
    {
        string two = Whole.Replace("\"tests\":[", "\"tests\":[{\"name\":\"g\",\"cps\":1,\"ports\":[{\"timeout_ms\":1}],\"targets\":[]},", StringComparison.Ordinal);
        Assert.Equal(["g", "g#2"], Read(two).Collector.Tests.Select(test => test.Name));
    }

    [Theory]
    [InlineData("\"interval_s\":10", "\"interval_s\":0", "interval_s is 0")]
    [InlineData("\"interval_s\":10", "\"interval_s\":90000", "interval_s is 90000")]
    [InlineData("\"interval_s\":10,", "", "interval_s is missing")]
    [InlineData("\"cps\":2.5", "\"cps\":0", "tests[0].cps does not fit")]
    [InlineData("\"count\":4", "\"count\":100000", "tests[0].ports[0].count is 100000")]
    [InlineData("\"size\":500", "\"size\":10", "tests[0].ports[0].size is 10")]
    [InlineData("\"timeout_ms\":750", "\"timeout_ms\":-1", "tests[0].ports[0].timeout_ms is -1")]
    [InlineData("\"class\":184", "\"class\":256", "tests[0].ports[0].class is 256")]
    [InlineData("\"class\":184", "\"class\":\"EF\"", "is no configuration")]
    public void What_does_not_fit_is_named(string part, string instead, string problem) =>
        Assert.Contains(problem, Result(Whole.Replace(part, instead, StringComparison.Ordinal)).Problem, StringComparison.Ordinal);

    [Theory]
    [InlineData("p1 asks", "p1", 8100, "127.0.0.2:8100 127.0.0.3:8101")]
    [InlineData("p2 asks", "p2", 8100, "127.0.0.3:8101")]
    [InlineData("p3 asks", "p3", 8101, "127.0.0.1:8100 127.0.0.2:8100")]
    [InlineData("q1 with srcip", "q1", 8100, "")]
    public void Of_the_originals_configurations_all_but_the_own_entry_is_taken(string step, string name, int port, string targets)
    {
        var self = new ProbeIdentity { Group = "g1", Name = name, FullName = $"{name}.example", Port = port };
        ProbeConfigurationResult result = ProbeConfigurationReader.Read(ConfigurationForm.Yaml, Encoding.UTF8.GetBytes(OriginalBodies.Config(step)), self);
        TestSettings test = Assert.Single(result.Configuration!.Collector.Tests);
        Assert.Equal(targets, string.Join(' ', test.Targets.Select(target => $"{target.Host}:{target.Port}")));
        Assert.Equal((2, 4, 15), ((int)test.CyclesPerSecond, test.Ports[0].Count, (int)result.Configuration.Collector.Summarization.Interval.TotalSeconds));
        Assert.All(test.Targets, target => Assert.Contains(new KeyValuePair<string, string>("src_shortname", name), target.Tags));
    }

    [Fact]
    public void Whatever_a_server_sends_nothing_is_thrown() => Prop.ForAll(
        ArbMap.Default.ArbFor<(byte Octet, int Position, bool Cut)[]>(),
        changes =>
        {
            List<byte> body = [.. Encoding.UTF8.GetBytes(Whole)];
            foreach ((byte octet, int position, bool cut) in changes)
            {
                int at = (int)((uint)position % body.Count);
                if (cut && body.Count > 1) body.RemoveRange(at, Math.Min(3, body.Count - at));
                else body[at] = octet;
                if (body.Count == 0) body.Add(octet);
            }

            foreach (ConfigurationForm form in Enum.GetValues<ConfigurationForm>())
            {
                ProbeConfigurationResult result = ProbeConfigurationReader.Read(form, body.ToArray(), Self);
                Assert.True(result.Configuration is null != result.Problem is null);
            }
        }).QuickCheckThrowOnFailure();

    private static ProbeConfigurationResult Result(string json) =>
        ProbeConfigurationReader.Read(ConfigurationForm.Json, Encoding.UTF8.GetBytes(json), Self);

    private static ProbeConfiguration Read(string json)
    {
        ProbeConfigurationResult result = Result(json);
        Assert.Null(result.Problem);
        return result.Configuration!;
    }
}
