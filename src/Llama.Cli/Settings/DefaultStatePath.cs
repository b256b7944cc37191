namespace Llama.Cli.Settings;

/// <summary>Where a role keeps what outlives it when nobody says where.</summary>
internal static class DefaultStatePath
{
    /// <summary>
    /// Below $STATE_DIRECTORY (systemd.exec(5)), else $XDG_STATE_HOME/llama, else /var/lib/llama for root and ~/.local/state/llama for
    /// others.
    /// </summary>
    public static string Of(Func<string, string?> environment, string role)
    {
        if (environment("STATE_DIRECTORY") is { Length: > 0 } ofService) return Path.Combine(ofService.Split(':')[0], role);
        if (environment("XDG_STATE_HOME") is { Length: > 0 } ofUser) return Path.Combine(ofUser, "llama", role);
        string? home = environment("HOME");
        return Environment.IsPrivilegedProcess || string.IsNullOrEmpty(home)
            ? Path.Combine("/var/lib/llama", role)
            : Path.Combine(home, ".local", "state", "llama", role);
    }
}
