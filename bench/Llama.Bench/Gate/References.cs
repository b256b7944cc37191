using System.Diagnostics;

namespace Llama.Benchmarks.Gate;

/// <summary>The C programs that we are held against, made with the system's compiler.</summary>
internal static class References
{
    /// <summary>Compiles a reference.</summary>
    /// <param name="source">Its C source.</param>
    /// <param name="executable">What to make of it.</param>
    /// <param name="cancellation">Ends it early.</param>
    public static async Task CompileAsync(string source, string executable, CancellationToken cancellation)
    {
        using Process compiler = Process.Start("cc", ["-O2", "-Wall", "-Wextra", "-Werror", "-o", executable, source]);
        await compiler.WaitForExitAsync(cancellation).ConfigureAwait(false);
        if (compiler.ExitCode != 0) throw new InvalidOperationException($"cc can't compile {source}");
    }
}
