using Llama.Mesh.Membership;
using Llama.Server.Discovery;

namespace Llama.Cli.Serving;

/// <summary>
/// Tells the operator who comes and goes: each of them when asked to be verbose or when they are few, else how many there were.
/// </summary>
internal sealed class EventTeller(DiscoveryServer server, Log log, TimeProvider time, bool isVerbose)
{
    private const int Few = 5;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>Runs until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        long known = 0;
        try
        {
            while (true)
            {
                IReadOnlyList<MeshEvent> events = await server.EventsAfterAsync(known, cancellation).ConfigureAwait(false);
                if (events.Count == 0) continue;
                known = events[^1].Sequence;
                foreach (string line in Lines(events, isVerbose)) log.Info(line);

                // What comes in a heap is told as one.
                await Task.Delay(Pause, time, cancellation).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // The server ends.
        }
    }

    /// <summary>What is said of events that came together.</summary>
    internal static IEnumerable<string> Lines(IReadOnlyList<MeshEvent> events, bool isVerbose) =>
        isVerbose || events.Count <= Few
            ? events.Select(Line)
            : [string.Join(", ", events.CountBy(one => one.Kind).Select(kind => $"{kind.Value} probes {Verb(kind.Key)}"))];

    private static string Line(MeshEvent one)
    {
        string from = one.PreviousAddress is { } previous ? $", before at {previous}" : "";
        return $"{Shown(one.Group)}/{Shown(one.Name)} {Verb(one.Kind)} ({one.Address}, port {one.Port}{from})";
    }

    private static string Verb(MeshEventKind kind) => kind switch
    {
        MeshEventKind.Joined => "joined",
        MeshEventKind.Left => "left: not heard of for too long",
        MeshEventKind.Removed => "removed",
        MeshEventKind.Replaced => "replaced by another of that name",
        MeshEventKind.ChangedAddress => "moved",
        _ => "changed",
    };

    // Names come from the network: what could move a terminal's cursor is not written to it.
    private static string Shown(string name) => string.Concat(name.Select(c => char.IsControl(c) ? '?' : c));
}
