using System.Net;
using System.Net.Sockets;
using System.Text;
using Llama.Mesh;
using Llama.Mesh.Plans;
using Llama.Server.Collecting;

namespace Llama.Fuzz.Rounds;

/// <summary>
/// What is no datagram: configurations of collector and server mutated from known ones, read in process, and raw requests to the
/// collector's API. Each configuration gives either a plan or errors, each request a status or a closed connection, and the API answers to
/// the end.
/// </summary>
internal sealed class TextRound : IRound
{
    private const int ConfigurationsToOneRequest = 8;
    private const int PlannedProbes = 30;

    private const string ServerFile = """
        host: 0.0.0.0
        interval: 10
        defaults: &d {cps: 2.5, flows: 4, classes: [EF, 0xB8], sizes: [128], timeout: 1000, df: off, echo: warn, token: abc}
        groups:
          a: {<<: *d, plan: {hub: {tag: role, value: hub}}, token_file: t}
          b: {plan: {sample: {degree: 8}}, key_file: k}
          c: {plan: {tiered: {path: [region, site], representatives: 2}}}
        between:
          - {from: a, to: b, degree: 3}
        """;

    private static readonly string[] ServerSettings = ["host", "port", "interval", "verbose"];

    private static readonly string[] Words =
    [
        ": ", "- ", "\n", "\n  ", "\n\t", "{", "}", "[", "]", "&a ", "*a", "<<: *a", "!!int ", "'", "\"", "|\n", "#", "---\n", "...\n", "null", "0x", "1e400",
        "-1", "99999999999999999999", ".nan", "\0", "\u0085", "\uFEFF", "ports", "targets", "tests", "ip", "port", "count", "cps", "tags", "::1",
        "GET ", "HEAD ", "POST ", "/metrics", "/influxdata", "/api/v2/summaries", "/../", "%", "%00", "?", " HTTP/1.1\r\n", "\r\n", "\r\n\r\n",
        "groups", "between", "plan", "hub", "sample", "tiered", "degree", "=", ";",
        "Host: x\r\n", "Content-Length: 18446744073709551616\r\n", "Transfer-Encoding: chunked\r\n", "If-None-Match: \"", "Accept-Encoding: gzip;q=-1\r\n", "\u0001", "\u00FF",
    ];

    private readonly string[] _configurations =
        [.. Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "fixtures", "collector", "configs"), "*.yaml").Order(StringComparer.Ordinal).Select(File.ReadAllText), ServerFile, "host = 0.0.0.0\nport: 8080 ; usual\nverbose\n"];

    public string Name => "texts";

    public string Title => "configurations and raw HTTP requests";

    public double Share => 0.001;

    public double TimeShare => 0.1;

    public void Run(Campaign campaign) => RunAsync(campaign).GetAwaiter().GetResult();

    private async Task RunAsync(Campaign campaign)
    {
        await using CollectorApi api = await CollectorApi.StartAsync("127.0.0.1", 0, new CollectorState());
        int port = new Uri(api.Addresses[0]).Port;
        var dice = new Dice(0);
        long accepted = 0, planned = 0, requests = 0;
        for (; campaign.GoesOn; campaign.Tried++)
        {
            dice.Restart(campaign.Seed, campaign.Tried);
            if (campaign.Tried % ConfigurationsToOneRequest == 0)
            {
                requests++;
                await Ask(port, Mutated(dice, $"GET {dice.Pick<string>(Words)} HTTP/1.1\r\nHost: x\r\n\r\n") + "\r\n\r\n");
            }
            else
            {
                string text = Mutated(dice, dice.Pick<string>(_configurations));
                accepted += Read(text) ? 1 : 0;
                planned += Plan(text) ? 1 : 0;
            }
        }

        string status = await Ask(port, "GET /status HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        Violation.If(!status.StartsWith("HTTP/1.1 200 ", StringComparison.Ordinal), $"/status answers {status}");
        campaign.Tell($"{campaign.Tried - requests:N0} configurations, {accepted:N0} accepted by the collector, {planned:N0} by the server; {requests:N0} requests");
    }

    private static bool Read(string text)
    {
        ConfigurationResult result = CollectorConfigurationReader.Read(text, "f");
        if (result.Configuration is null != result.Errors.Count > 0) throw new Violation("neither a configuration nor errors, or both", Encoding.UTF8.GetBytes(text));
        return result.Configuration is not null;
    }

    private static bool Plan(string text)
    {
        ServerConfigurationResult result = ServerConfigurationReader.Read(text, "f", ServerSettings, _ => [1, 2, 3]);
        if (result.Configuration is null != result.Errors.Count > 0) throw new Violation("neither a server's configuration nor errors, or both", Encoding.UTF8.GetBytes(text));
        if (result.Configuration is not { } configuration) return false;
        IReadOnlyList<string> groups = PlanForecast.GroupsOf(configuration, "default");
        foreach (GroupForecast forecast in PlanForecast.Of(configuration, groups, group => new ExampleMembers { Count = PlannedProbes }.Of(group, configuration.Of(group).Plan)))
            if (forecast.Probes != PlannedProbes || !double.IsFinite(forecast.BitsPerSecondIPv6.Max)) throw new Violation($"a forecast of {forecast}", Encoding.UTF8.GetBytes(text));
        return true;
    }

    /// <summary>Sends a request and takes what comes until the connection ends or nothing more does.</summary>
    private static async Task<string> Ask(int port, string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port);
        byte[] reply = new byte[4096];
        int length = 0;
        try
        {
            NetworkStream stream = client.GetStream();
            await stream.WriteAsync(Encoding.Latin1.GetBytes(request));
            client.Client.Shutdown(SocketShutdown.Send);
            for (int read = 1; read > 0 && length < reply.Length; length += read) read = await stream.ReadAsync(reply.AsMemory(length));
        }
        catch (IOException)
        {
            // Cut off, as a client that sends garbage may be.
        }

        string text = Encoding.Latin1.GetString(reply, 0, length);
        if (text.Contains("HTTP/1.1 5", StringComparison.Ordinal) && !text.Contains("HTTP/1.1 503", StringComparison.Ordinal) && !text.Contains("HTTP/1.1 505", StringComparison.Ordinal))
            throw new Violation($"a request made {text.Split('\r')[0]}", Encoding.Latin1.GetBytes(request));
        return text;
    }

    private static string Mutated(Dice dice, string seed)
    {
        var text = new StringBuilder(seed);
        for (int edits = dice.Below(6); edits > 0; edits--)
        {
            int at = dice.Below(text.Length + 1);
            text.Remove(at, Math.Min(dice.Below(12), text.Length - at));
            text.Insert(at, dice.OneIn(4) ? ((char)dice.Below(256)).ToString() : dice.Pick<string>(Words));
        }

        return text.ToString();
    }
}
