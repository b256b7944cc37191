using System.Globalization;
using System.Text.Json;
using Llama.EndToEnd.Harness;
using Llama.Server.Sinks;
using Llama.Server.Sinks.Influx;

namespace Llama.EndToEnd.Sinks;

/// <summary>What goes through the sink stands in a real database as it was measured.</summary>
public sealed class InfluxTests
{
    [SkippableFact]
    public async Task InfluxDb_holds_what_was_measured_in_the_database_that_the_sink_created()
    {
        await using RealServer server = await RealServer.StartAsync(DatabaseServers.InfluxDb);
        await using var sink = Sink($"influx:{server.Url}/llama");

        Assert.Equal(3 * Measured.Pairs, await sink.DeliverAsync([Measured.Record(0), Measured.Record(1), Measured.Record(2)], default));

        JsonElement series = await AskInflux(server, """SELECT "sent", "lost", "loss", "rtt", "received" FROM "raw_stats" GROUP BY "dst_ip", "dst_name", "class", "src_region" """);
        Assert.Equal(Measured.Pairs, series.GetArrayLength());
        foreach (JsonElement one in series.EnumerateArray())
        {
            JsonElement tags = one.GetProperty("tags");
            int pair = int.Parse(tags.GetProperty("dst_ip").GetString()!["10.0.1.".Length..], CultureInfo.InvariantCulture);
            Assert.Equal((Measured.Name(pair), "EF", "west"), (tags.GetProperty("dst_name").GetString(), tags.GetProperty("class").GetString(), tags.GetProperty("src_region").GetString()));
            Assert.Equal(3, one.GetProperty("values").GetArrayLength());
            for (int interval = 0; interval < 3; interval++)
            {
                double[] values = [.. one.GetProperty("values")[interval].EnumerateArray().Select(value => value.GetDouble())];
                (long sent, long lost) = (Measured.Sent(interval, pair), Measured.Lost(interval, pair));
                Assert.Equal(
                    [Measured.End(interval).ToUnixTimeSeconds(), sent, lost, Math.Round(100.0 * lost / sent, 6), Measured.RttNanos(interval, pair) / 1e6, sent - lost], values);
            }
        }
    }

    [SkippableFact]
    public async Task InfluxDb_that_is_killed_in_the_middle_loses_and_doubles_nothing()
    {
        await using RealServer server = await RealServer.StartAsync(DatabaseServers.InfluxDb);
        await using var sink = Sink($"influx:{server.Url}/llama?gzip=true");
        await DeliverThroughEndsAsync(server, sink, server.KillAsync);

        JsonElement all = (await AskInflux(server, """SELECT count("sent"), sum("sent"), sum("lost") FROM "raw_stats" """))[0].GetProperty("values")[0];
        Assert.Equal((Intervals * Measured.Pairs, Total(Measured.Sent), Total(Measured.Lost)), (all[1].GetInt64(), all[2].GetInt64(), all[3].GetInt64()));
        JsonElement flows = (await AskInflux(server, """SELECT count("sent"), sum("sent") FROM "flow_stats" """))[0].GetProperty("values")[0];
        Assert.Equal((2L * Intervals * Measured.Pairs, 2 * Total(Measured.Sent)), (flows[1].GetInt64(), flows[2].GetInt64()));
    }

    [SkippableFact]
    public async Task InfluxDb_refuses_for_good_what_it_can_not_take_and_keeps_the_rest()
    {
        await using RealServer server = await RealServer.StartAsync(DatabaseServers.InfluxDb);
        await using var sink = Sink($"influx:{server.Url}/llama");
        await sink.DeliverAsync([Measured.Record(0, flows: 1)], default);
        string conflict = $"raw_stats late=1i {Measured.End(0).ToUnixTimeSeconds()}";
        using (var client = new HttpClient())
        using (HttpResponseMessage written = await client.PostAsync(new Uri($"{server.Url}/write?db=llama&precision=s"), new StringContent(conflict)))
            written.EnsureSuccessStatusCode();

        SinkException refusal = await Assert.ThrowsAsync<SinkException>(() => sink.DeliverAsync([Measured.Record(1, flows: 1, late: 5)], default));

        Assert.Equal(SinkFault.Refused, refusal.Fault);
        Assert.Contains($"dropped={Measured.Pairs}", refusal.Message, StringComparison.Ordinal);
        Assert.False(refusal.Body.IsEmpty);
        Assert.Equal(Measured.Pairs, (await AskInflux(server, """SELECT count("sent") FROM "raw_stats" """))[0].GetProperty("values")[0][1].GetInt64());
        Assert.Equal(2 * Measured.Pairs, (await AskInflux(server, """SELECT count("sent") FROM "flow_stats" """))[0].GetProperty("values")[0][1].GetInt64());
    }

