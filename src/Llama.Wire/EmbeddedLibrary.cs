using System.Reflection;
using System.Runtime.InteropServices;
using Llama.Wire.Sockets.Linux;

namespace Llama.Wire;

/// <summary>
/// Native libraries that lie inside the program as resources, so that one file is all there is to copy. They are loaded from memory:
/// nothing is unpacked, and a user without a home, or a read-only file system, will do.
/// </summary>
public static class EmbeddedLibrary
{
    private const uint MFD_CLOEXEC = 1;

    /// <summary>Lets an assembly's native calls find a library inside the program; where there is none, it is looked for as usual.</summary>
    /// <param name="caller">The assembly with the native calls.</param>
    /// <param name="name">The library as they name it; the resource is <c>lib{name}.so</c> of the program.</param>
    public static void Provide(Assembly caller, string name)
    {
        var library = new Lazy<nint>(() => Load(name));
        NativeLibrary.SetDllImportResolver(caller, (asked, _, _) => asked == name ? library.Value : 0);
    }

    private static nint Load(string name)
    {
        if (!OperatingSystem.IsLinux()) return 0;
        using Stream? library = Assembly.GetEntryAssembly()?.GetManifestResourceStream($"lib{name}.so");
        if (library is null) return 0;
        using var memory = new FileDescriptor(LinuxNative.MemoryFile(name, MFD_CLOEXEC));
        if (memory.IsInvalid) return 0;
        string path = $"/proc/self/fd/{memory.DangerousGetHandle()}";
        using (FileStream file = File.OpenWrite(path)) library.CopyTo(file);
        return NativeLibrary.TryLoad(path, out nint handle) ? handle : 0;
    }
}
