using Llama.Server.Discovery;
using Llama.Storage.Registry;

namespace Llama.Tests.Server.Discovery;

public sealed class KilledServerTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("llama-killed-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public async Task What_was_answered_with_success_is_there_after_the_server_was_killed()
    {
        var acknowledged = new Dictionary<string, int>();
        foreach (int lines in (int[])[1, 200, 1500, 400, 50])
        {
            using var process = RegisteringProcess.Start(_directory.FullName);
            for (int i = 0; i < lines; i++) Take(await process.Output.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(60)), acknowledged);
            process.Kill();
            foreach (string line in (await process.Output.ReadToEndAsync()).Split('\n')[..^1]) Take(line, acknowledged);
        }

        var warnings = new List<string>();
        await using var registry = new Registry(SqliteRegistryStore.Open(_directory.FullName, warnings.Add), new RegistryOptions(), TimeProvider.System);
        await registry.StartAsync(CancellationToken.None);
        Dictionary<string, int> there = registry.Find("g")!.Members.ToDictionary(
            member => member.Registration.Name, member => int.Parse(member.Registration.TagOf("change")!, null));

        Assert.Empty(warnings);
        foreach ((string name, int change) in acknowledged)
        {
            // What came after the last answer may be stored or not, also the removal that follows change 28; nothing before it may be missing.
            if (change >= 0) Assert.True(there.TryGetValue(name, out int stored) && stored >= change || change % 30 == 28, $"{name} {change}");
            else Assert.False(there.ContainsKey(name), name);
        }
    }

    private static void Take(string? line, Dictionary<string, int> acknowledged)
    {
        string[] words = line!.Split(' ');
        acknowledged[words[0]] = int.Parse(words[1], null);
    }
}
