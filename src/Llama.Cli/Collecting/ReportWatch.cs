using System.Net;
using Llama.Engine.Summaries;

namespace Llama.Cli.Collecting;

/// <summary>
/// Tells the operator what changed from one report to the next: targets that the kernel refuses to send to, and intervals that
/// are suspect. What stays as it was is not told again. Reports must come one at a time.
/// </summary>
internal sealed class ReportWatch(Log log)
{
    private HashSet<IPEndPoint> _refused = [];
    private SuspectReason[] _suspect = [];

    /// <summary>Takes a report.</summary>
    public void Look(IntervalReport report)
    {
        HashSet<IPEndPoint> refused =
            [.. report.Summaries.Where(summary => summary.Counts is { Sent: 0, SendErrors: > 0 }).Select(summary => summary.Destination)];
        TellTargets([.. refused.Except(_refused)], "the kernel refuses to send to", "check the route and the port's source address", log.Warn);
        TellTargets([.. _refused.Except(refused)], "the kernel no longer refuses to send to", "measuring again", log.Info);
        _refused = refused;

        SuspectReason[] suspect = [.. report.Health.Suspect];
        if (suspect.SequenceEqual(_suspect)) return;
        if (suspect.Length > 0)
            log.Warn($"results are suspect from {report.Start:HH:mm:ss} on: {string.Join(", ", suspect.Select(Describe))}");
        else
            log.Info($"results are no longer suspect from {report.Start:HH:mm:ss} on");
        _suspect = suspect;
    }

    private static void TellTargets(IPEndPoint[] targets, string what, string then, Action<string> tell)
    {
        if (targets.Length == 0) return;
        string others = targets.Length > 1 ? $" and {targets.Length - 1} others" : "";
        tell($"{what} {targets[0]}{others}; {then}");
    }

    private static string Describe(SuspectReason reason) => reason switch
    {
        SuspectReason.LateSends => "datagrams left late",
        SuspectReason.SkippedSends => "datagrams were left out for want of time",
        SuspectReason.ReceiveDrops => "the kernel dropped replies because a receive buffer was full (raise net.core.rmem_max)",
        SuspectReason.SendBufferFull => "the kernel had no room to send (raise net.core.wmem_max)",
        SuspectReason.GarbageCollection => "garbage collection took long",
        SuspectReason.CpuPressure => "the machine is short of CPU",
        SuspectReason.ClockStep => "the wall clock was stepped",
        SuspectReason.SlowSends => "send calls took so long that round-trip times are missing",
        _ => reason.ToString(),
    };
}
