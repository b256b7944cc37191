using System.Net;
using System.Net.Sockets;

namespace Llama.EndToEnd.Harness;

/// <summary>
/// Ports that nobody uses, for UDP and TCP and both families. They lie below the range the kernel hands out by itself, and each is
/// given out once, so that nothing takes them between being found and being used.
/// </summary>
internal static class Ports
{
    private static readonly Lock Gate = new();
    private static int _next = Random.Shared.Next(15_000, 25_000);

    public static int Free()
    {
        lock (Gate)
        {
            for (int attempt = 0; attempt < 10_000; attempt++)
            {
                int port = _next = _next >= 31_000 ? 15_000 : _next + 1;
                if (IsFree(port)) return port;
            }
        }

        throw new InvalidOperationException("No free port.");
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var udp = new Socket(AddressFamily.InterNetworkV6, SocketType.Dgram, ProtocolType.Udp) { DualMode = true };
            udp.Bind(new IPEndPoint(IPAddress.IPv6Any, port));
            using var tcp = new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp) { DualMode = true };
            tcp.Bind(new IPEndPoint(IPAddress.IPv6Any, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
