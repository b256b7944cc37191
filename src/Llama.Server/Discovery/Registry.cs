using System.Net;
using Llama.Mesh.Membership;
using Llama.Mesh.Plans;
using Llama.Storage.Registry;

namespace Llama.Server.Discovery;

/// <summary>
/// All probes by group: joins, leases, events, plans. What was answered with success is on disk. Any thread may call it; what it
/// hands out is immutable.
/// </summary>
internal sealed class Registry : IAsyncDisposable
{
    /// <summary>A registry that is empty until <see cref="StartAsync"/>.</summary>
    /// <param name="store">Where registrations outlive the process; disposed with this.</param>
    /// <param name="options">Limits, and how groups test.</param>
    /// <param name="time">Leases go by its timestamps, dates by its wall clock.</param>
    public Registry(IRegistryStore store, RegistryOptions options, TimeProvider time) => throw new NotImplementedException();

    /// <summary>All groups with members, in the order they came to be.</summary>
    public IReadOnlyList<GroupSnapshot> Groups => throw new NotImplementedException();

    /// <summary>What happened lately.</summary>
    public EventFeed Events => throw new NotImplementedException();

    /// <summary>What it has counted since it started.</summary>
    public RegistryCounters Counters => throw new NotImplementedException();

    /// <summary>Why nothing can be stored at the moment, in one line; null when all is well.</summary>
    public string? StoreFault => throw new NotImplementedException();

    /// <summary>Loads what is stored, and begins to end leases.</summary>
    public Task StartAsync(CancellationToken cancellation) => throw new NotImplementedException();

    /// <summary>Joins, renews or changes. A renewal that changes nothing completes at once, all else when it is on disk.</summary>
    /// <exception cref="IOException">It can't be stored; nothing has changed.</exception>
    public ValueTask<RegisterReply> RegisterAsync(Registration registration, CancellationToken cancellation) => throw new NotImplementedException();

    /// <summary>Removes a member; false when there is none of that name.</summary>
    /// <exception cref="IOException">It can't be stored; nothing has changed.</exception>
    public ValueTask<bool> RemoveAsync(string group, string name, CancellationToken cancellation) => throw new NotImplementedException();

    /// <summary>The members of a group; null when it has none.</summary>
    public GroupSnapshot? Find(string group) => throw new NotImplementedException();

    /// <summary>A member with the time its lease has left, and when it was last heard of by the wall clock; null when there is none.</summary>
    public (Member Member, TimeSpan Left, DateTimeOffset HeardOfAt)? Find(string group, string name) => throw new NotImplementedException();

    /// <summary>What the plan of a group is known by now, without working it out; null when the group has no members.</summary>
    public string? TagOf(string group) => throw new NotImplementedException();

    /// <summary>
    /// What the probes of a group are to do, with all that had changed when it was asked for; null when it has no members. Worked out
    /// once for all who ask; while a big group changes again and again, they wait together for the next time it is worked out.
    /// </summary>
    public ValueTask<PlanInForce?> PlanOfAsync(string group, CancellationToken cancellation) => throw new NotImplementedException();

    /// <summary>Completes when the plan of a group is known by another tag than this one, also when it has none any more.</summary>
    public Task WaitForChangeAsync(string group, string knownTag, CancellationToken cancellation) => throw new NotImplementedException();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => throw new NotImplementedException();
}

/// <summary>A plan and what it is known by.</summary>
/// <param name="Plan">The plan.</param>
/// <param name="Tag">Another text for every plan that may differ, also after a restart; letters, digits and dashes.</param>
internal sealed record PlanInForce(GroupPlan Plan, string Tag);

/// <summary>Limits of a registry, and how groups test.</summary>
internal sealed record RegistryOptions
{
    /// <summary>How groups test each other.</summary>
    public ServerConfiguration Configuration { get; init; } = ServerConfiguration.Empty;

    /// <summary>Most probes of all groups. Default: 200,000.</summary>
    public int MaxProbes { get; init; } = 200_000;

    /// <summary>
    /// A name's holder that was heard of within this time keeps the name; one that was not gives way to a newcomer. Default: 90 s,
    /// three times the original's probes' period.
    /// </summary>
    public TimeSpan Silence { get; init; } = TimeSpan.FromSeconds(90);

    /// <summary>Sends a datagram to a reflector; true when it came back. Null where nobody can try.</summary>
    public Func<IPEndPoint, CancellationToken, Task<bool>>? Echo { get; init; }

    /// <summary>Tells the operator.</summary>
    public Action<string> Warn { get; init; } = _ => { };
}
