using System.CommandLine;
using System.Net;
using System.Net.Sockets;
using Llama.Cli.Ping;
using Llama.Engine;
using Llama.Engine.Probing;
using Llama.Wire.Clocks;
using Llama.Wire.Sockets;

namespace Llama.Cli.Commands;

/// <summary><c>llama ping</c>: measures to reflectors here and now, and shows it as it happens.</summary>
internal static class PingCommand
{
    public static Command Create(Surroundings surroundings)
    {
        var flags = new PingFlags(surroundings.Environment);
        var command = new DescribedCommand("ping", "Measure loss and latency to reflectors, here and now.")
        {
            Examples =
            [
                "llama ping fra1.example.net                        # a live table until q or Ctrl-C",
                "llama ping 192.0.2.20 [2001:db8::20]:9300 --class EF --per-flow",
                "llama ping fra1.example.net -c 100 --fail-loss 1% --fail-rtt 20ms > report && echo fine",
                "llama ping fra1.example.net --duration 1m --json | jq .summaries[0].rtt.p99_ns",
                "llama ping fra1.example.net --mtu                  # the largest size that passes each way",
            ],
            ExitCodes =
            [
                "0  every target answered, and no threshold was exceeded",
                "1  a target gave no reply at all, a threshold was exceeded, or it could not run",
                "2  a command line that makes no sense",
            ],
        };
        flags.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            using var stop = new StopSignals(cancellation);
            PingOptions options = flags.Read(parsed, surroundings.Log);
            IReadOnlyList<Target> targets = await TargetLookup.ResolveAsync(options, Dns.GetHostAddressesAsync, stop.Token).ConfigureAwait(false);
            IReadOnlyList<string> problems = options.FindMtu
                ? await Task.Run(() => FindMtu(options, targets, surroundings.Out, stop.Token), CancellationToken.None).ConfigureAwait(false)
                : await new PingSession(options, targets, surroundings).RunAsync(stop.Token).ConfigureAwait(false);
            return problems.Count == 0 ? ExitCode.Ok : throw new Failure(string.Join('\n', problems));
        });
        return command;
    }

    private static List<string> FindMtu(PingOptions options, IReadOnlyList<Target> targets, TextWriter output, CancellationToken cancellation)
    {
        var problems = new List<string>();
        if (options.Format == PingFormat.Csv) output.Write(MtuReport.CsvHeader);
        foreach (Target target in targets)
        {
            PathMtu? found = FindMtu(options, target, cancellation);
            output.Write(MtuReport.Text(target, found, options.Format));
            output.Flush();
            if (found is null)
                problems.Add($"{target.Host}: no reply; does 'llama reflector' run there, and is UDP {target.EndPoint!.Port} let through?");
        }

        return problems;
    }

    private static PathMtu? FindMtu(PingOptions options, Target target, CancellationToken cancellation)
    {
        try
        {
            using var search = new PathMtuSearch(DatagramNetwork.Create(options.Portable), Clock.System, new PathMtuOptions
            {
                Target = target.EndPoint!,
                Source = options.Source ?? IPAddress.Any,
                Class = options.Class,
                Timeout = options.Timeout,
                Key = options.Key,
            });
            return search.Find(cancellation);
        }
        catch (SocketException error)
        {
            throw new Failure($"{error.Message}. Check --source", error);
        }
    }
}
