using System.CommandLine;

namespace Llama.Cli.Settings;

/// <summary>
/// A setting that may be given several times, and as an environment variable with blanks between its values. All its mistakes are told
/// at once. Empty where nobody gave it.
/// </summary>
internal sealed class ListSetting : Option<IReadOnlyList<string>>, ISetting
{
    private static readonly char[] Blanks = [' ', '\t', '\r', '\n'];

    /// <summary>A setting.</summary>
    /// <param name="name">Its name without dashes.</param>
    /// <param name="plural">The same for the environment variable, as in sinks.</param>
    /// <param name="valueName">What help calls a value.</param>
    /// <param name="description">One line for help.</param>
    /// <param name="problems">Tells what is wrong with values.</param>
    /// <param name="environment">Reads an environment variable.</param>
    public ListSetting(
        string name,
        string plural,
        string valueName,
        string description,
        Func<IReadOnlyList<string>, IReadOnlyList<string>> problems,
        Func<string, string?> environment)
        : base($"--{name}", SettingNames.Aliases(name, goName: null, letter: null))
    {
        HelpName = valueName;
        Description = description;
        EnvironmentNames = [SettingNames.Variable(plural)];
        ShownNames = SettingNames.Shown(name, goName: null, letter: null);
        Arity = ArgumentArity.OneOrMore;
        AllowMultipleArgumentsPerToken = false;

        IReadOnlyList<string> Take(System.CommandLine.Parsing.ArgumentResult result, string givenAs, IReadOnlyList<string> values)
        {
            foreach (string problem in problems(values)) result.AddError($"{givenAs}: {problem}");
            return values;
        }

        CustomParser = result => Take(result, $"--{name}", [.. result.Tokens.Select(token => token.Value)]);
        DefaultValueFactory = result => SettingNames.Given(EnvironmentNames, environment) is (var variable, var text)
            ? Take(result, variable, text.Split(Blanks, StringSplitOptions.RemoveEmptyEntries))
            : [];
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> EnvironmentNames { get; }

    /// <inheritdoc/>
    public string? DefaultText => null;

    /// <inheritdoc/>
    public IReadOnlyList<string> ShownNames { get; }
}
