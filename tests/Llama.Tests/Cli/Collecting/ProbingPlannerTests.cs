using System.Net;
using Llama.Cli.Collecting;
using Llama.Engine;
using Llama.Mesh;

namespace Llama.Tests.Cli.Collecting;

public class ProbingPlannerTests
{
    private static readonly PortSettings Plain = new() { Name = "plain", Timeout = TimeSpan.FromMilliseconds(500), Count = 2 };

    [Fact]
    public void A_plan_has_everything_the_configuration_says()
    {
        PortSettings marked = new()
        {
            Name = "marked",
            Address = IPAddress.Parse("192.0.2.7"),
            Port = 5001,
            Class = 184,
            Timeout = TimeSpan.FromSeconds(1),
            Size = 1400,
            DontFragment = true,
            Count = 1,
        };
        ProbingPlan plan = ProbingPlanner.Plan(Configuration([Plain, marked], Address("192.0.2.1", ("a", "1"), ("a", "2"))), _ => null);
        ProbingTest test = Assert.Single(plan.Tests);
        Assert.Equal(TimeSpan.FromSeconds(3), plan.Interval);
        Assert.Equal("lab", test.Name);
        Assert.Equal(10, test.CyclesPerSecond);
        Assert.Equal(3, test.Ports.Count);
        Assert.Equal(
            new SourcePort
            {
                Ordinal = 0,
                Address = IPAddress.Parse("192.0.2.7"),
                Port = 5001,
                Class = 184,
                Timeout = TimeSpan.FromSeconds(1),
                Size = 1400,
                DontFragment = true,
            },
            test.Ports[2]);
        Target target = Assert.Single(test.Targets);
        Assert.Equal(new IPEndPoint(IPAddress.Parse("192.0.2.1"), 8100), target.EndPoint);
        Assert.Equal("2", target.Tags["a"]);
    }

    [Fact]
    public void Alike_ports_are_counted_among_themselves_so_that_other_ports_do_not_renumber_them()
    {
        PortSettings other = Plain with { Name = "other", Class = 8, Count = 1 };
        IReadOnlyList<SourcePort> alone = Ports([Plain, Plain]);
        IReadOnlyList<SourcePort> mixed = Ports([Plain, other, Plain]);
        Assert.Equal([0, 1, 2, 3], alone.Select(port => port.Ordinal));
        Assert.Equal([0, 1, 0, 2, 3], mixed.Select(port => port.Ordinal));
        Assert.Equal(alone, mixed.Where(port => port.Class == 0));
    }

    [Fact]
    public void Targets_given_by_name_get_their_address_once_it_is_known_and_keep_their_tags()
    {
        CollectorConfiguration configuration = Configuration([Plain], Name("b.example", ("dst_name", "b")), Address("192.0.2.1"));
        Assert.Equal(["b.example"], ProbingPlanner.HostNames(configuration));
        Target unknown = ProbingPlanner.Plan(configuration, _ => null).Tests[0].Targets[0];
        Target known = ProbingPlanner.Plan(configuration, _ => IPAddress.Parse("2001:db8::2")).Tests[0].Targets[0];
        Assert.Null(unknown.EndPoint);
        Assert.Equal(new IPEndPoint(IPAddress.Parse("2001:db8::2"), 8100), known.EndPoint);
        Assert.Equal("b", known.Tags["dst_name"]);
        Assert.Equal("b.example", known.Host);
    }

    [Fact]
    public void The_outline_tells_flows_rate_and_bandwidth() =>
        Assert.Equal(
            [
                "test lab: 2 ports x 2 targets = 4 flows, 10 cycles/s, 40 datagrams/s",
                "in all: 1 test, 4 flows, 40 datagrams/s, 337.92 kbit/s each way, 1 host name to resolve",
                "summaries every 3 s, API on 0.0.0.0:5000",
            ],
            PlanOutline.Describe(Configuration([Plain], Name("b.example"), Address("192.0.2.1"))));

    [Theory]
    [InlineData("some avg10=0.00 avg60=0.10 avg300=0.00 total=123456\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=7\n", 123456L)]
    [InlineData("full avg10=0.00 total=7\n", null)]
    [InlineData("some avg10=0.00 total=\n", null)]
    [InlineData("", null)]
    public void Cpu_pressure_is_the_total_of_some(string text, long? micros) => Assert.Equal(micros, CpuPressure.Parse(text));

    private static IReadOnlyList<SourcePort> Ports(PortSettings[] ports) =>
        ProbingPlanner.Plan(Configuration(ports), _ => null).Tests[0].Ports;

    private static CollectorConfiguration Configuration(PortSettings[] ports, params TargetSettings[] targets) => new()
    {
        Summarization = new SummarizationSettings { Interval = TimeSpan.FromSeconds(3) },
        Api = new ApiSettings(),
        Tests = [new TestSettings { Name = "lab", CyclesPerSecond = 10, Ports = ports, Targets = targets }],
    };

    private static TargetSettings Address(string address, params (string Key, string Value)[] tags) =>
        Name(address, tags) with { Address = IPAddress.Parse(address) };

    private static TargetSettings Name(string name, params (string Key, string Value)[] tags) => new()
    {
        Host = name,
        Port = 8100,
        Tags = [.. tags.Select(tag => KeyValuePair.Create(tag.Key, tag.Value))],
    };
}
