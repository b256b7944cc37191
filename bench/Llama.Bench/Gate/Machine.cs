using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Llama.Benchmarks.Gate;

/// <summary>What a reader has to know of the machine to make anything of the figures.</summary>
/// <param name="Facts">Names and values.</param>
internal sealed record Machine(IReadOnlyList<(string Name, string Value)> Facts)
{
    private const string Missing = "not installed";

    /// <summary>Looks around. Programs that are not there are said to be missing.</summary>
    /// <param name="root">The repository, for its commit.</param>
    /// <param name="cancellation">Ends it early.</param>
    public static async Task<Machine> DescribeAsync(string root, CancellationToken cancellation)
    {
        string[] cpu = File.ReadAllLines("/proc/cpuinfo");
        bool isVirtual = cpu.Any(line => line.StartsWith("flags", StringComparison.Ordinal) && line.Contains(" hypervisor", StringComparison.Ordinal));
        string model = cpu.FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[1].Trim() ?? "unknown";
        return new Machine([
            ("Date", DateTimeOffset.UtcNow.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture)),
            ("Commit", await FirstLineAsync(cancellation, "git", "-C", root, "describe", "--always", "--dirty").ConfigureAwait(false)),
            ("CPU", $"{model}, {Environment.ProcessorCount} cores{(isVirtual ? ", virtual machine" : "")}"),
            ("Kernel", File.ReadAllText("/proc/sys/kernel/osrelease").Trim()),
            (".NET", RuntimeInformation.FrameworkDescription),
            ("C compiler", await FirstLineAsync(cancellation, "cc", "--version").ConfigureAwait(false)),
            ("irtt", await FirstLineAsync(cancellation, "irtt", "version").ConfigureAwait(false)),
            ("fping", await FirstLineAsync(cancellation, "fping", "--version").ConfigureAwait(false)),
            ("tcpdump", await FirstLineAsync(cancellation, "tcpdump", "--version").ConfigureAwait(false)),
            ("net.core.rmem_max", File.ReadAllText("/proc/sys/net/core/rmem_max").Trim()),
            ("Load average at the start", File.ReadAllText("/proc/loadavg").Trim()),
        ]);
    }

    /// <summary>The same with one fact more.</summary>
    public Machine With(string name, string value) => new([.. Facts, (name, value)]);

    private static async Task<string> FirstLineAsync(CancellationToken cancellation, params string[] commandLine)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(commandLine[0], commandLine[1..])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
            Task<string> errors = process.StandardError.ReadToEndAsync(cancellation);
            string output = await process.StandardOutput.ReadToEndAsync(cancellation).ConfigureAwait(false);
            string all = output + await errors.ConfigureAwait(false);
            await process.WaitForExitAsync(cancellation).ConfigureAwait(false);
            return all.Split('\n')[0].Trim();
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return Missing;
        }
    }
}
