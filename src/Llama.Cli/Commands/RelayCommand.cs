using System.CommandLine;
using System.Net;
using System.Net.Sockets;
using Llama.Cli.Demo;
using Llama.Cli.Settings;
using Llama.Wire.Clocks;
using Llama.Wire.Sockets;

namespace Llama.Cli.Commands;

/// <summary><c>llama relay</c>: stands in front of a reflector and delays and loses datagrams as told, each way by itself.</summary>
internal static class RelayCommand
{
    public static Command Create(Surroundings surroundings)
    {
        Func<string, string?> environment = surroundings.Environment;
        var listen = new Setting<IPEndPoint>("listen", "ADDRESS:PORT", "Where collectors send to.", ValueParser.EndPoint, environment);
        var to = new Setting<IPEndPoint>("to", "ADDRESS:PORT", "The reflector that datagrams go on to.", ValueParser.EndPoint, environment);
        var there = new Direction("", "on the way there", environment);
        var back = new Direction("back-", "on the way back", environment);
        var command = new DescribedCommand("relay", "Stand in front of a reflector, and delay and lose datagrams as told.")
        {
            Examples =
            [
                "llama relay --listen 192.0.2.1:8200 --to 192.0.2.1:8100 --delay 30ms --jitter 2ms",
                "llama relay --listen [::1]:8200 --to [::1]:8100 --loss 1%     # lost on the way there",
                "llama relay --listen 127.0.0.1:8200 --to 127.0.0.1:8100 --back-loss 1% --back-delay 20ms",
            ],
        };
        command.Add(listen);
        command.Add(to);
        there.AddTo(command);
        back.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            IPEndPoint front = parsed.GetValue(listen) ?? throw new Failure("--listen is missing: give the address and port that collectors send to");
            IPEndPoint reflector = parsed.GetValue(to) ?? throw new Failure("--to is missing: give the reflector's address and port");
            if (front.AddressFamily != reflector.AddressFamily)
                throw new Failure($"--listen {front} and --to {reflector} are of different families: give two IPv4 or two IPv6 addresses");
            await RunAsync(front, reflector, there.Read(parsed), back.Read(parsed), surroundings, cancellation).ConfigureAwait(false);
            return ExitCode.Ok;
        });
        return command;
    }

    private static async Task RunAsync(
        IPEndPoint listen, IPEndPoint reflector, Impairment there, Impairment back, Surroundings surroundings, CancellationToken cancellation)
    {
        using var stop = new StopSignals(cancellation);
        using var hop = new ImpairedHop(DatagramNetwork.Create(), Clock.System, Random.Shared.Next());
        try
        {
            surroundings.Log.Info($"relays UDP {hop.Open(listen, reflector, there, back)} to {reflector}");
        }
        catch (SocketException error)
        {
            throw new Failure($"--listen {listen}: {error.Message}", error);
        }

        await Task.Factory.StartNew(() => hop.Run(stop.Token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)
            .ConfigureAwait(false);
    }

    /// <summary>The settings of one direction.</summary>
    private sealed class Direction(string prefix, string way, Func<string, string?> environment)
    {
        private readonly Setting<TimeSpan?> _delay = new(
            $"{prefix}delay", "DURATION", $"How long each datagram is held {way}, as in 30ms.", ValueParser.Duration, environment);

        private readonly Setting<TimeSpan?> _jitter = new(
            $"{prefix}jitter", "DURATION", $"How much longer at the most {way}, evenly spread.", ValueParser.Duration, environment);

        private readonly Setting<double?> _loss = new(
            $"{prefix}loss", "SHARE", $"How many are lost {way}, as in 1% or 0.01.", ValueParser.Share, environment);

        public void AddTo(Command command)
        {
            command.Add(_delay);
            command.Add(_jitter);
            command.Add(_loss);
        }

        public Impairment Read(ParseResult parsed) => new()
        {
            Delay = parsed.GetValue(_delay) ?? TimeSpan.Zero,
            Jitter = parsed.GetValue(_jitter) ?? TimeSpan.Zero,
            Loss = parsed.GetValue(_loss) ?? 0,
        };
    }
}
