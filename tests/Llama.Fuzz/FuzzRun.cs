using System.Globalization;
using Llama.Fuzz.Datagrams;
using Llama.Fuzz.Rounds;

namespace Llama.Fuzz;

/// <summary>What came of a run.</summary>
/// <param name="Tried">Datagrams, configurations and requests over all rounds.</param>
/// <param name="Violations">What must never be and has been, one line for each round that failed.</param>
/// <param name="Skipped">What could not be tried here, and why.</param>
public sealed record FuzzResult(long Tried, IReadOnlyList<string> Violations, IReadOnlyList<string> Skipped);

/// <summary>Runs the rounds one after the other and tells how it went.</summary>
public static class FuzzRun
{
    /// <summary>Runs to the end.</summary>
    public static FuzzResult Run(FuzzOptions options, TextWriter output)
    {
        var corpus = Corpus.Load();
        IRound[] all =
        [
            new ReaderRound(corpus),
            new ReflectorRound(corpus, portable: false, workers: 1),
            new ReflectorRound(corpus, portable: false, workers: 2),
            new ReflectorRound(corpus, portable: true, workers: 1),
            new CollectorRound(corpus),
            new RefusalRound(corpus),
            new BouncingRound(corpus),
            new ProcessRound(corpus),
            new TextRound(),
            new RegistrationRound(),
        ];
        IRound[] rounds = [.. all.Where(round => options.Only.Count == 0 || options.Only.Contains(round.Name))];
        if (options.Only.Except(all.Select(round => round.Name)).FirstOrDefault() is { } unknown)
            throw new FormatException($"--only {unknown} is unknown; there are {string.Join(", ", all.Select(round => round.Name))}");

        output.WriteLine($"seed {options.Seed}, {options.Datagrams:N0} datagrams, at most {options.Time.TotalSeconds:N0} s");
        double share = rounds.Sum(round => round.Share), timeShare = rounds.Sum(round => round.TimeShare);
        long tried = 0;
        var violations = new List<string>();
        var skipped = new List<string>();
        foreach (IRound round in rounds)
        {
            output.WriteLine($"{round.Name}: {round.Title}");
            var campaign = new Campaign(
                options.Seed, (long)Math.Ceiling(options.Datagrams * round.Share / share), options.Time * (round.TimeShare / timeShare), output);
            if (Try(round, campaign) is { } failure)
            {
                violations.Add($"{round.Name}: {failure.Message}");
                output.WriteLine($"  VIOLATION {failure.Message}");
                output.WriteLine($"  see {WriteReproducer(options, round, campaign, failure)}");
            }

            if (campaign.Skipped is { } reason) skipped.Add($"{round.Name}: {reason}");
            tried += campaign.Tried;
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {campaign.Tried:N0} in {campaign.Elapsed.TotalSeconds:F1} s"));
        }

        string verdict = violations.Count == 0 ? "no violation" : $"{violations.Count} violations";
        output.WriteLine($"fuzz: {tried:N0} tried, {verdict}, seed {options.Seed}");
        return new FuzzResult(tried, violations, skipped);
    }

    /// <summary>Runs a round on a thread with room for the reference reader's recursion.</summary>
    private static Exception? Try(IRound round, Campaign campaign)
    {
        Exception? failure = null;
        var thread = new Thread(() => failure = Catch(() => round.Run(campaign)), ReferenceReader.StackBytes) { Name = round.Name };
        thread.Start();
        thread.Join();
        return failure;
    }

    private static Exception? Catch(Action action)
    {
        try
        {
            action();
            return null;
        }
        catch (Exception exception)
        {
            return exception;
        }
    }

    private static string WriteReproducer(FuzzOptions options, IRound round, Campaign campaign, Exception failure)
    {
        Directory.CreateDirectory(options.Output);
        string path = Path.Combine(options.Output, $"{round.Name}-{options.Seed}.txt");
        string datagram = (failure as Violation)?.Datagram is { } octets ? Convert.ToHexStringLower(octets) : "-";
        File.WriteAllText(path, $"""
            round      {round.Name}
            seed       {options.Seed}
            tried      {campaign.Tried}
            again      make fuzz FUZZ_ARGS='--seed {options.Seed} --datagrams {options.Datagrams} --only {round.Name}'
            datagram   {datagram}
            {failure}

            """);
        return path;
    }
}
