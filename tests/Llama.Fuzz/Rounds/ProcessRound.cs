using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Llama.EndToEnd.Harness;
using Llama.Fuzz.Datagrams;

namespace Llama.Fuzz.Rounds;

/// <summary>
/// The real executable from outside: a reflector that is flooded, and a collector whose reflector lies, over both kinds of sockets. They
/// live, their metrics add up, their HTTP answers and their memory stays flat.
/// </summary>
internal sealed class ProcessRound(Corpus corpus) : IRound
{
    private const long MaxGrowthKilobytes = 24 << 10;

    public string Name => "executable";

    public string Title => "the real executable: a flooded reflector, a collector that is lied to";

    public double Share => 0.04;

    public double TimeShare => 0.2;

    public void Run(Campaign campaign)
    {
        if (!File.Exists(Repository.Executable))
        {
            campaign.Skip("no executable; make build makes it");
            return;
        }

        foreach (string network in (string[])["kernel", "portable"])
        {
            Reflector(campaign, network).GetAwaiter().GetResult();
            Collector(campaign, network).GetAwaiter().GetResult();
        }
    }

    private async Task Reflector(Campaign campaign, string network)
    {
        int port = Ports.Free(), metrics = Ports.Free();
        await using LlamaProcess process = LlamaProcess.Start(
            "reflector", "-port", $"{port}", "--metrics", $"127.0.0.1:{metrics}", "-max-pps", "unlimited", "--network", network);
        await Web.GetWhenUp(metrics, "/readyz", process);

        using var flood = new Flood(corpus, port, campaign.Seed, threads: 1, attackersEach: 3);
        using var honest = new HonestTraffic(new IPEndPoint(IPAddress.Loopback, port), 50, 2);
        flood.Run(campaign.Part(0.1), campaign);
        long before = ResidentKilobytes(process);
        flood.Run(campaign.Part(0.25), campaign);
        long growth = ResidentKilobytes(process) - before;
        HonestResult result = honest.Stop();

        double received = await Counter(metrics, "llama_reflector_datagrams_received_total");
        double judged = await Counter(metrics, "llama_reflector_datagrams_total");
        double drops = await Counter(metrics, "llama_reflector_receive_drops_total");
        campaign.Tell(string.Create(
            CultureInfo.InvariantCulture,
            $"{network}: reflector received {received:N0}, kernel drops {drops:N0}, honest {result.Sent:N0} sent, {result.Lost} lost, resident {growth:+0;-0;0} KiB"));
        Alive(process);
        Violation.If(received != judged, $"{received} received, {judged} judged");
        Violation.If(flood.Late == 0 && network == "kernel" && received + drops < flood.Sent + result.Sent, $"{flood.Sent} sent, {received} received, {drops} dropped");
        Violation.If(received > flood.Sent + result.Sent + 2, $"{flood.Sent} sent, {received} received");
        Violation.If(result.Lost > drops + result.ReceiveDrops, $"the honest prober lost {result.Lost}");
        Violation.If(growth > MaxGrowthKilobytes, $"the reflector grew by {growth} KiB");
    }

    private async Task Collector(Campaign campaign, string network)
    {
        using var liar = new Liar(corpus, campaign.Seed);
        using var directory = new TemporaryDirectory();
        int api = Ports.Free();
        string file = directory.Write("fuzz.yaml", $$"""
            summarization: {interval: 1}
            api: {bind: "127.0.0.1:{{api}}" }
            ports: {p: {ip: 127.0.0.1, port: 0, tos: 0, timeout: 300, size: 200} }
            port_groups: {g: [{port: p, count: 4}]}
            rate_limits: {r: {cps: 1000} }
            tests: [{targets: t, port_group: g, rate_limit: r}]
            targets:
              t:
                - ip: 127.0.0.1
                  port: {{liar.Port}}
            """);
        await using LlamaProcess process = LlamaProcess.Start("collector", "-llama.config", file, "--network", network);
        await Web.GetWhenUp(api, "/status", process);

        Campaign part = campaign.Part(0.15);
        TimeSpan least = TimeSpan.FromSeconds(4);
        long before = 0, reports = 0, told = 0;
        string last = "";
        while (part.Elapsed < least || (liar.Sent < part.Datagrams && !part.IsOver))
        {
            Alive(process);
            liar.ThrowIfFailed();
            using JsonDocument report = JsonDocument.Parse(await Web.Get(api, "/api/v2/summaries"));
            string start = report.RootElement.GetProperty("start").ToString();
            if (start != last)
            {
                last = start;
                reports++;
                told += Check(report.RootElement);
            }

            if (before == 0 && reports == 2) before = ResidentKilobytes(process);
            Violation.If(!(await Web.Get(api, "/influxdata")).StartsWith('['), "/influxdata is no array");
            Violation.If(!(await Web.Get(api, "/metrics")).Contains("llama_", StringComparison.Ordinal), "/metrics is empty");
            await Task.Delay(200);
        }

        campaign.Tried += liar.Sent;
        long growth = ResidentKilobytes(process) - before;
        campaign.Tell(string.Create(
            CultureInfo.InvariantCulture,
            $"{network}: collector was told {liar.Sent:N0} lies, {reports} reports of {told:N0} sent, resident {growth:+0;-0;0} KiB"));
        Violation.If(reports < 2 || told == 0, "the collector reported nothing");
        Violation.If(growth > MaxGrowthKilobytes, $"the collector grew by {growth} KiB");
    }

