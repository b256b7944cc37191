namespace Llama.Benchmarks.Gate;

/// <summary>CPU time that a process has used, user and system, at a moment.</summary>
/// <remarks>
/// The scheduler's own count of each thread is exact to the nanosecond (/proc/PID/task/TID/schedstat), but is gone when a thread ends.
/// The count of the whole process keeps them (/proc/PID/stat), but is cut to ticks. Together they are exact and leave nothing out.
/// </remarks>
internal sealed class CpuReading
{
    private const double NanosPerTick = 1e7;
    private const double TickErrorNanos = 2 * NanosPerTick;
    private const int UserTicksField = 11, SystemTicksField = 12;

    private readonly Dictionary<string, double> _nanosOfThread;
    private readonly double _ticksNanos;

    private CpuReading(Dictionary<string, double> nanosOfThread, double ticksNanos)
    {
        _nanosOfThread = nanosOfThread;
        _ticksNanos = ticksNanos;
    }

    public static CpuReading Of(int process)
    {
        var threads = new Dictionary<string, double>();
        foreach (string thread in Directory.EnumerateDirectories($"/proc/{process}/task"))
        {
            try
            {
                threads[thread] = double.Parse(File.ReadAllText(Path.Combine(thread, "schedstat")).Split(' ')[0]);
            }
            catch (IOException)
            {
                // It ended between being listed and being read; the count of the whole process has it.
            }
        }

        // The name of the program stands in parentheses and may hold anything; the numbers begin behind it (proc_pid_stat(5)).
        string stat = File.ReadAllText($"/proc/{process}/stat");
        string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return new CpuReading(threads, (double.Parse(fields[UserTicksField]) + double.Parse(fields[SystemTicksField])) * NanosPerTick);
    }

    /// <summary>Nanoseconds of CPU time since an earlier reading.</summary>
    public double NanosSince(CpuReading earlier)
    {
        double exact = _nanosOfThread.Sum(thread => thread.Value - earlier._nanosOfThread.GetValueOrDefault(thread.Key));
        return Math.Max(exact, _ticksNanos - earlier._ticksNanos - TickErrorNanos);
    }
}
