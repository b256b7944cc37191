using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Llama.Cli.Settings;
using Llama.Engine.Reflecting;
using Llama.Wire.Clocks;
using Llama.Wire.Sockets;

namespace Llama.Cli.Reflecting;

/// <summary>Opens reflectors and watches over them, with words for the operator.</summary>
internal static class RunningReflector
{
    /// <summary>The wildcard that takes as many families as this host has.</summary>
    public static IPAddress AllAddresses => Socket.OSSupportsIPv6 ? IPAddress.IPv6Any : IPAddress.Any;

    /// <summary>The rate for each source address: half of all where it is not given.</summary>
    public static double? LimitPerSource(double? all, Rate? given) =>
        given is not null ? given.PerSecond : all is { } limit ? Math.Max(1, limit / 2) : null;

    /// <summary>Opens one, and tells how.</summary>
    /// <exception cref="Failure">Its port can't be bound.</exception>
    public static Reflector Open(ReflectorOptions options, bool portable, Log log)
    {
        Reflector reflector;
        try
        {
            reflector = new Reflector(() => DatagramNetwork.Create(portable), Clock.System, options);
        }
        catch (SocketException error)
        {
            // The socket's own message names the address.
            throw new Failure($"{error.Message}. {Advice(error.SocketErrorCode, options.Bind.Port)}", error);
        }

        log.Info($"reflects UDP {reflector.LocalEndPoint}, {Limits(options)}{(options.Key.IsEmpty ? "" : ", authenticated datagrams only")}");
        WarnOfSmallBuffer(reflector.ReceiveBufferBytes, log);
        return reflector;
    }

    /// <summary>Tells of drops until cancelled.</summary>
    /// <exception cref="Failure">The reflector stopped.</exception>
    public static async Task WatchAsync(Reflector reflector, Log log, CancellationToken cancellation)
    {
        Task watching = new DropWatch(reflector, log, TimeProvider.System).RunAsync(cancellation);
        if (await Task.WhenAny(reflector.Completion, watching).ConfigureAwait(false) == watching)
        {
            await watching.ConfigureAwait(false);
            return;
        }

        try
        {
            await reflector.Completion.ConfigureAwait(false);
        }
        catch (Exception error)
        {
            throw new Failure($"the reflector stopped: {error.Message}", error);
        }
    }

    private static string Advice(SocketError error, int port) => error switch
    {
        SocketError.AddressAlreadyInUse => $"Give another --port, or end what uses it (ss -ulpn 'sport = :{port}' shows it)",
        SocketError.AccessDenied => "Ports below 1024 need CAP_NET_BIND_SERVICE; give a --port of 1024 or more",
        SocketError.AddressNotAvailable => "Give --bind an address of this host (ip address shows them)",
        _ => "Check --bind and --port",
    };

    private static string Limits(ReflectorOptions options) =>
        $"at most {Limit(options.MaxPerSecond)} datagrams/s and {Limit(options.MaxPerSecondPerSource)} for a source";

    private static string Limit(double? perSecond) => perSecond?.ToString("0.##", CultureInfo.InvariantCulture) ?? "unlimited";

    private static void WarnOfSmallBuffer(int granted, Log log)
    {
        // Linux counts its own bookkeeping too and so reports twice what was asked for (socket(7), SO_RCVBUF).
        int asked = new DatagramSocketOptions { Bind = new IPEndPoint(IPAddress.Any, 0) }.ReceiveBufferBytes;
        if (!OperatingSystem.IsLinux() || granted == 0 || granted >= 2L * asked) return;
        log.Warn($"the kernel gave {granted / 2} bytes of receive buffer instead of {asked}; bursts may be lost. Raise it with: sysctl -w net.core.rmem_max={asked}");
    }
}
