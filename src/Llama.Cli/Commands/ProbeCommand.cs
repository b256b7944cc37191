using System.CommandLine;
using System.Net;
using Llama.Cli.Joining;
using Llama.Cli.Reflecting;
using Llama.Cli.Settings;

namespace Llama.Cli.Commands;

/// <summary><c>llama probe</c>: joins this host to the mesh of a discovery server, until it is told to end.</summary>
internal static class ProbeCommand
{
    public static Command Create(Surroundings surroundings)
    {
        Func<string, string?> environment = surroundings.Environment;
        var server = new Setting<IReadOnlyList<Uri>>(
            "server", "URL", "The discovery server, as in http://server:5000; several have commas between them.", ServerAddress.Parse, environment, letter: 's');
        var group = new Setting<string>("group", "NAME", "Group whose probes test each other.", Name, environment, "default", letter: 'g');
        var keepalive = new Setting<TimeSpan?>(
            "keepalive", "SECONDS", "How long others go on measuring this host when it is not heard of; the server's where it is not given.", ValueParser.Duration, environment, letter: 'k');
        var ip = new Setting<IPAddress>(
            "ip", "ADDRESS", "Address that others send to; where it is not given, the one that the server sees.", Address, environment, letter: 'i', variables: ["LLAMA_SOURCE_IP"]);
        var tags = new Setting<IReadOnlyList<KeyValuePair<string, string>>>(
            "tags", "TAGS", "Tags, as in [ location: Las Vegas, rack: 7 ] or location=Las Vegas,rack=7.", TagText.Parse, environment, letter: 't');
        var name = new Setting<string>("name", "NAME", "Long name; the host's name where it is not given.", Name, environment, variables: ["PROBE_NAME"]);
        var shortName = new Setting<string>(
            "shortname", "NAME", "Name in the group, one for each probe; the host's name where it is not given.", Name, environment, variables: ["PROBE_SHORTNAME", "PROVE_SHORTNAME"]);
        var port = new Setting<int>("port", "PORT", "UDP port of the reflector and TCP port of the API.", ValueParser.Port, environment, "8100");
        var bind = new Setting<IPAddress>("bind", "ADDRESS", "Address to listen on and to send from; all addresses where it is not given.", ValueParser.Address, environment);
        var token = new Secret("token", "What the server wants of those who register", environment);
        var authorities = new Setting<string>("ca-file", "FILE", "PEM of the authorities that the server's certificate may come from, instead of the system's.", ValueParser.Text, environment);
        var data = new Setting<string>(
            "data", "DIR", "Where its identity, its last configuration and reports that wait are kept; docs/cli.md has the default.", ValueParser.Text, environment);
        var push = new Setting<string>("push", "on|off", "Push summaries to the server, which also works from behind NAT.", OnOrOff, environment, "on");
        var sinks = new SinkSettings(environment, showsPairs: true);
        var workers = new Setting<int?>(
            "workers", "N", "Threads of the reflector.", text => ValueParser.Count(text, 1, 256, "is not a number of workers"), environment, "1");
        var maxPps = new Setting<Rate>(
            "max-pps", "RATE", "Datagrams that the reflector answers in a second at the most, or 'unlimited'.", Rate.Parse, environment, "100000");
        var maxPpsPerSource = new Setting<Rate>(
            "max-pps-per-source", "RATE", "The same for each source address; half of --max-pps where it is not given.", Rate.Parse, environment);
        var keyFile = new Setting<string>("key-file", "FILE", "Authenticate datagrams with the key in this file, instead of the server's.", ValueParser.Text, environment);
        var network = new Setting<NetworkKind>(
            "network", "KIND", "'kernel' for batched system calls, 'portable' for System.Net.Sockets.", ValueParser.Network, environment, "kernel");
        var verbose = new Switch("verbose", "Tell of each target.", environment, letter: 'v', variables: ["APP_VERBOSE"]);

        var command = new DescribedCommand("probe", "Join this host to a mesh: reflector, collector and API in one, told what to do by a server.")
        {
            Examples =
            [
                "llama probe --server http://server:5000",
                "LLAMA_SERVER=http://server:5000 llama probe           # the same",
                "llama probe -s https://llama.example -g wan -t 'site=lhr1,rack=7' --token-file /etc/llama/token",
                "LLAMA_TAGS='[ location: Las Vegas ]' PROBE_SHORTNAME=lv1 llama probe -s server:5000",
            ],
        };
        Option[] options =
        [
            server, group, keepalive, ip, tags, name, shortName, port, bind, .. token.Options, authorities, data, push,
            .. sinks.Options, workers, maxPps, maxPpsPerSource, keyFile, network, verbose,
        ];
        foreach (Option option in options) command.Add(option);

        command.SetAction(async (parsed, cancellation) =>
        {
            string host = Dns.GetHostName();
            int udp = parsed.GetValue(port);
            string state = parsed.GetValue(data) ?? StateDirectory.Default(environment, udp);
            double? limit = parsed.GetRequiredValue(maxPps)!.PerSecond;
            var settings = new ProbeSettings
            {
                Servers = parsed.GetValue(server)
                    ?? throw new Failure("--server is missing: give the discovery server, as in --server http://server:5000 or LLAMA_SERVER=http://server:5000"),
                Group = parsed.GetValue(group) ?? "default",
                Name = parsed.GetValue(shortName) ?? host,
                FullName = parsed.GetValue(name) ?? host,
                Address = parsed.GetValue(ip),
                Bind = parsed.GetValue(bind),
                Port = udp,
                Tags = parsed.GetValue(tags) ?? [],
                Keepalive = parsed.GetValue(keepalive),
                Token = ServerAccess.Token(token.Read(parsed)),
                Authorities = ServerAccess.Authorities(parsed.GetValue(authorities)),
                Data = state,
                OpenSinks = () => sinks.Open(parsed, Path.Combine(state, "sinks"), surroundings),
                Pushes = parsed.GetValue(push) != "off",
                IsVerbose = parsed.GetValue(verbose),
                Workers = parsed.GetValue(workers) ?? 1,
                MaxPerSecond = limit,
                MaxPerSecondPerSource = RunningReflector.LimitPerSource(limit, parsed.GetValue(maxPpsPerSource)),
                Network = parsed.GetValue(network),
                Key = KeyFile.Read(parsed.GetValue(keyFile), surroundings.Log),
            };
            using var stop = new StopSignals(cancellation);
            await new Probe(settings, surroundings.Log, surroundings.Time).RunAsync(stop.Token).ConfigureAwait(false);
            return ExitCode.Ok;
        });
        return command;
    }

    // A name is a segment of a path.
    private static Parsed<string> Name(string text) =>
        text.Length is > 0 and <= 200 && !text.Any(char.IsControl) && !text.Contains('/') && text is not ("." or "..")
            ? Parsed.Of(text)
            : Parsed.Not<string>(text, "is no name: give up to 200 characters, without slashes");

    private static Parsed<IPAddress> Address(string text) =>
        IPAddress.TryParse(text.Trim('[', ']'), out IPAddress? address) && !address.Equals(IPAddress.Any) && !address.Equals(IPAddress.IPv6Any)
            ? Parsed.Of(address)
            : Parsed.Not<IPAddress>(text, "is not an address that others can send to: give one like 192.0.2.1 or 2001:db8::1");

    private static Parsed<string> OnOrOff(string text) =>
        text is "on" or "off" ? Parsed.Of(text) : Parsed.Not<string>(text, "is neither on nor off: give 'on' or 'off'");
}
