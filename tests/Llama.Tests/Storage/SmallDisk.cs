using System.Diagnostics;

namespace Llama.Tests.Storage;

/// <summary>A file system of a few hundred kilobytes, in memory. Skips the test where none can be mounted.</summary>
internal sealed class SmallDisk : IDisposable
{
    private SmallDisk(string path) => Path = path;

    public string Path { get; }

    public static SmallDisk Mount(string parent, int kilobytes)
    {
        Skip.IfNot(OperatingSystem.IsLinux() && Environment.UserName == "root", "Mounting a small disk takes root, on Linux.");
        string path = Directory.CreateDirectory(System.IO.Path.Combine(parent, "small")).FullName;
        Skip.IfNot(Run("mount", "-t", "tmpfs", "-o", $"size={kilobytes}k", "tmpfs", path), "No small disk can be mounted here.");
        return new SmallDisk(path);
    }

    public void Resize(int kilobytes) => Assert.True(Run("mount", "-o", $"remount,size={kilobytes}k", Path));

    public void Dispose() => Assert.True(Run("umount", Path));

    private static bool Run(string command, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(command, arguments) { RedirectStandardError = true })!;
        process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
