using System.Net;
using Llama.EndToEnd.Harness;

namespace Llama.EndToEnd.Collecting;

/// <summary>What a collector makes of replies, from good to hostile. Some of them come 300 ms before it is too late.</summary>
[Collection(nameof(Alone))]
public sealed class ReplyTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Each_behaviour_of_a_reflector_counts_as_in_the_original()
    {
        // The recorded timeout of 300 ms with replies around it, wider apart, so that a busy machine measures the same.
        TimeSpan within = TimeSpan.FromMilliseconds(700);
        TimeSpan beyond = TimeSpan.FromMilliseconds(1300);
        var script = new Dictionary<string, Func<byte[], int, IEnumerable<ScriptedReply>>>
        {
            ["delay_100ms"] = (request, _) => [new(request, TimeSpan.FromMilliseconds(100))],
            ["delay_290ms"] = (request, _) => [new(request, within)],
            ["delay_310ms"] = (request, _) => [new(request, beyond)],
            ["delay_450ms"] = (request, _) => [new(request, 2 * beyond)],
            ["dup"] = (request, _) => [new(request), new(request), new(request)],
            ["signature_only"] = (request, _) => [new(request[..12])],
            ["other_tos"] = (request, _) => [new([.. request[..12], 0x12, 1, 0x55])],
            ["unknown_fields"] = (request, _) => [new([.. request, 0x98, 0x06, 0x07, 0xA2, 0x06, 2, 1, 2])],
            ["wrong_signature"] = (request, _) => [new([0x0A, 10, .. new byte[10], .. request[12..]])],
            ["garbage"] = (_, _) => [new("hello llama"u8.ToArray())],
            ["empty"] = (_, _) => [new([])],
            ["half"] = (request, count) => count % 2 == 0 ? [new(request)] : [],
            ["other_source"] = (request, _) => [new(request, FromElsewhere: true)],
            ["truncated"] = (request, _) => [new(request[..14])],
        };
        string[] lost = ["delay_310ms", "delay_450ms", "wrong_signature", "garbage", "empty"];
        int port = Ports.Free();
        await using var reflector = new ScriptedReflector(
            port, script.Values.Index().ToDictionary(entry => IPAddress.Parse($"127.0.0.{51 + entry.Index}"), entry => entry.Item));
        using var directory = new TemporaryDirectory();
        string text = RecordedCase.Rewrite("replies.yaml", port, port, Ports.Free()).Replace("timeout: 300", "timeout: 1000", StringComparison.Ordinal);
        await using RunningCollector collector = await RunningCollector.Start(directory.Write("replies.yaml", text));

        IReadOnlyList<InfluxPoint> points = await collector.PointsWhen(
            points => points.Count == script.Count && points.All(point => point.Sent >= 25), Deadline, "a whole interval");

        foreach (string behaviour in script.Keys)
        {
            InfluxPoint point = points.Single(point => point.HasTag("behaviour", behaviour));
            if (behaviour == "half") Assert.InRange(point.Loss, 30, 70);
            else Assert.True(point.Loss == (lost.Contains(behaviour) ? 100 : 0), $"{behaviour}: {point.Loss} % lost.\n{collector.Process.Transcript}");
        }

        // A timer goes by ticks and may fire one early.
        Assert.InRange(points.Single(point => point.HasTag("behaviour", "delay_100ms")).RttMillis, 95, 300);
        Assert.InRange(points.Single(point => point.HasTag("behaviour", "delay_290ms")).RttMillis, 695, 1000);
    }

    [Theory]
    [InlineData("kernel")]
    [InlineData("portable")]
    public async Task Replies_that_kill_the_original_or_that_it_ignores_do_no_harm(string network)
    {
        IReadOnlyList<WireFixture> crashers = WireFixture.Read("collector_reply_crashers.hex");
        IReadOnlyList<WireFixture> ignored = WireFixture.Read("collector_reply_ignored.hex");
        WireFixture[] all = [.. crashers, .. ignored];
        int port = Ports.Free();
        int addressBase = network == "kernel" ? 100 : 150;
        IPAddress At(int index) => IPAddress.Parse($"127.0.1.{addressBase + index}");
        await using var reflector = new ScriptedReflector(port, all.Index().ToDictionary(
            entry => At(entry.Index),
            Func<byte[], int, IEnumerable<ScriptedReply>> (entry) => (request, _) =>
                [new(WireFixture.ToBytes(entry.Item.Hex.Replace("SIG", Convert.ToHexString(ScriptedReflector.SignatureOf(request)), StringComparison.Ordinal)))]));
        using var directory = new TemporaryDirectory();
        string file = directory.Write("replies.yaml", SmallConfiguration.With(
            port, [.. all.Select((_, index) => At(index).ToString())], timeoutMillis: 500));
        await using RunningCollector collector = await RunningCollector.Start(file, "--network", network);

        IReadOnlyList<InfluxPoint> points = await collector.PointsWhen(
            points => points.Count == all.Length && points.All(point => point.Sent >= 5), Deadline, "an interval");

        foreach ((int index, WireFixture reply) in all.Index())
        {
            bool received = reply.Words.GetValueOrDefault("result") == "received";
            InfluxPoint point = points.Single(point => point.HasTag("dst_ip", At(index).ToString()));
            Assert.True(point.Loss == (received ? 0 : 100), $"{reply.Name}: {point.Loss} % lost");
        }
    }
}
