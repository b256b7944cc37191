using System.CommandLine;
using System.Net;
using Llama.Cli.Reflecting;
using Llama.Cli.Settings;
using Llama.Engine.Reflecting;
using Llama.Server.Metrics;

namespace Llama.Cli.Commands;

/// <summary><c>llama reflector</c>: sends datagrams back to their sender, until it is told to end.</summary>
internal static class ReflectorCommand
{
    public static Command Create(Surroundings surroundings)
    {
        Func<string, string?> environment = surroundings.Environment;
        var port = new Setting<int>("port", "PORT", "UDP port to listen on.", ValueParser.Port, environment, "8100");
        var maxPps = new Setting<Rate>(
            "max-pps", "RATE", "Datagrams answered in a second at the most, 1 or more, or 'unlimited'; the rest is dropped and counted.", Rate.Parse, environment, "5000");
        var maxPpsPerSource = new Setting<Rate>(
            "max-pps-per-source", "RATE", "The same for each source address; half of --max-pps where it is not given.", Rate.Parse, environment);
        var bind = new Setting<IPAddress>("bind", "ADDRESS", "Address to listen on; all addresses where it is not given.", ValueParser.Address, environment);
        var workers = new Setting<int?>(
            "workers", "N", "Threads, each with a socket of its own on the port.", text => ValueParser.Count(text, 1, 256, "is not a number of workers"), environment, "1");
        var keyFile = new Setting<string>(
            "key-file", "FILE", "Answer only datagrams that are authenticated with the key in this file.", ValueParser.Text, environment);
        var metrics = new Setting<ListenAddress>(
            "metrics", "HOST:PORT", "Serve /metrics, /healthz and /readyz over HTTP here; nowhere where it is not given.", ListenAddress.Parse, environment);
        var network = new Setting<NetworkKind>(
            "network", "KIND", "'kernel' for batched system calls, 'portable' for System.Net.Sockets.", ValueParser.Network, environment, "kernel");

        var command = new DescribedCommand("reflector", "Send datagrams back to their sender.")
        {
            IgnoresStrayArguments = true,
            Examples =
            [
                "llama reflector                                       # UDP port 8100, all addresses",
                "llama reflector --port 9300 --max-pps 200000 --workers 2",
                "llama reflector --bind 192.0.2.1 --metrics :9100 --key-file /etc/llama/key",
            ],
        };
        foreach (Option option in (Option[])[port, maxPps, maxPpsPerSource, bind, workers, keyFile, metrics, network]) command.Add(option);

        // The Go programs share one set of flags: a reflector accepts the collector's, and has no use for them.
        foreach (string name in (string[])["llama.config", "llama.dst-port"])
            command.Add(new Option<string>($"--{name}", $"-{name}") { Hidden = true });

        command.SetAction(async (parsed, cancellation) =>
        {
            double? limit = parsed.GetRequiredValue(maxPps)!.PerSecond;
            Rate? perSource = parsed.GetValue(maxPpsPerSource);
            var options = new ReflectorOptions
            {
                Bind = new IPEndPoint(parsed.GetValue(bind) ?? RunningReflector.AllAddresses, parsed.GetValue(port)),
                Workers = parsed.GetValue(workers) ?? 1,
                MaxPerSecond = limit,
                MaxPerSecondPerSource = RunningReflector.LimitPerSource(limit, perSource),
                Key = KeyFile.Read(parsed.GetValue(keyFile), surroundings.Log),
            };
            bool portable = parsed.GetValue(network) == NetworkKind.Portable;
            await RunAsync(options, portable, parsed.GetValue(metrics), surroundings, cancellation).ConfigureAwait(false);
            return ExitCode.Ok;
        });
        return command;
    }

    private static async Task RunAsync(
        ReflectorOptions options, bool portable, ListenAddress? metrics, Surroundings surroundings, CancellationToken cancellation)
    {
        Log log = surroundings.Log;
        using var stop = new StopSignals(cancellation);
        using Reflector reflector = RunningReflector.Open(options, portable, log);

        ReflectorApi? api = metrics is null ? null : await StartApiAsync(metrics, reflector).ConfigureAwait(false);
        if (api is not null) log.Info($"serves /metrics on {string.Join(", ", api.Addresses)}");
        try
        {
            await RunningReflector.WatchAsync(reflector, log, stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stop.Token.IsCancellationRequested)
        {
        }
        finally
        {
            if (api is not null) await api.DisposeAsync().ConfigureAwait(false);
        }

        ReflectorCounters counters = reflector.Counters;
        log.Info($"ended: {counters.Received} datagrams received, {counters[ReflectorVerdict.Reflected]} reflected");
    }

    private static async Task<ReflectorApi> StartApiAsync(ListenAddress address, Reflector reflector)
    {
        try
        {
            return await ReflectorApi.StartAsync(address.Host, address.Port, reflector).ConfigureAwait(false);
        }
        catch (IOException error)
        {
            throw new Failure($"--metrics {address}: {error.Message}", error);
        }
    }
}
