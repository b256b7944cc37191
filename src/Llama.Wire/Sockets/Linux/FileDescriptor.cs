using Microsoft.Win32.SafeHandles;

namespace Llama.Wire.Sockets.Linux;

/// <summary>A file descriptor that is closed once, and never while a call on it is under way.</summary>
internal sealed class FileDescriptor : SafeHandleMinusOneIsInvalid
{
    /// <summary>Takes what a system call returned; a negative number makes an invalid one.</summary>
    internal FileDescriptor(int descriptor)
        : base(ownsHandle: true) => SetHandle(descriptor);

    protected override bool ReleaseHandle() => SocketCalls.close((int)handle) == 0;
}
