using System.Net;
using Llama.Engine;
using Llama.Engine.Probing;
using Llama.Engine.Summaries;
using Llama.Wire.Clocks;
using Llama.Wire.Sockets;

namespace Llama.Fuzz.Rounds;

/// <summary>A prober that measures beside the hostile traffic, and whose reports are held against the laws of summaries.</summary>
internal sealed class HonestTraffic : IDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(2);

    private readonly CancellationTokenSource _ending = new();
    private readonly Prober _prober;
    private readonly Thread _thread;
    private readonly List<IntervalReport> _reports = [];
    private Exception? _failure;

    /// <summary>Starts to probe.</summary>
    public HonestTraffic(IPEndPoint target, double cyclesPerSecond, int flows, bool portable = false, ReadOnlyMemory<byte> key = default)
    {
        _prober = new Prober(DatagramNetwork.Create(portable), Clock.System, new ProberOptions { Publish = _reports.Add, Key = key });
        Plan = new ProbingPlan
        {
            Interval = TimeSpan.FromSeconds(1),
            Tests =
            [
                new ProbingTest
                {
                    Name = "honest",
                    CyclesPerSecond = cyclesPerSecond,
                    Ports =
                    [
                        .. Enumerable.Range(0, flows).Select(ordinal => new SourcePort
                        {
                            Ordinal = ordinal,
                            Address = IPAddress.Loopback,
                            Timeout = Timeout,
                            Size = 200,
                        }),
                    ],
                    Targets = [new Target { Host = target.Address.ToString(), EndPoint = target }],
                },
            ],
        };
        _prober.Apply(Plan);
        _thread = new Thread(Run) { IsBackground = true, Name = "honest" };
        _thread.Start();
    }

    public ProbingPlan Plan { get; }

    /// <summary>Ends it and holds its reports against the laws.</summary>
    /// <returns>The sum of all reports.</returns>
    public HonestResult Stop()
    {
        _ending.Cancel();
        _thread.Join();
        if (_failure is not null) throw new Violation($"the prober failed: {_failure}");
        foreach (IntervalReport report in _reports) SummaryLaws.Check(report, Timeout);
        Summary[] summaries = [.. _reports.SelectMany(report => report.Summaries)];
        LatencyHistogram rtt = summaries.Aggregate(LatencyHistogram.Empty, (sum, summary) => sum.Merge(summary.Rtt));
        return new HonestResult(
            summaries.Sum(summary => summary.Counts.Sent),
            summaries.Sum(summary => summary.Counts.Lost),
            summaries.Sum(summary => summary.Counts.Duplicates),
            _reports.Sum(report => report.Health.ReceiveDrops),
            _reports.Sum(report => report.Health.UnmatchedReplies),
            rtt);
    }

    public void Dispose()
    {
        _ending.Cancel();
        _thread.Join();
        _prober.Dispose();
        _ending.Dispose();
    }

    private void Run()
    {
        try
        {
            _prober.Run(_ending.Token);
        }
        catch (Exception exception)
        {
            _failure = exception;
        }
    }
}

/// <summary>What the honest traffic came to.</summary>
internal sealed record HonestResult(long Sent, long Lost, long Duplicates, long ReceiveDrops, long Unmatched, LatencyHistogram Rtt);
