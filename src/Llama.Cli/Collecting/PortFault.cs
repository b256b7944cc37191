using System.Net;
using System.Net.Sockets;
using Llama.Mesh;

namespace Llama.Cli.Collecting;

/// <summary>Finds which entry of <c>ports</c> a socket could not be opened for, and says what to do.</summary>
internal static class PortFault
{
    /// <summary>One line.</summary>
    /// <param name="error">What opening said.</param>
    /// <param name="configuration">The configuration whose ports were opened.</param>
    /// <param name="inForce">The configuration whose ports are open; null at the start.</param>
    public static string Explain(SocketException error, CollectorConfiguration configuration, CollectorConfiguration? inForce)
    {
        HashSet<(IPAddress, int)> open = [.. Ports(inForce).Select(port => (port.Address, port.Port))];
        IEnumerable<PortSettings> suspects = Ports(configuration).Where(port => !open.Contains((port.Address, port.Port)));
        return suspects.FirstOrDefault(port => !CanBind(port)) is { } culprit
            ? $"ports.{culprit.Name}: {error.Message}. {Advice(error.SocketErrorCode, culprit.Port)}"
            : $"ports: {error.Message}. {Advice(error.SocketErrorCode, 0)}";
    }

    private static IEnumerable<PortSettings> Ports(CollectorConfiguration? configuration) =>
        configuration?.Tests.SelectMany(test => test.Ports) ?? [];

    private static bool CanBind(PortSettings port)
    {
        try
        {
            using var socket = new Socket(port.Address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            socket.Bind(new IPEndPoint(port.Address, port.Port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static string Advice(SocketError error, int port) => error switch
    {
        SocketError.AddressNotAvailable => "Give ip an address of this host (ip address shows them), or 0.0.0.0",
        SocketError.AddressAlreadyInUse when port != 0 => $"Give another port, or 0 for any, or end what uses it (ss -uapn 'sport = :{port}' shows it)",
        SocketError.AccessDenied => "Ports below 1024 need CAP_NET_BIND_SERVICE; give a port of 1024 or more, or 0 for any",
        SocketError.TooManyOpenSockets => "Raise the limit of open files (ulimit -n, LimitNOFILE=), or give port groups a smaller count",
        _ => "Check ip, port and count of the port groups",
    };
}
