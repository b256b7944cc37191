namespace Llama.Benchmarks.Gate;

/// <summary>CPU time of the whole machine by kind, in ticks since boot: the first line of /proc/stat (proc_stat(5)).</summary>
/// <param name="Total">All of it.</param>
/// <param name="Idle">Nobody wanted it.</param>
/// <param name="Stolen">The hypervisor gave it to somebody else.</param>
internal readonly record struct CpuShares(double Total, double Idle, double Stolen)
{
    private const int IdleField = 3, StolenField = 7;

    public static CpuShares Now()
    {
        double[] ticks = [.. File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1).Take(8).Select(double.Parse)];
        return new CpuShares(ticks.Sum(), ticks[IdleField], ticks[StolenField]);
    }

    /// <summary>Share that was stolen since an earlier moment, 0 to 1.</summary>
    public double StolenSince(CpuShares earlier) => (Stolen - earlier.Stolen) / Math.Max(1, Total - earlier.Total);

    /// <summary>Share that was used, by whomever, since an earlier moment, 0 to 1.</summary>
    public double BusySince(CpuShares earlier) => 1 - (Idle - earlier.Idle) / Math.Max(1, Total - earlier.Total);
}
