namespace Llama.Cli.Settings;

/// <summary>The names that a setting goes by. Pure.</summary>
internal static class SettingNames
{
    /// <summary>The names besides the one with two dashes.</summary>
    public static string[] Aliases(string name, string? goName, char? letter)
    {
        List<string> aliases = [$"-{name}"];
        if (goName is not null) aliases.AddRange([$"--{goName}", $"-{goName}"]);
        if (letter is not null) aliases.Add($"-{letter}");
        return [.. aliases];
    }

    /// <summary>The names that help shows.</summary>
    public static IReadOnlyList<string> Shown(string name, string? goName, char? letter)
    {
        List<string> shown = [$"--{name}"];
        if (letter is not null) shown.Insert(0, $"-{letter}");
        if (goName is not null) shown.Add($"-{goName}");
        return shown;
    }

    /// <summary>The environment variable of a setting that has no other.</summary>
    public static string Variable(string name) => $"LLAMA_{name.ToUpperInvariant().Replace('-', '_')}";

    /// <summary>The first of the variables that is set, and to what; one that is empty is not set. Null where none is.</summary>
    public static (string Variable, string Text)? Given(IReadOnlyList<string> variables, Func<string, string?> environment)
    {
        foreach (string variable in variables)
        {
            if (environment(variable) is { Length: > 0 } text) return (variable, text);
        }

        return null;
    }
}
