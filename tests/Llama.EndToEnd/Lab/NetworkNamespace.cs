using System.Text.RegularExpressions;

namespace Llama.EndToEnd.Lab;

/// <summary>
/// One network namespace (ip-netns(8)): a host or a router. Its name begins with the process id of the test run, so that those of
/// runs that died are known for what they are.
/// </summary>
internal sealed partial class NetworkNamespace : IAsyncDisposable
{
    private static int _labs;

    private NetworkNamespace(string name) => Name = name;

    public string Name { get; }

    /// <summary>What the namespaces of one more lab begin with.</summary>
    public static string NewPrefix() => $"llama-{Environment.ProcessId}-{Interlocked.Increment(ref _labs)}-";

    /// <summary>Makes it, with loopback up and the settings of the kernel that all of them have.</summary>
    public static async Task<NetworkNamespace> CreateAsync(string name)
    {
        await Tool.RunAsync(["ip", "netns", "add", name]);
        var made = new NetworkNamespace(name);
        try
        {
            // Five-tuples choose among equal-cost paths; addresses are usable at once; datagrams may come back on another path.
            await made.RunAsync("sh", ["-e"], """
                cd /proc/sys/net
                echo 1 > ipv4/ip_forward
                echo 1 > ipv6/conf/all/forwarding
                echo 1 > ipv4/fib_multipath_hash_policy
                echo 1 > ipv6/fib_multipath_hash_policy
                echo 0 > ipv6/conf/default/accept_dad
                echo 0 > ipv4/conf/all/rp_filter
                echo 0 > ipv4/conf/default/rp_filter
                """);
            await made.IpAsync("link set lo up");
        }
        catch
        {
            await made.DisposeAsync();
            throw;
        }

        return made;
    }

    /// <summary>Removes what test runs have left that are no longer there, and ends what still runs in it.</summary>
    public static async Task RemoveLeftoversAsync()
    {
        foreach (string line in (await Tool.RunAsync(["ip", "netns", "list"])).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            string name = line.Split(' ')[0];
            Match match = OurName().Match(name);
            if (!match.Success || Path.Exists($"/proc/{match.Groups["pid"].Value}")) continue;
            try
            {
                string[] pids = (await Tool.RunAsync(["ip", "netns", "pids", name])).Split('\n', StringSplitOptions.RemoveEmptyEntries);
                if (pids.Length > 0) await Tool.RunAsync(["kill", "-KILL", .. pids]);
                await Tool.RunAsync(["ip", "netns", "delete", name]);
            }
            catch (ToolException)
            {
                // Another test run was faster.
            }
        }
    }

    /// <summary>The command line that runs a program inside.</summary>
    public string[] CommandLine(string program, IEnumerable<string> arguments) => ["ip", "netns", "exec", Name, program, .. arguments];

    public Task<string> RunAsync(string program, IEnumerable<string> arguments, string input = "") =>
        Tool.RunAsync(CommandLine(program, arguments), input);

    /// <summary>Runs commands of ip(8), one a line, inside.</summary>
    public Task IpAsync(params IEnumerable<string> commands) => Tool.RunAsync(["ip", "-n", Name, "-batch", "-"], string.Join('\n', commands) + "\n");

    /// <summary>Runs a script of nft(8) inside.</summary>
    /// <returns>What it wrote.</returns>
    public Task<string> NftAsync(string script, params string[] flags) => RunAsync("nft", [.. flags, "-f", "-"], script + "\n");

    public async ValueTask DisposeAsync() => await Tool.RunAsync(["ip", "netns", "delete", Name]);

    [GeneratedRegex(@"^llama-(?<pid>\d+)-\d+-\w+$")]
    private static partial Regex OurName();
}
