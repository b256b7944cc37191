using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;
using Llama.EndToEnd.Harness;

namespace Llama.EndToEnd.Joining;

/// <summary>`llama server` as an operator meets it: tokens, TLS, a load test, sudden death, mistakes.</summary>
public sealed partial class ServerTests : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private readonly TemporaryDirectory _state = new();

    public void Dispose() => _state.Dispose();

    [Fact]
    public async Task With_tokens_who_has_none_can_neither_join_nor_read()
    {
        string register = _state.Write("register", "let-me-in\n"), read = _state.Write("read", "let-me-see\n");
        await using RunningServer server = await RunningServer.Start(_state, null, "--register-token-file", register, "--read-token-file", read);
        await using RunningProbe stranger = await RunningProbe.Start(server.Url, "stranger", _state);
        await using RunningProbe friend = await RunningProbe.Start(server.Url, "friend", _state, null, "--token-file", register);

        await friend.Says("joined group default as friend", Deadline);
        await stranger.Says("token", Deadline);

        using var http = new HttpClient { BaseAddress = new Uri(server.Url) };
        Assert.Equal(HttpStatusCode.Unauthorized, (await http.GetAsync("/api/v2/probes")).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await http.GetAsync("/api/v1/list")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("/healthz")).StatusCode);
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "let-me-see");
        string probes = await http.GetStringAsync("/api/v2/probes");
        Assert.Contains("\"friend\"", probes, StringComparison.Ordinal);
        Assert.DoesNotContain("\"stranger\"", probes, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Over_tls_a_probe_joins_that_knows_the_authority_and_gets_the_groups_key()
    {
        WriteCertificate(out string certificate, out string key);
        _state.Write("datagram.key", "a key of the group");
        string token = _state.Write("token", "let-me-in"), file = _state.Write("server.yaml", "defaults: {key_file: datagram.key, token_file: token}\n");
        int port = Ports.Free();
        await using LlamaProcess server = LlamaProcess.Start(
            "server", "--host", "127.0.0.1", "--port", $"{port}", "--interval", "1", "--data", Path.Combine(_state.FullName, "server"),
            "--config", file, "--tls-certificate", certificate, "--tls-key", key);
        await Eventually.Holds(() => server.Error.Contains("serves https", StringComparison.Ordinal), Deadline, "the server", () => server.Transcript);

        await using RunningProbe a = await RunningProbe.Start($"https://127.0.0.1:{port}", "a", _state, null, "--ca-file", certificate, "--token-file", token);
        await using RunningProbe b = await RunningProbe.Start($"https://127.0.0.1:{port}", "b", _state, null, "--ca-file", certificate, "--token-file", token);
        await using RunningProbe doubtful = await RunningProbe.Start($"https://127.0.0.1:{port}", "c", _state, null, "--token-file", token);

        await a.Measures([b.Port], Deadline);
        await b.Measures([a.Port], Deadline);
        await doubtful.Says("certificate", Deadline);
        Assert.Equal(0, await Web.Metric(doubtful.Port, "llama_joined"));

        // Whoever has no key gets no answer from a member's reflector.
        (int exitCode, _, _) = await LlamaProcess.Run("ping", $"127.0.0.1:{b.Port}", "--count", "5", "--json");
        Assert.NotEqual(0, exitCode);
    }

    [Fact]
    public async Task What_was_answered_with_success_is_there_after_the_server_was_killed_in_the_middle()
    {
        for (int round = 0; round < 3; round++)
        {
            RunningServer server = await RunningServer.Start(_state, null, "--max-registrations", "unlimited");
            await using LlamaProcess load = LlamaProcess.Start(
                "loadtest", "--server", server.Url, "--probes", "20000", "--groups", $"{round + 1}", "--renew", "60s", "--hold", "1s", "--connections", "4");
            await Eventually.Get(
                async () => await Web.Metric(server.Port, "llama_server_group_probes") > 200 * (round + 1) ? "" : null, Deadline, "many probes", () => load.Transcript);
            await server.DisposeAsync();
            await load.Signal("INT");
            await load.Exit();

            int acknowledged = int.Parse(Joined().Match(load.Output).Groups["count"].Value, CultureInfo.InvariantCulture);
            await using RunningServer again = await RunningServer.Start(_state, server.Port);
            double? kept = await Web.Metric(again.Port, "llama_server_group_probes", $"LoadTest_{round + 1:D2}");
            double? all = await Web.Metric(again.Port, "llama_server_group_probes");
            Assert.True(all >= acknowledged, $"{all} of {acknowledged} acknowledged are there");
            Assert.True(kept > 0);
        }
    }

    [Fact]
    public async Task A_load_test_holds_its_probes_and_tells_how_fast_the_server_was()
    {
        await using RunningServer server = await RunningServer.Start(_state, null, "--max-registrations", "unlimited");
        (int exitCode, string output, string error) = await LlamaProcess.Run(
            "loadtest", "--server", server.Url, "--probes", "200", "--groups", "2", "--hold", "2s", "--renew", "1s");

        Assert.True(exitCode == 0, error);
        Assert.Matches(@"(?m)^join\s+200\s+0\s", output);
        Assert.Matches(@"(?m)^renew\s+400\s+0\s", output);
        Assert.Equal(100, await Web.Metric(server.Port, "llama_server_group_probes", "LoadTest_02"));
    }

    [Fact]
    public async Task All_mistakes_of_a_file_are_told_at_once_and_nothing_starts()
    {
        string file = _state.Write("bad.yaml", "prot: 7\ngroups:\n  wan: {cps: 0, flows: many}\n");

        (int exitCode, _, string error) = await LlamaProcess.Run("server", "--config", file);

        Assert.Equal(1, exitCode);
        Assert.Contains("did you mean port", error, StringComparison.Ordinal);
        Assert.Contains("groups.wan.cps", error, StringComparison.Ordinal);
        Assert.Contains("groups.wan.flows", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_second_server_on_the_same_directory_says_what_to_do()
    {
        await using RunningServer server = await RunningServer.Start(_state);

        (int exitCode, _, string error) = await LlamaProcess.Run("server", "--port", $"{Ports.Free()}", "--data", Path.Combine(_state.FullName, "server"));

        Assert.Equal(1, exitCode);
        Assert.Contains("--data", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_plan_is_costed_before_anybody_deploys_it()
    {
        string file = _state.Write("server.yaml", "groups:\n  wan: {plan: {sample: {degree: 8}}, classes: [0, EF]}\n");

        (int exitCode, string output, string error) = await LlamaProcess.Run("plan", file, "--probes", "100");

        Assert.True(exitCode == 0, error);
        Assert.Contains("wan: 100 probes, each tests 8 others", output, StringComparison.Ordinal);
        Assert.Contains("800, 6,400 flows", output, StringComparison.Ordinal);
    }

    private void WriteCertificate(out string certificate, out string key)
    {
        using var pair = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=llama test", pair, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, true));
        using X509Certificate2 made = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(30));
        certificate = _state.Write("certificate.pem", made.ExportCertificatePem());
        key = _state.Write("key.pem", pair.ExportPkcs8PrivateKeyPem());
    }

    [GeneratedRegex(@"^join\s+(?<count>\d+)", RegexOptions.Multiline)]
    private static partial Regex Joined();
}
