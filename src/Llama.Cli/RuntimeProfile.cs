using System.Runtime;

namespace Llama.Cli;

/// <summary>
/// How the runtime works for what the process is going to be. To be chosen before anything else runs, on the thread that starts it:
/// the pool of threads looks at its settings once.
/// </summary>
internal static class RuntimeProfile
{
    /// <summary>Chooses by the command line.</summary>
    public static void Choose(string[] args)
    {
        if (args is ["server", ..]) ForServer();
        else ForHost();
    }

    /// <summary>A probe shares its host with what the host is for: no second thread for the garbage of a small heap.</summary>
    private static void ForHost() => GCSettings.LatencyMode = GCLatencyMode.Batch;

    /// <summary>A server has a machine, and many who ask at the same time.</summary>
    private static void ForServer()
    {
        // Collecting all that a hundred thousand probes leave in memory takes 50 ms, in which nobody would be answered.
        GCSettings.LatencyMode = GCLatencyMode.Interactive;

        // The runtime's own value, where Llama.Cli.csproj has 0: a thread looks for more work before it sleeps. A third more
        // registrations go to disk in a second.
        AppContext.SetData("System.Threading.ThreadPool.UnfairSemaphoreSpinLimit", 70);

        // SQLite holds a thread while it writes. One for each core, as is the default, would leave too few for those who ask meanwhile.
        ThreadPool.GetMinThreads(out int workers, out int ports);
        ThreadPool.SetMinThreads(workers + 2, ports);
    }
}
