using System.Net;
using System.Net.Sockets;

namespace Llama.Benchmarks.Gate;

/// <summary>What all measurements work with: programs, cores, a directory for what comes and goes.</summary>
internal sealed record Workbench
{
    /// <summary>The release build of llama.</summary>
    public required string Llama { get; init; }

    /// <summary>The single file that is published.</summary>
    public required string PublishedLlama { get; init; }

    /// <summary>The C echo.</summary>
    public required string Echo { get; init; }

    /// <summary>The C load generator.</summary>
    public required string Load { get; init; }

    public required Cores Cores { get; init; }

    /// <summary>Empty at the start, gone at the end.</summary>
    public required string Directory { get; init; }

    /// <summary>True for one short round of everything: to see that it works, not for figures.</summary>
    public required bool IsQuick { get; init; }

    /// <summary>A time, or a part of it where things are to be quick.</summary>
    public double Seconds(double whole, double quick) => IsQuick ? quick : whole;

    /// <summary>A UDP and TCP port of the loopback that was free a moment ago.</summary>
    public static int FreePort()
    {
        using var tcp = new TcpListener(IPAddress.Loopback, 0);
        tcp.Start();
        int port = ((IPEndPoint)tcp.LocalEndpoint).Port;
        using var udp = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        udp.Bind(new IPEndPoint(IPAddress.Any, port));
        return port;
    }
}
