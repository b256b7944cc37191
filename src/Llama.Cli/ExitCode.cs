namespace Llama.Cli;

/// <summary>What the process tells its parent.</summary>
internal static class ExitCode
{
    /// <summary>Done, or ended by SIGINT or SIGTERM as asked.</summary>
    public const int Ok = 0;

    /// <summary>A configuration that can't be used, or a failure while running.</summary>
    public const int Failed = 1;

    /// <summary>A command line that makes no sense.</summary>
    public const int Usage = 2;
}
