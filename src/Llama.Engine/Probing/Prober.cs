using System.Collections.Concurrent;
using Llama.Engine.Summaries;
using Llama.Wire.Clocks;
using Llama.Wire.Sockets;

namespace Llama.Engine.Probing;

/// <summary>
/// Sends datagrams to targets as a plan says, judges the replies, and hands out a report for each interval. One thread runs it,
/// another one writes the reports; <see cref="Apply"/> may be called from any.
/// </summary>
public sealed class Prober : IDisposable
{
    private readonly IDatagramNetwork _network;
    private readonly ProberOptions _options;
    private readonly PlanDirectory _directory;
    private readonly ProbingLoop _loop;
    private readonly BlockingCollection<IntervalBook> _closed = [];
    private readonly Lock _applying = new();

    /// <summary>A prober that does nothing until it has a plan and is run.</summary>
    /// <param name="network">Where its sockets come from; disposed with the prober.</param>
    /// <param name="clock">What it reads time from.</param>
    /// <param name="options">What it suspects itself of, and who hears of the reports.</param>
    public Prober(IDatagramNetwork network, Clock clock, ProberOptions options)
    {
        _network = network;
        _options = options;
        _directory = new PlanDirectory(network, clock);
        _loop = new ProbingLoop(network, clock, options.Key.Span, _closed.Add);
    }

    /// <summary>
    /// Takes a plan, or another one. Sockets are opened on the calling thread; flows that are in both plans keep sockets and
    /// counts, and what was sent under the old plan is still judged and reported.
    /// </summary>
    /// <exception cref="System.Net.Sockets.SocketException">A socket could not be opened. The plan in force stays.</exception>
    public void Apply(ProbingPlan plan)
    {
        lock (_applying) _loop.Apply(_directory.Prepare(plan));
    }

    /// <summary>
    /// Authenticates datagrams with another key from now on, or, with an empty one, not at all. Replies under way meanwhile are not
    /// believed. Any thread may call it.
    /// </summary>
    public void Rekey(ReadOnlySpan<byte> key) => _loop.Rekey(key);

    /// <summary>
    /// Probes until cancelled, or until every test has sent its <see cref="ProbingTest.MostDatagrams"/> and all of them have been
    /// judged. Then the running interval ends at once: its report is handed out before this returns, without the datagrams whose
    /// replies were still awaited.
    /// </summary>
    public void Run(CancellationToken cancellation)
    {
        var reporting = new Thread(Report) { IsBackground = true, Name = "reports" };
        reporting.Start();
        using (cancellation.Register(_network.Wake))
        {
            while (!cancellation.IsCancellationRequested && !_loop.IsOver) _loop.Step();
        }

        _loop.Finish();
        _closed.CompleteAdding();
        reporting.Join();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _network.Dispose();
        _closed.Dispose();
    }

    private void Report()
    {
        var summarizer = new Summarizer(_options);
        foreach (IntervalBook book in _closed.GetConsumingEnumerable())
        {
            IntervalReport report = summarizer.Summarize(book);
            book.Clear();
            _loop.Return(book);
            if (report.End > report.Start) _options.Publish(report);
        }
    }
}
