using Llama.Fuzz;

try
{
    return FuzzRun.Run(FuzzOptions.Parse(args), Console.Out).Violations.Count == 0 ? 0 : 1;
}
catch (FormatException error)
{
    Console.Error.WriteLine($"fuzz: {error.Message}");
    return 2;
}
