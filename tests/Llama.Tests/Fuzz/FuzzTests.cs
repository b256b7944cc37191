using Llama.Fuzz;

namespace Llama.Tests.Fuzz;

/// <summary>The short form of `make fuzz`: some hundred thousand hostile datagrams, always the same ones.</summary>
/// <remarks>Rounds watch the memory of the whole process, so nothing else may run beside them.</remarks>
[Collection(nameof(FuzzTests))]
[CollectionDefinition(nameof(FuzzTests), DisableParallelization = true)]
public sealed class FuzzTests
{
    [SkippableTheory]
    [InlineData("reader", 300_000)]
    [InlineData("collector", 60_000)]
    [InlineData("reflector", 40_000)]
    [InlineData("reflector-workers", 20_000)]
    [InlineData("reflector-portable", 20_000)]
    [InlineData("refusals", 3_000)]
    [InlineData("bouncing", 500)]
    public void Hostile_datagrams_break_nothing(string round, int datagrams)
    {
        var output = new StringWriter();
        var options = new FuzzOptions
        {
            Seed = 7,
            Datagrams = datagrams,
            Time = TimeSpan.FromSeconds(60),
            Only = [round],
            Output = Path.Combine(Path.GetTempPath(), "llama-fuzz"),
        };

        FuzzResult result = FuzzRun.Run(options, output);

        Assert.True(result.Violations.Count == 0, output.ToString());
        Skip.If(result.Skipped.Count > 0, string.Join("; ", result.Skipped));
        Assert.InRange(result.Tried, datagrams, long.MaxValue);
    }
}
