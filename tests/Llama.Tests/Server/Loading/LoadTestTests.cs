using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Llama.Server.Loading;

namespace Llama.Tests.Server.Loading;

public sealed class LoadTestTests
{
    [Fact]
    public async Task Every_probe_joins_once_and_renews_while_it_holds()
    {
        var server = new ScriptedServer();

        LoadTestResult result = await RunAsync(server, new LoadTestOptions
        {
            Server = ScriptedServer.Address,
            Probes = 40,
            Groups = 4,
            Hold = TimeSpan.FromMilliseconds(60),
            Renew = TimeSpan.FromMilliseconds(20),
        });

        Assert.Equal(40, Assert.Single(result.Steps, step => step.Step == LoadStep.Join).Times.Count);
        Assert.Equal(120, Assert.Single(result.Steps, step => step.Step == LoadStep.Renew).Times.Count);
        Assert.Equal(40, server.Registrations.Keys.Count);
        Assert.All(server.Registrations.Values, count => Assert.Equal(4, count));
        Assert.Null(result.FirstProblem);
    }

    [Fact]
    public async Task A_configuration_that_did_not_change_is_asked_for_by_its_tag()
    {
        var server = new ScriptedServer();

        LoadTestResult result = await RunAsync(server, new LoadTestOptions
        {
            Server = ScriptedServer.Address,
            Probes = 10,
            Hold = TimeSpan.FromMilliseconds(30),
            Renew = TimeSpan.FromMilliseconds(10),
        });

        Assert.Equal(10, Assert.Single(result.Steps, step => step.Step == LoadStep.Configuration).Times.Count);
        Assert.Equal(20, Assert.Single(result.Steps, step => step.Step == LoadStep.Unchanged).Times.Count);
    }

    [Fact]
    public async Task What_the_server_refuses_is_counted_and_the_first_refusal_is_told()
    {
        var server = new ScriptedServer { Refusal = HttpStatusCode.TooManyRequests };

        LoadTestResult result = await RunAsync(server, new LoadTestOptions { Server = ScriptedServer.Address, Probes = 5, Hold = TimeSpan.FromMilliseconds(1) });

        LoadStepResult join = Assert.Single(result.Steps, step => step.Step == LoadStep.Join);
        Assert.Equal((0, 5), (join.Times.Count, join.Failed));
        Assert.Contains("429", result.FirstProblem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_a_failure_and_not_an_exception()
    {
        var server = new ScriptedServer { IsAway = true };

        LoadTestResult result = await RunAsync(server, new LoadTestOptions { Server = ScriptedServer.Address, Probes = 3, Hold = TimeSpan.FromMilliseconds(1) });

        Assert.Equal(3, Assert.Single(result.Steps, step => step.Step == LoadStep.Join).Failed);
    }

    [Fact]
    public void Every_probe_has_an_address_of_its_own_that_is_set_aside_for_tests()
    {
        HashSet<IPAddress> addresses = [.. Enumerable.Range(0, LoadTestOptions.MostProbes).Select(LoadTest.AddressOf)];

        Assert.Equal(LoadTestOptions.MostProbes, addresses.Count);
        Assert.All(addresses, address => Assert.True(IPNetwork.Parse("198.18.0.0/15").Contains(address)));
    }

    private static async Task<LoadTestResult> RunAsync(ScriptedServer server, LoadTestOptions options)
    {
        using var test = new LoadTest(options, server);
        return await test.RunAsync(new Progress<LoadTestProgress>(), CancellationToken.None);
    }

    /// <summary>Answers as a server with one configuration would.</summary>
    private sealed class ScriptedServer : HttpMessageHandler
    {
        public static readonly Uri Address = new("http://server.example:5000");

        public ConcurrentDictionary<string, int> Registrations { get; } = new();

        public HttpStatusCode? Refusal { get; init; }

        public bool IsAway { get; init; }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (IsAway) throw new HttpRequestException("connection refused");
            if (Refusal is { } refusal) return Task.FromResult(new HttpResponseMessage(refusal));
            if (request.Method == HttpMethod.Put)
            {
                Registrations.AddOrUpdate(request.RequestUri!.AbsolutePath, 1, (_, count) => count + 1);
                return Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent("""{"config_tag":"a-1"}""", Encoding.UTF8) });
            }

            bool isKnown = request.Headers.IfNoneMatch.Any(tag => tag.Tag == "\"a-1\"");
            var answer = new HttpResponseMessage(isKnown ? HttpStatusCode.NotModified : HttpStatusCode.OK) { Content = new StringContent(isKnown ? "" : "{}") };
            answer.Headers.ETag = new EntityTagHeaderValue("\"a-1\"");
            return Task.FromResult(answer);
        }
    }
}
