using System.Net;
using Llama.Engine;
using Llama.Mesh;

namespace Llama.Cli.Collecting;

/// <summary>Turns what the configuration says into what the prober does. Pure.</summary>
internal static class ProbingPlanner
{
    /// <summary>The plan of a configuration.</summary>
    /// <param name="configuration">The configuration.</param>
    /// <param name="addressOf">The address of a host name; null while it is not known.</param>
    /// <param name="reach">Where to send to in order to reach a target; null for the target itself.</param>
    public static ProbingPlan Plan(CollectorConfiguration configuration, Func<string, IPAddress?> addressOf, Func<IPEndPoint, IPEndPoint>? reach = null) => new()
    {
        Interval = configuration.Summarization.Interval,
        Tests = [.. configuration.Tests.Select(test => new ProbingTest
        {
            Name = test.Name,
            CyclesPerSecond = test.CyclesPerSecond,
            Ports = Ports(test.Ports),
            Targets = [.. test.Targets.Select(target => Target(target, addressOf, reach))],
        })],
    };

    /// <summary>The names that need an address before their targets can be probed.</summary>
    public static IEnumerable<string> HostNames(CollectorConfiguration configuration) =>
        configuration.Tests.SelectMany(test => test.Targets).Where(target => target.Address is null).Select(target => target.Host);

    // Ports that are alike are counted among themselves, so that one more of another kind leaves their flows as they are. How
    // long they wait makes no difference: that may change while they stay.
    private static List<SourcePort> Ports(IReadOnlyList<PortSettings> settings)
    {
        var ports = new List<SourcePort>();
        var alike = new Dictionary<SourcePort, int>();
        foreach (PortSettings setting in settings)
        {
            var first = new SourcePort
            {
                Ordinal = 0,
                Address = setting.Address,
                Port = setting.Port,
                Class = setting.Class,
                Timeout = setting.Timeout,
                Size = setting.Size,
                DontFragment = setting.DontFragment,
            };
            for (int i = 0; i < setting.Count; i++)
            {
                SourcePort kind = first with { Timeout = TimeSpan.MaxValue };
                int ordinal = alike.GetValueOrDefault(kind);
                alike[kind] = ordinal + 1;
                ports.Add(first with { Ordinal = ordinal });
            }
        }

        return ports;
    }

    private static Target Target(TargetSettings setting, Func<string, IPAddress?> addressOf, Func<IPEndPoint, IPEndPoint>? reach)
    {
        var tags = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach ((string key, string value) in setting.Tags) tags[key] = value;
        IPAddress? address = setting.Address ?? addressOf(setting.Host);
        IPEndPoint? endPoint = address is null ? null : new IPEndPoint(address, setting.Port);
        return new Target
        {
            Host = setting.Host,
            EndPoint = endPoint is null || reach is null ? endPoint : reach(endPoint),
            Tags = tags,
        };
    }
}
