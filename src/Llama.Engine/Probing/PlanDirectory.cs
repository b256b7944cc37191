using System.Net;
using Llama.Wire;
using Llama.Wire.Clocks;
using Llama.Wire.Sockets;

namespace Llama.Engine.Probing;

/// <summary>
/// Turns plans into what the loop works with: finds what is in the plan before as well, opens sockets for the rest, gives out
/// indices, and takes back those of flows that are gone once nothing can refer to them any longer. Belongs to whoever applies
/// plans, one thread at a time.
/// </summary>
internal sealed class PlanDirectory(IDatagramNetwork network, Clock clock)
{
    /// <summary>Longer than any reply is waited for, or recognised as late.</summary>
    private const long RestNanos = 600L * 1_000_000_000;

    private readonly Dictionary<SourceKey, SourceSocket> _sources = [];
    private readonly IndexSpace<FlowKey> _flows = new(RestNanos);
    private readonly IndexSpace<PairKey> _pairs = new(RestNanos);
    private Roster _roster = Roster.Empty;

    /// <summary>Prepares a plan. When it throws, nothing has changed.</summary>
    public PlanChange Prepare(ProbingPlan plan)
    {
        MonotonicTime now = clock.Monotonic;
        Dictionary<SourceKey, SourceChange> sources = OpenSources(plan);

        var newFlows = new List<NewFlow>();
        var flows = new Dictionary<int, FlowIdentity>();
        var pairs = new Dictionary<int, PairIdentity>();
        var tests = new List<TestChange>();
        foreach (ProbingTest test in plan.Tests)
        {
            var order = new List<int>();
            foreach (SourcePort port in test.Ports)
            {
                SourceSocket source = sources[SourceKey.Of(test, port)].Source;
                foreach (Target target in test.Targets)
                {
                    if (target.EndPoint is not { } destination) continue;
                    int pair = _pairs.Find(new PairKey(port.Address, target.Host, destination, port.Class), now, out _);
                    pairs[pair] = new PairIdentity(port.Address, target, destination, port.Class);

                    int flow = _flows.Find(new FlowKey(test.Name, source, port.Class, target.Host, destination), now, out bool isNew);
                    flows[flow] = new FlowIdentity(pair, source.LocalPort);
                    order.Add(flow);
                    if (isNew) newFlows.Add(new NewFlow(flow, pair, source, UdpEndpoint.From(destination), port.Class, KernelRandom.NextUInt64()));
                }
            }

            int targets = order.Count / Math.Max(1, test.Ports.Count);
            tests.Add(new TestChange(test.Name, test.CyclesPerSecond, [.. order], targets, test.MostDatagrams));
        }

        _flows.RetireAllBut(flows.Keys, now);
        _pairs.RetireAllBut(pairs.Keys, now);
        _sources.Clear();
        foreach ((SourceKey key, SourceChange change) in sources) _sources[key] = change.Source;
        _roster = new Roster(Merge(_roster.Flows, flows, _flows.Count), Merge(_roster.Pairs, pairs, _pairs.Count));

        return new PlanChange
        {
            Interval = plan.Interval,
            Roster = _roster,
            Sources = [.. sources.Values],
            NewFlows = newFlows,
            Tests = tests,
            MaxSize = plan.Tests.SelectMany(test => test.Ports).Select(port => port.Size).DefaultIfEmpty(SourcePort.MinSize).Max(),
        };
    }

    private Dictionary<SourceKey, SourceChange> OpenSources(ProbingPlan plan)
    {
        var sources = new Dictionary<SourceKey, SourceChange>();
        var opened = new List<IDatagramSocket>();
        try
        {
            foreach (ProbingTest test in plan.Tests)
            {
                foreach (SourcePort port in test.Ports)
                {
                    SourceKey key = SourceKey.Of(test, port);
                    int ringCapacity = RingCapacity(test, port);
                    SourceSocket? source = sources.TryGetValue(key, out SourceChange? shared) ? shared.Source : _sources.GetValueOrDefault(key);
                    ringCapacity += shared?.RingCapacity ?? 0;
                    if (source is null)
                    {
                        IDatagramSocket socket = network.Open(new DatagramSocketOptions
                        {
                            Bind = new IPEndPoint(port.Address, port.Port),
                            DontFragment = port.DontFragment,
                        });
                        opened.Add(socket);
                        source = new SourceSocket(socket, port, ringCapacity);
                    }

                    sources[key] = new SourceChange(source, port, ringCapacity);
                }
            }

            return sources;
        }
        catch
        {
            foreach (IDatagramSocket socket in opened) socket.Dispose();
            throw;
        }
    }

    /// <summary>All that leaves one port while replies are waited for, as long again for late ones, and some to spare.</summary>
    private static int RingCapacity(ProbingTest test, SourcePort port)
    {
        double perSecond = test.CyclesPerSecond * test.Targets.Count;
        return (int)Math.Clamp(perSecond * (port.Timeout.TotalSeconds * 2 + 0.25) + 256, 256, 1 << 28);
    }

    private static T?[] Merge<T>(T?[] former, Dictionary<int, T> present, int count)
        where T : class
    {
        var merged = new T?[count];
        former.CopyTo(merged, 0);
        foreach ((int index, T identity) in present) merged[index] = identity;
        return merged;
    }

    /// <summary>What makes a port of one plan the same as one of another. A fixed port is the same whatever else changes.</summary>
    private sealed record SourceKey(string Test, SourcePort Port)
    {
        private static readonly TimeSpan AnyTimeout = TimeSpan.FromSeconds(1);

        public static SourceKey Of(ProbingTest test, SourcePort port) => port.Port == 0
            ? new SourceKey(test.Name, port with { Timeout = AnyTimeout })
            : new SourceKey("", new SourcePort { Ordinal = 0, Address = port.Address, Port = port.Port, Timeout = AnyTimeout });
    }

    private sealed record FlowKey(string Test, SourceSocket Source, byte Class, string Host, IPEndPoint Destination);

    private sealed record PairKey(IPAddress Source, string Host, IPEndPoint Destination, byte Class);
}
