using System.CommandLine;
using Llama.Cli.Collecting;
using Llama.Cli.Settings;
using Llama.Mesh;

namespace Llama.Cli.Commands;

/// <summary><c>llama collector</c>: sends datagrams to targets, judges the replies and publishes summaries, until it is told to end.</summary>
internal static class CollectorCommand
{
    public static Command Create(Surroundings surroundings)
    {
        Func<string, string?> environment = surroundings.Environment;
        var config = new Setting<string>(
            "config", "FILE", "The collector's YAML; read again on SIGHUP and when it changes. Without it: 127.0.0.1 at --dst-port.", ValueParser.Text, environment, goName: "llama.config");
        var destinationPort = new Setting<int>(
            "dst-port", "PORT", "UDP port of targets that have none of their own.", ValueParser.Port, environment, "8100", goName: "llama.dst-port");
        var api = new Setting<ListenAddress>(
            "api", "HOST:PORT", "Serve the HTTP API here instead of where the file says (api.bind).", ListenAddress.Parse, environment);
        var keyFile = new Setting<string>("key-file", "FILE", "Authenticate datagrams with the key in this file.", ValueParser.Text, environment);
        var network = new Setting<NetworkKind>(
            "network", "KIND", "'kernel' for batched system calls, 'portable' for System.Net.Sockets.", ValueParser.Network, environment, "kernel");
        var sinks = new SinkSettings(environment, showsPairs: true);
        var check = new Option<bool>("--check", "-check") { Description = "Check the configuration, print all mistakes or what it comes to, and exit." };

        var command = new DescribedCommand("collector", "Send datagrams to targets, judge the replies, publish summaries over HTTP.")
        {
            IgnoresStrayArguments = true,
            Examples =
            [
                "llama collector --config collector.yaml",
                "llama collector --config collector.yaml --check       # only look for mistakes",
                "llama collector -llama.config=legacy.yaml -llama.dst-port=8100",
                "llama collector --config collector.yaml --sink influx:http://db:8086/llama",
                "curl -s localhost:5000/api/v2/summaries               # what it measured",
            ],
        };
        foreach (Option option in (Option[])[config, destinationPort, api, .. sinks.Options, keyFile, network, check]) command.Add(option);

        command.SetAction(async (parsed, cancellation) =>
        {
            var settings = new CollectorSettings
            {
                // The Go collector takes an empty name for no file.
                ConfigurationPath = parsed.GetValue(config) is { Length: > 0 } path ? path : null,
                DestinationPort = parsed.GetValue(destinationPort),
                Api = parsed.GetValue(api),
                Network = parsed.GetValue(network),
                Key = KeyFile.Read(parsed.GetValue(keyFile), surroundings.Log),
                OpenSinks = () => sinks.Open(parsed, Path.Combine(DefaultStatePath.Of(environment, "collector"), "sinks"), surroundings),
            };
            if (parsed.GetValue(check)) return Check(settings, surroundings);

            using var stop = new StopSignals(cancellation);
            using var service = new CollectorService(settings, surroundings.Log, surroundings.Time);
            await service.RunAsync(stop.Token).ConfigureAwait(false);
            return ExitCode.Ok;
        });
        return command;
    }

    private static int Check(CollectorSettings settings, Surroundings surroundings)
    {
        ConfigurationResult result = settings.Over(new ConfigurationFile(settings.ConfigurationPath, settings.DestinationPort).Read());
        foreach (ConfigurationError warning in result.Warnings) surroundings.Error.WriteLine($"llama: warning: {warning}");
        foreach (ConfigurationError error in result.Errors) surroundings.Error.WriteLine($"llama: {error}");
        if (result.Configuration is not { } configuration) return ExitCode.Failed;
        foreach (string line in PlanOutline.Describe(configuration)) surroundings.Out.WriteLine(line);
        return ExitCode.Ok;
    }
}
