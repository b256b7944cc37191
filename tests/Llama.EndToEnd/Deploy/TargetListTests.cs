using System.Net.Http.Json;
using System.Text.Json;
using Llama.EndToEnd.Harness;
using Llama.EndToEnd.Joining;
using Llama.EndToEnd.Lab;

namespace Llama.EndToEnd.Deploy;

/// <summary>The list of probes that targets.sh makes for Prometheus.</summary>
public sealed class TargetListTests : IDisposable
{
    private readonly TemporaryDirectory _state = new();

    public void Dispose() => _state.Dispose();

    [SkippableFact]
    public async Task Lists_the_probes_of_all_pages_as_Prometheus_wants_them()
    {
        string path = Environment.GetEnvironmentVariable("PATH") ?? "";
        Skip.IfNot(path.Split(':').Any(directory => File.Exists(Path.Combine(directory, "jq"))), "jq is not installed (package jq).");
        await using RunningServer server = await RunningServer.Start(_state);
        await Register(server, "four", "192.0.2.7");
        await Register(server, "six", "2001:db8::7");

        // Three probes at one a page are as many pages.
        await Register(server, "third", "192.0.2.9");
        string script = await File.ReadAllTextAsync(Path.Combine(DeployFiles.Prometheus, "targets.sh"));
        string paging = _state.Write("targets.sh", script.Replace("limit=1000", "limit=1", StringComparison.Ordinal));
        string list = await Tool.RunAsync(["/bin/sh", paging, server.Url]);

        Assert.Equal(
            ["192.0.2.7:8100 wan/four", "[2001:db8::7]:8100 wan/six", "192.0.2.9:8100 wan/third"],
            JsonDocument.Parse(list).RootElement.EnumerateArray().Select(entry =>
                $"{entry.GetProperty("targets")[0]} {entry.GetProperty("labels").GetProperty("__meta_llama_group")}/{entry.GetProperty("labels").GetProperty("__meta_llama_name")}"));
        _state.Write("probes.json", list);
        string configuration = (await File.ReadAllTextAsync(Path.Combine(DeployFiles.Prometheus, "prometheus.yml"))).Replace("llama.rules.yml", DeployFiles.Rules, StringComparison.Ordinal);
        Assert.DoesNotContain("WARNING", await PromTool.RunAsync(["check", "config", _state.Write("prometheus.yml", configuration)]), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_server_that_is_not_there_leaves_an_error_and_no_list()
    {
        ToolException error = await Assert.ThrowsAsync<ToolException>(
            () => Tool.RunAsync([Path.Combine(DeployFiles.Prometheus, "targets.sh"), $"http://127.0.0.1:{Ports.Free()}"]));
        Assert.Contains("curl", error.Message, StringComparison.Ordinal);
    }

    private static async Task Register(RunningServer server, string name, string address)
    {
        using var client = new HttpClient();
        using HttpResponseMessage response = await client.PutAsJsonAsync(
            $"{server.Url}/api/v2/groups/wan/probes/{name}", new { port = 8100, instance = $"instance of {name}", address });
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
    }
}
