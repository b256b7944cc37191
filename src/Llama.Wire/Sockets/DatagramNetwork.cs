using Llama.Wire.Sockets.Linux;
using Llama.Wire.Sockets.Portable;

namespace Llama.Wire.Sockets;

/// <summary>Chooses the network for this machine.</summary>
public static class DatagramNetwork
{
    /// <summary>The kernel's batched calls on Linux, or System.Net.Sockets elsewhere.</summary>
    /// <param name="portable">True takes System.Net.Sockets on Linux too, for comparison.</param>
    public static IDatagramNetwork Create(bool portable = false) =>
        OperatingSystem.IsLinux() && Environment.Is64BitProcess && !portable
            ? new LinuxDatagramNetwork()
            : new PortableDatagramNetwork();
}
