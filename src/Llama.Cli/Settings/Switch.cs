using System.CommandLine;

namespace Llama.Cli.Settings;

/// <summary>A setting that is on or off: the flag turns it on (or, with a value behind it, off), else the environment variable, else it is off.</summary>
internal sealed class Switch : Option<bool>, ISetting
{
    /// <summary>A switch.</summary>
    /// <param name="name">Its name without dashes.</param>
    /// <param name="description">One line for help.</param>
    /// <param name="environment">Reads an environment variable.</param>
    /// <param name="letter">Its one-letter name, without the dash.</param>
    /// <param name="variables">Its environment variables where scline/llama-sd has other names for it; the first that is set counts.</param>
    public Switch(
        string name, string description, Func<string, string?> environment, char? letter = null, IReadOnlyList<string>? variables = null)
        : base($"--{name}", SettingNames.Aliases(name, null, letter))
    {
        Description = description;
        EnvironmentNames = variables ?? [SettingNames.Variable(name)];
        ShownNames = SettingNames.Shown(name, null, letter);
        Arity = ArgumentArity.ZeroOrOne;
        DefaultValueFactory = result =>
        {
            if (SettingNames.Given(EnvironmentNames, environment) is not (var variable, var text)) return false;
            Parsed<bool> parsed = Parse(text);
            if (parsed.Problem is not null) result.AddError($"{variable}: {parsed.Problem}");
            return parsed.Value;
        };
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> EnvironmentNames { get; }

    /// <inheritdoc/>
    public string? DefaultText => null;

    /// <inheritdoc/>
    public IReadOnlyList<string> ShownNames { get; }

    // The words that the original's command line understands in a variable.
    private static Parsed<bool> Parse(string text) => text.ToUpperInvariant() switch
    {
        "TRUE" or "YES" or "ON" or "1" => Parsed.Of(true),
        "FALSE" or "NO" or "OFF" or "0" => Parsed.Of(false),
        _ => Parsed.Not<bool>(text, "is neither on nor off: give 'true' or 'false'"),
    };
}