    [SkippableTheory]
    [InlineData("influx:{0}/llama")]
    [InlineData("influx2:{0}?org=o&bucket=llama&token=t")]
    public async Task VictoriaMetrics_holds_what_was_measured(string address)
    {
        await using RealServer server = await RealServer.StartAsync(DatabaseServers.VictoriaMetrics);
        await using var sink = Sink(string.Format(CultureInfo.InvariantCulture, address, server.Url));

        await sink.DeliverAsync([Measured.Record(0), Measured.Record(1)], default);

        foreach ((string field, Func<int, int, double> expected) in (IEnumerable<(string, Func<int, int, double>)>)
            [("sent", (interval, pair) => Measured.Sent(interval, pair)), ("rtt", (interval, pair) => Measured.RttNanos(interval, pair) / 1e6)])
        {
            IReadOnlyList<(JsonElement Tags, long[] Millis, double[] Values)> series = await AskVictoria(server, field);
            Assert.Equal(Measured.Pairs, series.Count);
            foreach ((JsonElement tags, long[] millis, double[] values) in series)
            {
                int pair = int.Parse(tags.GetProperty("dst_ip").GetString()!["10.0.1.".Length..], CultureInfo.InvariantCulture);
                Assert.Equal(Measured.Name(pair), tags.GetProperty("dst_name").GetString());
                Assert.Equal([Measured.End(0).ToUnixTimeMilliseconds(), Measured.End(1).ToUnixTimeMilliseconds()], millis);
                Assert.Equal([expected(0, pair), expected(1, pair)], values);
            }
        }
    }

    [SkippableFact]
    public async Task VictoriaMetrics_that_is_ended_in_the_middle_loses_and_doubles_nothing()
    {
        await using RealServer server = await RealServer.StartAsync(DatabaseServers.VictoriaMetrics);
        await using var sink = Sink($"influx:{server.Url}/llama");

        // With SIGKILL it would lose what it took in the last seconds: it answers before it has written.
        await DeliverThroughEndsAsync(server, sink, () => server.StopAsync());

        IReadOnlyList<(JsonElement Tags, long[] Millis, double[] Values)> series = await AskVictoria(server, "sent");
        Assert.Equal(Measured.Pairs, series.Count);
        Assert.All(series, one => Assert.Equal(Enumerable.Range(0, Intervals).Select(interval => Measured.End(interval).ToUnixTimeMilliseconds()), one.Millis));
        Assert.Equal(Total(Measured.Sent), series.Sum(one => one.Values.Sum()));
    }

    private const int Intervals = 12;

    /// <summary>Delivers interval after interval as delivery does: what was not taken comes again. Meanwhile the server is ended and started, again and again.</summary>
    private static async Task DeliverThroughEndsAsync(RealServer server, InfluxSink sink, Func<Task> end)
    {
        int faults = 0;
        for (int interval = 0; interval < Intervals; interval++)
        {
            if (interval % 4 == 3)
            {
                Task<string?> meanwhile = TryDeliverAsync(sink, interval);
                await end();
                bool isTaken = await meanwhile is not null;
                SinkException fault = await Assert.ThrowsAsync<SinkException>(() => sink.DeliverAsync([Measured.Record(interval, flows: 2)], default));
                Assert.Equal(SinkFault.Unavailable, fault.Fault);
                faults++;
                await server.StartAsync();
                if (isTaken) continue;
            }

            // Sent twice now and then, as after a crash between the answer and its acknowledgement.
            for (int copy = 0; copy <= interval % 2; copy++)
                await Eventually.Get(() => TryDeliverAsync(sink, interval), TimeSpan.FromSeconds(30), $"interval {interval}", () => server.Transcript);
        }

        Assert.Equal(Intervals / 4, faults);
    }

    private static async Task<string?> TryDeliverAsync(InfluxSink sink, int interval)
    {
        try
        {
            return (await sink.DeliverAsync([Measured.Record(interval, flows: 2)], default)).ToString(CultureInfo.InvariantCulture);
        }
        catch (SinkException fault) when (fault.Fault == SinkFault.Unavailable)
        {
            return null;
        }
    }

    private static long Total(Func<int, int, long> of) =>
        Enumerable.Range(0, Intervals).Sum(interval => Enumerable.Range(0, Measured.Pairs).Sum(pair => of(interval, pair)));

    private static InfluxSink Sink(string address) => new(InfluxOptions.Of(SinkUri.Parse(address)));

    /// <summary>The series that InfluxQL answers with.</summary>
    private static async Task<JsonElement> AskInflux(RealServer server, string query)
    {
        using var answer = JsonDocument.Parse(await Web.Get(server.Port, $"/query?db=llama&epoch=s&q={Uri.EscapeDataString(query)}"));
        return answer.RootElement.GetProperty("results")[0].GetProperty("series").Clone();
    }

    /// <summary>All samples of a field as VictoriaMetrics exports them, once it has flushed what was written.</summary>
    private static async Task<IReadOnlyList<(JsonElement Tags, long[] Millis, double[] Values)>> AskVictoria(RealServer server, string field)
    {
        await Web.Get(server.Port, "/internal/force_flush");
        string lines = await Web.Get(server.Port, $"/api/v1/export?match[]=raw_stats_{field}");
        return [.. lines.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement).Select(series => (
            series.GetProperty("metric"),
            series.GetProperty("timestamps").EnumerateArray().Select(time => time.GetInt64()).ToArray(),
            series.GetProperty("values").EnumerateArray().Select(value => value.GetDouble()).ToArray()))];
    }
}