    /// <summary>The laws of summaries once more, on what HTTP says.</summary>
    /// <returns>Datagrams that the report says were sent.</returns>
    private static long Check(JsonElement report)
    {
        long total = 0;
        foreach (JsonElement summary in report.GetProperty("summaries").EnumerateArray())
        {
            JsonElement counts = summary.GetProperty("datagrams"), rtt = summary.GetProperty("rtt");
            long sent = counts.GetProperty("sent").GetInt64(), received = counts.GetProperty("received").GetInt64(), lost = counts.GetProperty("lost").GetInt64();
            Violation.If(sent != received + lost || received < 0 || lost < 0, $"counts do not add up: {counts}");
            if (counts.GetProperty("lost_forward") is { ValueKind: JsonValueKind.Number } forward)
            {
                long reverse = counts.GetProperty("lost_reverse").GetInt64();
                Violation.If(forward.GetInt64() < 0 || reverse < 0 || forward.GetInt64() + reverse != lost, $"directions do not add up: {counts}");
            }

            long[] times = [.. ((string[])["min_ns", "p50_ns", "p90_ns", "p99_ns", "max_ns"]).Select(rtt.GetProperty)
                .Where(time => time.ValueKind == JsonValueKind.Number).Select(time => time.GetInt64())];
            Violation.If(times.Any(time => time is < 0 or > 300_000_000) || !times.SequenceEqual(times.Order()), $"impossible times: {rtt}");
            Violation.If(rtt.GetProperty("count").GetInt64() > received, $"more times than replies: {summary}");
            total += sent;
        }

        return total;
    }

    private static void Alive(LlamaProcess process) => Violation.If(process.HasExited, $"the process is gone\n{process.Transcript}");

    private static async Task<double> Counter(int port, string name) => await Web.Metric(port, name) ?? 0;

    private static long ResidentKilobytes(LlamaProcess process) => long.Parse(
        File.ReadLines($"/proc/{process.Id}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
        CultureInfo.InvariantCulture);

    /// <summary>A reflector that answers right, and then tells lies instead; and floods the ports it has heard from.</summary>
    private sealed class Liar : IDisposable
    {
        private const int Extension = 27;

        private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        private readonly Socket _stranger = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        private readonly HostileReplies _replies;
        private readonly Thread _thread;
        private volatile bool _ending;
        private volatile Exception? _failure;
        private long _sent;

        public Liar(Corpus corpus, ulong seed)
        {
            _replies = new HostileReplies(new Dice(seed), new HostileDatagrams(corpus));
            _socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            _socket.ReceiveTimeout = 200;
            _stranger.Bind(new IPEndPoint(IPAddress.Parse("127.8.8.8"), 0));
            _thread = new Thread(Lie, ReferenceReader.StackBytes) { IsBackground = true, Name = "liar" };
            _thread.Start();
        }

        public int Port => ((IPEndPoint)_socket.LocalEndPoint!).Port;

        public long Sent => Interlocked.Read(ref _sent);

        public void ThrowIfFailed() => Violation.If(_failure is not null, $"the liar failed: {_failure}");

        public void Dispose()
        {
            _ending = true;
            _thread.Join();
            _socket.Dispose();
            _stranger.Dispose();
        }

        private void Lie()
        {
            byte[] room = new byte[1 << 16];
            EndPoint from = new IPEndPoint(IPAddress.Any, 0);
            uint receives = 0;
            while (!_ending)
            {
                try
                {
                    int length = _socket.ReceiveFrom(room, ref from);
                    byte[] reply = room[..length];
                    reply[Extension + 1] |= 1;
                    BitConverter.TryWriteBytes(reply.AsSpan(Extension + 32), System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(++receives / 4));
                    foreach (byte[] lie in _replies.Instead(reply)) Send(_socket, lie, from);
                    Send(_stranger, _replies.Unsolicited(), from);
                }
                catch (SocketException exception) when (exception.SocketErrorCode is SocketError.TimedOut or SocketError.WouldBlock or SocketError.ConnectionRefused)
                {
                    // Nobody asks just now, or the collector has closed a port.
                }
                catch (Exception exception)
                {
                    _failure = exception;
                    return;
                }
            }
        }

        private void Send(Socket socket, byte[] datagram, EndPoint to)
        {
            socket.SendTo(datagram, to);
            Interlocked.Increment(ref _sent);
        }
    }
}
