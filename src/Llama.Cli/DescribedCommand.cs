using System.CommandLine;

namespace Llama.Cli;

/// <summary>A command whose help has examples.</summary>
internal sealed class DescribedCommand(string name, string description) : Command(name, description)
{
    /// <summary>Lines as they would be typed, with a comment where they need one.</summary>
    public IReadOnlyList<string> Examples { get; init; } = [];

    /// <summary>True where help lists the exit codes.</summary>
    public bool ShowsExitCodes { get; init; } = true;

    /// <summary>True accepts arguments it has no use for, as the Go programs do, and says so; unknown flags stay errors.</summary>
    public bool IgnoresStrayArguments
    {
        get => !TreatUnmatchedTokensAsErrors;
        init => TreatUnmatchedTokensAsErrors = !value;
    }
}
