using Llama.Wire.Sockets;
using Llama.Wire.Sockets.Linux;
using Llama.Wire.Sockets.Portable;

namespace Llama.Tests.Wire.Sockets;

/// <summary>What stands behind <see cref="IDatagramNetwork"/> on this machine.</summary>
public enum Backend
{
    Linux,
    Portable,
}

internal static class Backends
{
    internal static IDatagramNetwork Open(this Backend backend) => backend switch
    {
        Backend.Linux => new LinuxDatagramNetwork(),
        _ => new PortableDatagramNetwork(),
    };
}

/// <summary>Every backend.</summary>
public sealed class AllBackends : TheoryData<Backend>
{
    public AllBackends()
    {
        AddRange(Enum.GetValues<Backend>());
    }
}
