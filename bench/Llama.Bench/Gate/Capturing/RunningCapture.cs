using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Llama.Benchmarks.Gate.Capturing;

/// <summary>A tcpdump on the loopback interface, with the kernel's own timestamps to the nanosecond.</summary>
internal sealed partial class RunningCapture : IAsyncDisposable
{
    /// <summary>Enough for the extension of a datagram: Ethernet, IPv4 and UDP headers, and its first 79 octets.</summary>
    private const int KeptOctets = 128;

    private const int BufferKibibytes = 256 * 1024;
    private static readonly TimeSpan StartDeadline = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(20);

    private readonly RunningProgram _tcpdump;
    private readonly string _file;

    private RunningCapture(RunningProgram tcpdump, string file)
    {
        _tcpdump = tcpdump;
        _file = file;
    }

    /// <summary>Starts to capture, and returns when it does.</summary>
    /// <param name="bench">Where its file goes.</param>
    /// <param name="filter">What to capture (pcap-filter(7)).</param>
    /// <param name="seconds">When it is ended at the latest.</param>
    /// <param name="cancellation">Ends it early.</param>
    public static async Task<RunningCapture> StartAsync(Workbench bench, string filter, double seconds, CancellationToken cancellation)
    {
        string file = Path.Combine(bench.Directory, $"{Guid.NewGuid():N}.pcap");
        RunningProgram tcpdump = await RunningProgram.StartAsync(
            null, seconds, "tcpdump", "-i", "lo", "-n", "-Z", "root", "-s", $"{KeptOctets}", "-B", $"{BufferKibibytes}",
            "--time-stamp-precision=nano", "-w", file, filter).ConfigureAwait(false);
        long begin = Stopwatch.GetTimestamp();
        while (!tcpdump.Error.Contains("listening on", StringComparison.Ordinal))
        {
            if (tcpdump.HasExited || Stopwatch.GetElapsedTime(begin) > StartDeadline)
            {
                await tcpdump.DisposeAsync().ConfigureAwait(false);
                throw new InvalidOperationException($"tcpdump does not capture: {tcpdump.Error}");
            }

            await Task.Delay(Beat, cancellation).ConfigureAwait(false);
        }

        return new RunningCapture(tcpdump, file);
    }

    /// <summary>Ends the capture.</summary>
    /// <returns>Its frames.</returns>
    /// <exception cref="InvalidDataException">The kernel had no room for all of them.</exception>
    public async Task<IEnumerable<CapturedFrame>> EndAsync(CancellationToken cancellation)
    {
        await _tcpdump.InterruptAsync(cancellation).ConfigureAwait(false);
        Match drops = Drops().Match(_tcpdump.Error);
        if (!drops.Success || drops.Groups[1].Value != "0") throw new InvalidDataException($"the capture is not whole: {_tcpdump.Error}");
        return CaptureFile.Read(await File.ReadAllBytesAsync(_file, cancellation).ConfigureAwait(false));
    }

    public async ValueTask DisposeAsync()
    {
        await _tcpdump.DisposeAsync().ConfigureAwait(false);
        File.Delete(_file);
    }

    [GeneratedRegex(@"(\d+) packets dropped by kernel")]
    private static partial Regex Drops();
}
