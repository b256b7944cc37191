using System.Buffers;
using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;

namespace Llama.Server.Metrics;

/// <summary>What every process of ours tells of itself, under the names that Prometheus' own client libraries use.</summary>
internal static class ProcessMetrics
{
    private static readonly double StartedUnixSeconds = ReadStart();
    private static readonly byte[] Build = BuildLabels();

    /// <summary>Writes the families.</summary>
    public static void Write(PrometheusText text)
    {
        text.Family("llama_build_info", "gauge", "Which build this is; always 1.");
        text.Sample(1, Build);
        text.Family("llama_gc_pause_seconds_total", "counter", "Time that the garbage collector held all threads.");
        text.Sample(GC.GetTotalPauseDuration().TotalSeconds);
        text.Family("process_cpu_seconds_total", "counter", "CPU time of the process, user and system.");
        text.Sample(Environment.CpuUsage.TotalTime.TotalSeconds);
        text.Family("process_resident_memory_bytes", "gauge", "Memory of the process that is resident.");
        text.Sample(Environment.WorkingSet);
        text.Family("process_start_time_seconds", "gauge", "Start of the process, since the Unix epoch.");
        text.Sample(StartedUnixSeconds);
        if (OpenFileDescriptors() is not { } open) return;
        text.Family("process_open_fds", "gauge", "File descriptors that are open.");
        text.Sample(open);
    }

    private static double ReadStart()
    {
        using var process = Process.GetCurrentProcess();
        return new DateTimeOffset(process.StartTime).ToUnixTimeMilliseconds() / 1e3;
    }

    private static byte[] BuildLabels()
    {
        var labels = new ArrayBufferWriter<byte>();
        string version = typeof(ProcessMetrics).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "";
        PrometheusText.AddLabel(labels, "version", version);
        PrometheusText.AddLabel(labels, "runtime", RuntimeInformation.FrameworkDescription);
        PrometheusText.AddLabel(labels, "architecture", RuntimeInformation.ProcessArchitecture.SnakeCase());
        return labels.WrittenSpan.ToArray();
    }

    private static int? OpenFileDescriptors()
    {
        if (!OperatingSystem.IsLinux()) return null;
        try
        {
            return Directory.EnumerateFileSystemEntries("/proc/self/fd").Count();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
