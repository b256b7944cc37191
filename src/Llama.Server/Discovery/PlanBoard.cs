using System.Collections.Concurrent;
using System.Security.Cryptography;
using Llama.Mesh.Plans;

namespace Llama.Server.Discovery;

/// <summary>
/// The plans in force: each worked out when somebody asks, once for all who ask, and not too often; and those who wait for another
/// one, woken together and not too often. Any thread may call it.
/// </summary>
/// <param name="versionOf">The number of a group's plan, another one for every plan that may differ; null for a group without members.</param>
/// <param name="work">Works the plan of a group out, and tells the number it is for; null for a group without members.</param>
/// <param name="time">Its clock.</param>
internal sealed class PlanBoard(Func<string, long?> versionOf, Func<string, (GroupPlan Plan, long Version)?> work, TimeProvider time)
{
    /// <summary>Working plans out may take so much of a core for a group that changes all the time: one part in so many.</summary>
    private const int RestPerWork = 5;

    /// <summary>Members fetch their configurations when they are woken, so this bounds how often.</summary>
    private static readonly TimeSpan BetweenWakes = TimeSpan.FromMilliseconds(500);

    private readonly ConcurrentDictionary<string, Cell> _cells = new();
    private readonly string _boot = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(6));
    private long _worked, _ticksWorked;

    /// <summary>How many plans were worked out.</summary>
    public long Worked => Interlocked.Read(ref _worked);

    /// <summary>How long that took.</summary>
    public TimeSpan TimeWorked => new(Interlocked.Read(ref _ticksWorked));

    /// <summary>What the plan of a group is known by now; null for a group without members.</summary>
    public string? TagOf(string group) => versionOf(group) is { } version ? Tag(version) : null;

    /// <summary>The plan of a group, with all that had changed when it was asked for; null for a group without members.</summary>
    public async ValueTask<PlanInForce?> PlanOfAsync(string group, CancellationToken cancellation)
    {
        while (versionOf(group) is { } wanted)
        {
            Cell cell = _cells.GetOrAdd(group, _ => new Cell());
            Task working;
            lock (cell)
            {
                if (cell.Plan is { } plan && cell.PlanVersion >= wanted) return plan;
                working = cell.Working ??= Task.Run(() => WorkAsync(group, cell), CancellationToken.None);
            }

            await working.WaitAsync(cancellation);
        }

        Forget(group);
        return null;
    }

    /// <summary>Completes when the plan of a group is known by another tag, also when it has none any more.</summary>
    public async Task WaitForChangeAsync(string group, string knownTag, CancellationToken cancellation)
    {
        while (versionOf(group) is { } first)
        {
            Cell cell = _cells.GetOrAdd(group, _ => new Cell());
            Task wake;
            bool wakesSoon;
            lock (cell)
            {
                wake = cell.Wake.Task;
                wakesSoon = cell.WakesSoon;
            }

            // A change that others are yet to be woken for is waited for together with them: that keeps the rounds apart.
            if (Tag(versionOf(group) ?? first) != knownTag && !wakesSoon) return;
            await wake.WaitAsync(cancellation);
            if (TagOf(group) != knownTag) return;
        }

        Forget(group);
    }

    /// <summary>The plan of a group may differ now.</summary>
    public void Changed(string group)
    {
        if (!_cells.TryGetValue(group, out Cell? cell)) return;
        if (versionOf(group) is null)
        {
            Forget(group);
            Wake(cell);
            return;
        }

        TimeSpan wait;
        lock (cell)
        {
            if (cell.WakesSoon) return;
            wait = cell.WokeAt is { } woke ? BetweenWakes - time.GetElapsedTime(woke) : TimeSpan.Zero;
            cell.WakesSoon = wait > TimeSpan.Zero;
        }

        if (wait > TimeSpan.Zero) _ = WakeLaterAsync(cell, wait);
        else Wake(cell);
    }

    private async Task WorkAsync(string group, Cell cell)
    {
        try
        {
            if (cell.RestsUntil - time.GetElapsedTime(0) is { Ticks: > 0 } rest) await Task.Delay(rest, time);
            long start = time.GetTimestamp();
            (GroupPlan Plan, long Version)? worked = work(group);
            TimeSpan took = time.GetElapsedTime(start);
            Interlocked.Increment(ref _worked);
            Interlocked.Add(ref _ticksWorked, took.Ticks);
            lock (cell)
            {
                cell.RestsUntil = time.GetElapsedTime(0) + RestPerWork * took;
                cell.Plan = worked is { } one ? new PlanInForce(one.Plan, Tag(one.Version)) : null;
                cell.PlanVersion = worked?.Version ?? 0;
            }
        }
        finally
        {
            lock (cell) cell.Working = null;
        }
    }

    private async Task WakeLaterAsync(Cell cell, TimeSpan wait)
    {
        await Task.Delay(wait, time);
        Wake(cell);
    }

    private void Wake(Cell cell)
    {
        TaskCompletionSource wake;
        lock (cell)
        {
            wake = cell.Wake;
            cell.Wake = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            cell.WokeAt = time.GetTimestamp();
            cell.WakesSoon = false;
        }

        wake.SetResult();
    }

    private void Forget(string group) => _cells.TryRemove(group, out _);

    private string Tag(long version) => $"{_boot}-{version:x}";

    /// <summary>One group. Its fields belong to whoever holds its lock.</summary>
    private sealed class Cell
    {
        public PlanInForce? Plan { get; set; }

        public long PlanVersion { get; set; }

        public Task? Working { get; set; }

        /// <summary>The next plan is not worked out before.</summary>
        public TimeSpan RestsUntil { get; set; }

        public TaskCompletionSource Wake { get; set; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public long? WokeAt { get; set; }

        /// <summary>True between a change and the wake for it.</summary>
        public bool WakesSoon { get; set; }
    }
}
