using Llama.EndToEnd.Harness;

namespace Llama.EndToEnd.Sinks;

/// <summary>The databases that speak line protocol.</summary>
internal static class DatabaseServers
{
    /// <summary>InfluxDB 1.6, without its reports home and its own statistics.</summary>
    public static ServerProgram InfluxDb { get; } = new()
    {
        Package = "influxdb",
        Command = "influxd",
        Prepare = server =>
        {
            string config = $"""
                reporting-disabled = true
                bind-address = "127.0.0.1:{Ports.Free()}"
                [meta]
                  dir = "{server.Directory}/meta"
                [data]
                  dir = "{server.Directory}/data"
                  wal-dir = "{server.Directory}/wal"
                  query-log-enabled = false
                [monitor]
                  store-enabled = false
                [http]
                  bind-address = "127.0.0.1:{server.Port}"
                  log-enabled = false
                """;
            return File.WriteAllTextAsync(Path.Combine(server.Directory, "influxdb.conf"), config);
        },
        Arguments = server => ["run", "-config", Path.Combine(server.Directory, "influxdb.conf")],
        IsUp = async server => await Web.Get(server.Port, "/ping") is not null,
    };

    /// <summary>VictoriaMetrics, one node. What was written is shown at once instead of after half a minute, and what was written twice is shown once.</summary>
    public static ServerProgram VictoriaMetrics { get; } = new()
    {
        Package = "victoria-metrics",
        Command = "victoria-metrics",
        Arguments = server =>
        [
            $"-storageDataPath={server.Directory}/data", $"-httpListenAddr=127.0.0.1:{server.Port}", "-search.latencyOffset=0s",
            "-dedup.minScrapeInterval=1ms", "-memory.allowedBytes=64MB",
        ],
        IsUp = async server => await Web.Get(server.Port, "/health") is not null,
    };
}
