using System.CommandLine;
using System.CommandLine.Invocation;
using Llama.Cli.Settings;

namespace Llama.Cli;

/// <summary>Writes what <c>--help</c> shows: usage, settings with their environment variables and defaults, and examples.</summary>
internal sealed class HelpText(TextWriter output) : SynchronousCommandLineAction
{
    private const int Gap = 2;
    private const int WidestFirstColumn = 30;
    private const int LineWidth = 100;

    /// <inheritdoc/>
    public override bool ClearsParseErrors => true;

    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        Write(parseResult.CommandResult.Command);
        return ExitCode.Ok;
    }

    private void Write(Command command)
    {
        var described = command as DescribedCommand;
        output.WriteLine(command.Description);
        output.WriteLine();
        output.WriteLine("Usage:");
        output.WriteLine($"  {Usage(command)}");
        WriteColumns("Commands", command.Subcommands.Where(sub => !sub.Hidden).Select(sub => (sub.Name, sub.Description ?? "")));
        WriteColumns("Arguments", command.Arguments.Where(argument => !argument.Hidden).Select(argument => ($"<{argument.Name}>", argument.Description ?? "")));
        WriteColumns("Settings", Shown(command).Select(option => (Names(option), Explanation(option))));
        WriteLines("Examples", described?.Examples ?? []);
        WriteLines("Exit codes", described?.ExitCodes ?? []);
        if (command.Subcommands.Count > 0) output.WriteLine($"\n'{CommandLine.FullName(command)} <command> --help' tells more of a command.");
    }

    // Help is asked for with the same flag everywhere, so every command lists it.
    private static IEnumerable<Option> Shown(Command command) =>
        command.Options.Where(option => !option.Hidden)
            .Concat(command.Parents.OfType<Command>().SelectMany(parent => parent.Options).Where(option => option.Recursive));

    private static string Usage(Command command)
    {
        string name = CommandLine.FullName(command);
        string sub = command.Subcommands.Count > 0 ? " <command>" : "";
        string arguments = string.Concat(command.Arguments.Select(argument => $" <{argument.Name}>{(argument.Arity.MaximumNumberOfValues > 1 ? "..." : "")}"));
        return $"{name}{sub}{arguments} [settings]";
    }

    private static string Names(Option option)
    {
        IEnumerable<string> names = option is ISetting setting ? setting.ShownNames
            : option.Aliases.Contains("-h") ? ["-h", "--help"]
            : [option.Name];
        return string.Join(", ", names) + (option.HelpName is { } value ? $" {value}" : "");
    }

    private static string Explanation(Option option)
    {
        if (option is not ISetting setting) return option.Description ?? "";
        string byDefault = setting.DefaultText is { } text ? $"; default {text}" : "";
        return $"{option.Description} [{string.Join(", ", setting.EnvironmentNames)}{byDefault}]";
    }

    private void WriteColumns(string title, IEnumerable<(string First, string Second)> rows)
    {
        (string First, string Second)[] all = [.. rows];
        if (all.Length == 0) return;
        int width = Math.Min(WidestFirstColumn, all.Max(row => row.First.Length));
        output.WriteLine();
        output.WriteLine($"{title}:");
        foreach ((string first, string second) in all)
        {
            if (first.Length > width) output.WriteLine($"  {first}");
            string indent = first.Length > width ? new string(' ', width) : first.PadRight(width);
            foreach (string line in Wrap(second, LineWidth - width - Gap - 2))
            {
                output.WriteLine($"  {indent}{new string(' ', Gap)}{line}");
                indent = new string(' ', width);
            }
        }
    }

    private static IEnumerable<string> Wrap(string text, int width)
    {
        while (text.Length > width && text.LastIndexOf(' ', width) is > 0 and var at)
        {
            yield return text[..at];
            text = text[(at + 1)..];
        }

        yield return text;
    }

    private void WriteLines(string title, IEnumerable<string> lines)
    {
        string[] all = [.. lines];
        if (all.Length == 0) return;
        output.WriteLine();
        output.WriteLine($"{title}:");
        foreach (string line in all) output.WriteLine($"  {line}");
    }
}
