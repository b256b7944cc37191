using Llama.Engine.Reflecting;

namespace Llama.Cli.Reflecting;

/// <summary>Tells, at most once a minute, what a reflector did not answer since it last told. Anyone may send anything: the log must not follow.</summary>
internal sealed class DropWatch(Reflector reflector, Log log, TimeProvider time)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);

    private ReflectorCounters _told = reflector.Counters;

    /// <summary>Tells until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(Pause, time);
        while (await timer.WaitForNextTickAsync(cancellation).ConfigureAwait(false))
        {
            ReflectorCounters now = reflector.Counters;
            if (Describe(_told, now) is { } drops) log.Warn(drops);
            _told = now;
        }
    }

    /// <summary>What was dropped between two looks; null when nothing was.</summary>
    internal static string? Describe(ReflectorCounters before, ReflectorCounters now)
    {
        List<string> parts = [];
        foreach (ReflectorVerdict verdict in Enum.GetValues<ReflectorVerdict>())
        {
            long count = now[verdict] - before[verdict];
            if (count > 0 && verdict != ReflectorVerdict.Reflected) parts.Add($"{count} {Reason(verdict)}");
        }

        if (now.ReceiveDrops > before.ReceiveDrops)
            parts.Add($"{now.ReceiveDrops - before.ReceiveDrops} that found the receive buffer full (raise net.core.rmem_max)");
        return parts.Count == 0 ? null : $"dropped in the last minute: {string.Join(", ", parts)}";
    }

    private static string Reason(ReflectorVerdict verdict) => verdict switch
    {
        ReflectorVerdict.Malformed => "malformed",
        ReflectorVerdict.AlreadyReflected => "already reflected",
        ReflectorVerdict.Bouncing => "bouncing between reflectors",
        ReflectorVerdict.SourcePortZero => "from port 0",
        ReflectorVerdict.RateLimited => "above --max-pps",
        ReflectorVerdict.SourceRateLimited => "above --max-pps-per-source",
        ReflectorVerdict.NotAuthenticated => "without the key",
        _ => "that the kernel refused to send",
    };
}
