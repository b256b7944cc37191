using System.CommandLine;

namespace Llama.Cli;

/// <summary>A command whose help has examples.</summary>
internal sealed class DescribedCommand(string name, string description) : Command(name, description)
{
    /// <summary>Lines as they would be typed, with a comment where they need one.</summary>
    public IReadOnlyList<string> Examples { get; init; } = [];

    /// <summary>What the exit codes mean; empty where help does not list them.</summary>
    public IReadOnlyList<string> ExitCodes { get; init; } =
    [
        "0  done, or ended by SIGINT or SIGTERM",
        "1  a configuration that can't be used, or a failure while running",
        "2  a command line that makes no sense",
    ];

    /// <summary>True accepts arguments it has no use for, as the Go programs do, and says so; unknown flags stay errors.</summary>
    public bool IgnoresStrayArguments
    {
        get => !TreatUnmatchedTokensAsErrors;
        init => TreatUnmatchedTokensAsErrors = !value;
    }
}
