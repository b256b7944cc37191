using System.Diagnostics;
using Llama.EndToEnd.Harness;

namespace Llama.EndToEnd.Lab;

/// <summary>The lab cleans up, whatever happens.</summary>
[Collection(nameof(NetworkLab))]
public sealed class NetworkLabTests
{
    [SkippableFact]
    public async Task Nothing_is_left_of_a_lab()
    {
        string name;
        int pid;
        await using (NetworkLab lab = await NetworkLab.CreateAsync(paths: 2))
        {
            name = lab.A.Router.Space.Name;
            pid = (await lab.B.StartReflectorAsync()).Process.Id;
            await lab.LengthenAsync(lab.A, lab.B, path: 1);
            Assert.Contains(name, await Tool.RunAsync(["ip", "netns", "list"]), StringComparison.Ordinal);
        }

        string prefix = name[..(name.LastIndexOf('-') + 1)];
        Assert.DoesNotContain(prefix, await Tool.RunAsync(["ip", "netns", "list"]), StringComparison.Ordinal);
        Assert.False(Path.Exists($"/proc/{pid}"));
    }

    [SkippableFact]
    public async Task What_a_dead_test_run_left_is_removed_and_what_a_living_one_uses_is_not()
    {
        await LabSupport.SkipUnlessPossibleAsync();
        int dead;
        using (var gone = Process.Start("true"))
        {
            dead = gone.Id;
            await gone.WaitForExitAsync();
        }

        await using NetworkNamespace ours = await NetworkNamespace.CreateAsync($"{NetworkNamespace.NewPrefix()}a");
        NetworkNamespace left = await NetworkNamespace.CreateAsync($"llama-{dead}-1-a");
        string[] line = left.CommandLine(Repository.Executable, ["reflector"]);
        await using LlamaProcess orphan = LlamaProcess.StartAt(line[0], line[1..]);
        await Eventually.Holds(() => orphan.Error.Length > 0, TimeSpan.FromSeconds(20), "the reflector");

        await NetworkNamespace.RemoveLeftoversAsync();

        await orphan.Exit();
        string[] names = [.. (await Tool.RunAsync(["ip", "netns", "list"])).Split('\n').Select(row => row.Split(' ')[0])];
        Assert.DoesNotContain(left.Name, names);
        Assert.Contains(ours.Name, names);
    }
}
