using System.CommandLine;
using System.CommandLine.Parsing;

namespace Llama.Cli.Settings;

/// <summary>What help and completion show of a setting besides its names.</summary>
internal interface ISetting
{
    /// <summary>The environment variables that give it; the first one that is set counts.</summary>
    IReadOnlyList<string> EnvironmentNames { get; }

    /// <summary>What holds when nobody gives it, as text; null for nothing.</summary>
    string? DefaultText { get; }

    /// <summary>Its names as help shows them: the letter, with two dashes, and the Go spelling where that differs.</summary>
    IReadOnlyList<string> ShownNames { get; }
}

/// <summary>
/// A setting with one name everywhere: a flag (one dash or two), else the environment variable LLAMA_NAME, else its default.
/// Null where nobody gave it and it has no default.
/// </summary>
internal sealed class Setting<T> : Option<T?>, ISetting
{
    /// <summary>A setting.</summary>
    /// <param name="name">Its name without dashes.</param>
    /// <param name="valueName">What help calls its value, as in PORT.</param>
    /// <param name="description">One line for help.</param>
    /// <param name="parse">Makes a value of a text.</param>
    /// <param name="environment">Reads an environment variable.</param>
    /// <param name="defaultText">The text that holds when nobody gives one.</param>
    /// <param name="goName">Its name in dropbox/llama where that is another one, without dashes.</param>
    /// <param name="letter">Its one-letter name, without the dash.</param>
    /// <param name="variables">Its environment variables where scline/llama-sd has other names for it; the first that is set counts.</param>
    public Setting(
        string name,
        string valueName,
        string description,
        Func<string, Parsed<T>> parse,
        Func<string, string?> environment,
        string? defaultText = null,
        string? goName = null,
        char? letter = null,
        IReadOnlyList<string>? variables = null)
        : base($"--{name}", SettingNames.Aliases(name, goName, letter))
    {
        HelpName = valueName;
        Description = description;
        DefaultText = defaultText;
        EnvironmentNames = variables ?? [SettingNames.Variable(name)];
        ShownNames = SettingNames.Shown(name, goName, letter);

        // One value each time, and the last one counts when it is given again, as in Go.
        Arity = ArgumentArity.OneOrMore;
        AllowMultipleArgumentsPerToken = false;
        CustomParser = result => Take(result, $"--{name}", parse(result.Tokens[^1].Value));
        DefaultValueFactory = result =>
            SettingNames.Given(EnvironmentNames, environment) is (var variable, var text) ? Take(result, variable, parse(text))
            : defaultText is null ? default
            : parse(defaultText).Value;
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> EnvironmentNames { get; }

    /// <inheritdoc/>
    public string? DefaultText { get; }

    /// <inheritdoc/>
    public IReadOnlyList<string> ShownNames { get; }

    private static T? Take(ArgumentResult result, string givenAs, Parsed<T> parsed)
    {
        foreach (string problem in parsed.Problem?.Split('\n') ?? []) result.AddError($"{givenAs}: {problem}");
        return parsed.Value;
    }
}
