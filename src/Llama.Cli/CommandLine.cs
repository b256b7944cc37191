using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Llama.Cli.Commands;

namespace Llama.Cli;

/// <summary>The command line of <c>llama</c>: which commands there are, and how mistakes are told.</summary>
internal static class CommandLine
{
    /// <summary>Runs the command that <paramref name="args"/> name, to its end.</summary>
    /// <returns>The exit code; see <see cref="ExitCode"/>.</returns>
    public static async Task<int> RunAsync(string[] args, Surroundings surroundings, CancellationToken cancellation = default)
    {
        try
        {
            ParseResult parsed = Parse(args, surroundings);
            if (ComplainOf(parsed, surroundings)) return ExitCode.Usage;
            var invocation = new InvocationConfiguration
            {
                Output = surroundings.Out,
                Error = surroundings.Error,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
            };
            return await parsed.InvokeAsync(invocation, cancellation).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return ExitCode.Ok;
        }
        catch (Failure failure)
        {
            foreach (string line in failure.Message.Split('\n')) surroundings.Error.WriteLine($"llama: {line}");
            Trace(failure, surroundings);
            return ExitCode.Failed;
        }
        catch (Exception error)
        {
            surroundings.Error.WriteLine($"llama: {OneLine(error.Message)} (LLAMA_DEBUG=1 shows where)");
            Trace(error, surroundings);
            return ExitCode.Failed;
        }
    }

    /// <summary>What <paramref name="args"/> say.</summary>
    internal static ParseResult Parse(IReadOnlyList<string> args, Surroundings surroundings) =>
        Root(surroundings).Parse(args, new ParserConfiguration { EnablePosixBundling = false, ResponseFileTokenReplacer = null });

    private static RootCommand Root(Surroundings surroundings)
    {
        var root = new RootCommand("LLAMA, the loss and latency matrix: measures the network between hosts over UDP.");
        root.Options.Clear();
        root.Add(new HelpOption("--help", "-help", "-h", "-?")
        {
            Description = "Show help.",
            Action = new HelpText(surroundings.Out),
            Recursive = true,
        });
        root.Add(ReflectorCommand.Create(surroundings));
        root.Add(CollectorCommand.Create(surroundings));
        root.Add(ServerCommand.Create(surroundings));
        root.Add(ProbeCommand.Create(surroundings));
        root.Add(ScraperCommand.Create(surroundings));
        root.Add(MatrixCommand.Create(surroundings));
        root.Add(TopCommand.Create(surroundings));
        root.Add(HistoryCommand.Create(surroundings));
        root.Add(PingCommand.Create(surroundings));
        root.Add(DemoCommand.Create(surroundings));
        root.Add(PlanCommand.Create(surroundings));
        root.Add(LoadtestCommand.Create(surroundings));
        root.Add(RelayCommand.Create(surroundings));
        root.Add(VersionCommand.Create(surroundings));
        root.Add(CompletionCommand.Create(surroundings));
        return root;
    }

    private static bool ComplainOf(ParseResult parsed, Surroundings surroundings)
    {
        string command = FullName(parsed.CommandResult.Command);
        List<string> problems = [];
        if (parsed.Action is ParseErrorAction)
        {
            bool lacksCommand = parsed.CommandResult.Command.Subcommands.Count > 0 && parsed.UnmatchedTokens.Count == 0;
            problems.AddRange(lacksCommand ? [$"give a command, as in '{command} {ExampleOf(parsed.CommandResult.Command)}'"]
                : parsed.UnmatchedTokens.Count > 0 ? parsed.UnmatchedTokens.Select(token => $"there is no {(LooksLikeFlag(token) ? "flag" : "command or argument")} {token}")
                : parsed.Errors.Select(error => error.Message).Distinct());
        }

        if (!parsed.CommandResult.Command.TreatUnmatchedTokensAsErrors)
        {
            problems.AddRange(parsed.UnmatchedTokens.Where(LooksLikeFlag).Select(token => $"there is no flag {token}"));
            if (problems.Count == 0 && parsed.UnmatchedTokens.Count > 0)
                surroundings.Error.WriteLine($"llama: ignoring what follows no flag: {string.Join(' ', parsed.UnmatchedTokens)}");
        }

        foreach (string problem in problems)
            surroundings.Error.WriteLine($"llama: {OneLine(problem)}; see '{command} --help'");
        return problems.Count > 0;
    }

    /// <summary>A command as it is typed.</summary>
    internal static string FullName(Command command) => command is RootCommand ? "llama"
        : command.Parents.OfType<Command>().FirstOrDefault() is { } parent ? $"{FullName(parent)} {command.Name}"
        : command.Name;

    private static string ExampleOf(Command command) => command is RootCommand ? "demo" : command.Subcommands[0].Name;

    private static string OneLine(string text) =>
        string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)).TrimEnd('.');

    private static bool LooksLikeFlag(string token) => token.Length > 1 && token[0] == '-';

    private static void Trace(Exception error, Surroundings surroundings)
    {
        if (surroundings.Environment("LLAMA_DEBUG") is "1") surroundings.Error.WriteLine(error);
    }
}
