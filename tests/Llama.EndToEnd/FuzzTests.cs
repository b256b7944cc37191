using Llama.EndToEnd.Harness;

namespace Llama.EndToEnd;

/// <summary>The part of `make fuzz` that attacks the real executable, in its short form.</summary>
public sealed class FuzzTests
{
    [Fact]
    public async Task Flooded_reflector_and_a_collector_that_is_lied_to_go_on_and_stay_right()
    {
        string fuzz = Repository.InRoot("artifacts/bin/Llama.Fuzz/release/Llama.Fuzz");
        await using LlamaProcess process = LlamaProcess.StartAt(fuzz, ["--only", "executable", "--seed", "7", "--datagrams", "40000"]);

        int exitCode = await process.Exit(TimeSpan.FromMinutes(2));

        Assert.True(exitCode == 0, process.Transcript);
    }
}
