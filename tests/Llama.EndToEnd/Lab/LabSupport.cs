namespace Llama.EndToEnd.Lab;

/// <summary>Whether this machine can hold a lab.</summary>
internal static class LabSupport
{
    private static readonly string[] Tools = ["ip", "nft", "tc", "curl"];
    private static readonly Lazy<Task<string?>> Missing = new(ProbeAsync);

    /// <summary>Skips the test, with the reason, where a lab can't be built.</summary>
    public static async Task SkipUnlessPossibleAsync()
    {
        string? missing = await Missing.Value;
        Skip.If(missing is not null, $"A network lab can't be built here: {missing}");
    }

    private static async Task<string?> ProbeAsync()
    {
        if (!OperatingSystem.IsLinux()) return "network namespaces are Linux's.";
        string[] paths = [.. (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':'), "/usr/sbin", "/sbin"];
        string[] missing = [.. Tools.Where(tool => !paths.Any(path => File.Exists(Path.Combine(path, tool))))];
        if (missing.Length > 0) return $"there is no {string.Join(" and no ", missing)} (packages iproute2, nftables, curl).";
        if (!Environment.IsPrivilegedProcess) return "it needs root (CAP_NET_ADMIN and CAP_SYS_ADMIN).";
        string name = $"{NetworkNamespace.NewPrefix()}probe";
        try
        {
            await NetworkNamespace.RemoveLeftoversAsync();
            await using NetworkNamespace probe = await NetworkNamespace.CreateAsync(name);
            await probe.IpAsync("link add one type veth peer name two", "link set one up", "addr add fd00::1/64 dev one nodad");
            await probe.NftAsync("""
                table inet probe {
                  set flows { type inet_service . inet_service; flags dynamic; size 16; }
                  chain forward { type filter hook forward priority 0; numgen random mod 100 < 50 counter drop; }
                }
                """);
            return null;
        }
        catch (ToolException exception)
        {
            return exception.Message;
        }
    }
}
