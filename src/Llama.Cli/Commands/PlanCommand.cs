using System.CommandLine;
using Llama.Cli.Serving;
using Llama.Cli.Settings;
using Llama.Mesh;
using Llama.Mesh.Plans;

namespace Llama.Cli.Commands;

/// <summary><c>llama plan</c>: what the groups of a server's file would do, before anybody deploys it.</summary>
internal static class PlanCommand
{
    public static Command Create(Surroundings surroundings)
    {
        Func<string, string?> environment = surroundings.Environment;
        var server = new ServerSettings(environment);
        var file = new Argument<string?>("FILE") { Description = "The server's file; without it, the defaults.", Arity = ArgumentArity.ZeroOrOne };
        var probes = new Setting<ProbeCounts>(
            "probes", "N", "Probes of each group, or GROUP=N,GROUP=N.", ProbeCounts.Parse, environment, "10");
        var hubs = new Setting<int?>(
            "hubs", "N", "How many of them are hubs, where the plan has hubs.", text => ValueParser.Count(text, 0, 100_000, "is not a number of hubs"), environment, "2");
        var tiers = new Setting<IReadOnlyList<int>>(
            "tiers", "N,N", "Where the plan has tiers: into how many each falls, from the highest on.", Tiers, environment);
        var command = new DescribedCommand("plan", "Tell what the groups of a server's file would do, before anybody deploys it.")
        {
            Examples =
            [
                "llama plan server.yaml --probes 1000",
                "llama plan server.yaml --probes wan=300,lan=40 --tiers 4,10",
                "llama plan --probes 50                           # the defaults: a full mesh",
            ],
        };
        command.Add(file);
        foreach (Option option in (Option[])[probes, hubs, tiers]) command.Add(option);
        command.SetAction(parsed =>
        {
            ServerConfiguration configuration = Read(parsed.GetValue(file), server, surroundings);
            ProbeCounts counts = parsed.GetValue(probes)!;
            IReadOnlyList<string> groups = PlanForecast.GroupsOf(configuration, "default");
            if (counts.ByGroup.Keys.Except(groups).ToArray() is [var unknown, ..])
                throw new Failure($"--probes: there is no group {unknown}; there is {string.Join(", ", groups)}");
            IReadOnlyList<GroupForecast> forecasts = PlanForecast.Of(configuration, groups, group => new ExampleMembers
            {
                Count = counts.Of(group),
                Hubs = parsed.GetValue(hubs)!.Value,
                Tiers = parsed.GetValue(tiers) ?? [],
            }.Of(group, configuration.Of(group).Plan));
            surroundings.Out.Write(string.Join('\n', forecasts.Select(ForecastText.Of)));
            return ExitCode.Ok;
        });
        return command;
    }

    private static ServerConfiguration Read(string? path, ServerSettings server, Surroundings surroundings)
    {
        if (path is null) return ServerConfiguration.Empty;
        ServerConfigurationResult read = ServerConfigurationReader.ReadFile(path, server.NamesInFile);
        foreach (ConfigurationError warning in read.Warnings) surroundings.Error.WriteLine($"llama: warning: {warning}");
        return read.Configuration ?? throw new Failure(string.Join('\n', read.Errors));
    }

    private static Parsed<IReadOnlyList<int>> Tiers(string text)
    {
        Parsed<int?>[] levels = [.. text.Split(',', StringSplitOptions.TrimEntries).Select(level => ValueParser.Count(level, 1, 100_000, "is not a number of tiers"))];
        return levels.FirstOrDefault(level => level.Problem is not null) is { Problem: { } problem }
            ? new Parsed<IReadOnlyList<int>>(null, problem)
            : Parsed.Of<IReadOnlyList<int>>([.. levels.Select(level => level.Value!.Value)]);
    }
}
