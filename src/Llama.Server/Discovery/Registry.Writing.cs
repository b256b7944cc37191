using System.Threading.Channels;
using Llama.Mesh.Membership;
using Llama.Storage.Registry;

namespace Llama.Server.Discovery;

/// <summary>
/// The one who writes: takes all changes that wait, stores them together, and then lets them be seen. Changes about one name or address
/// go into different commits, so that each is judged by what the one before left.
/// </summary>
internal sealed partial class Registry
{
    /// <summary>More would keep those in the commit waiting for long.</summary>
    private const int MostPerCommit = 1000;

    private static readonly TimeSpan BetweenRecords = TimeSpan.FromSeconds(60), BetweenTries = TimeSpan.FromSeconds(5);

    private readonly Channel<PendingChange> _pending = Channel.CreateBounded<PendingChange>(
        new BoundedChannelOptions(50_000) { SingleReader = true });

    /// <summary>Names whose stored state is behind what is seen: of leases that ended, and of echoes. Under the lock.</summary>
    private readonly HashSet<RegistryKey> _lagging = [];

    /// <summary>No probe can have it.</summary>
    private static readonly RegistryKey Nobody = new("", "");

    private string? _fault;
    private TimeSpan _recordAt, _tryAt;

    private async Task SubmitAsync(PendingChange change, CancellationToken cancellation)
    {
        try
        {
            await _pending.Writer.WriteAsync(change, cancellation);
        }
        catch (ChannelClosedException error)
        {
            throw new IOException("the server is stopping; try again in a moment.", error);
        }
    }

    /// <summary>Wakes the writer when there is something to write that nobody waits for.</summary>
    private void RequestWriting()
    {
        bool wanted;
        lock (_lock) wanted = _fault is null ? _lagging.Count > 0 || Now >= _recordAt : Now >= _tryAt;
        if (wanted) _pending.Writer.TryWrite(new PendingNudge());
    }

    private async Task WriteAsync()
    {
        _recordAt = Now + BetweenRecords;
        PendingChange? next = null;
        while (next is not null || await _pending.Reader.WaitToReadAsync())
        {
            var batch = new Batch();
            lock (_lock)
            {
                next = Fill(batch, next);
                if (_fault is null) TakeLagging(batch);
            }

            await CommitAsync(batch);
            if (_fault is not null) await TryAgainAsync();
            else if (Now >= _recordAt) await RecordAsync();
        }

        await FinishAsync();
    }

    /// <summary>Judges what waits, until something has to see what is judged before it first.</summary>
    /// <returns>That one, for the next batch.</returns>
    private PendingChange? Fill(Batch batch, PendingChange? first)
    {
        TimeSpan now = Now;
        DateTimeOffset wall = _time.GetUtcNow();
        while (batch.Changes.Count < MostPerCommit)
        {
            PendingChange? change = first;
            first = null;
            if (change is null && !_pending.Reader.TryRead(out change)) return null;
            try
            {
                if (!change.Judge(_roll, batch, now, wall)) return change;
                batch.Members.Add(change);
            }
#pragma warning disable CA1031 // Whatever is wrong with one change, the writer goes on with the others.
            catch (Exception error)
#pragma warning restore CA1031
            {
                change.Fail(new IOException($"it can't be written down: {error.Message}", error));
            }
        }

        return null;
    }

    private void TakeLagging(Batch batch)
    {
        foreach (RegistryKey key in _lagging)
        {
            if (batch.Changes.Count >= MostPerCommit) break;
            if (!batch.Names.Contains(key)) batch.Changes.Add(Stored(key));
            batch.Lagging.Add(key);
        }

        foreach (RegistryKey key in batch.Lagging) _lagging.Remove(key);
    }

    private RegistryChange Stored(RegistryKey key) =>
        new(key, _roll.Find(key.Group, key.Name) is { } standing ? RegistrationDocument.Store(standing.Member, WallOf(standing.HeardAt)) : null);

    /// <summary>When something was that is known by the time that leases go by.</summary>
    private DateTimeOffset WallOf(TimeSpan at) => _time.GetUtcNow() - (Now - at);

    private async Task CommitAsync(Batch batch)
    {
        Exception? failure = null;
        if (batch.Changes.Count > 0) failure = await TryAsync(_store.CommitAsync(batch.Changes, CancellationToken.None));
        IReadOnlyList<string> changed;
        lock (_lock)
        {
            foreach (PendingChange change in batch.Members.Where(change => failure is null || !change.IsStored))
                Events.Append(change.Apply(_roll, Now, _time.GetUtcNow()));
            if (failure is not null)
            {
                _lagging.UnionWith(batch.Lagging);
                _storeFailures += batch.Members.Count(change => change.IsStored);
            }
            else
            {
                _removed += batch.Members.Count(change => change is PendingRemoval { IsStored: true });
            }

            changed = _roll.TakeChangedPlans();
        }

        Announce(changed);
        if (failure is null) AskForEchoes(batch);
        foreach (PendingChange change in batch.Members)
        {
            if (failure is not null && change.IsStored) change.Fail(failure);
            else change.Complete();
        }
    }

    private void AskForEchoes(Batch batch)
    {
        if (_echoes is null) return;
        foreach (PendingRegistration change in batch.Members.OfType<PendingRegistration>().Where(change => change.IsStored))
        {
            if (Find(change.Key.Group, change.Key.Name) is { Member.Echo: EchoState.Unknown } found) AskForEcho(found.Member);
        }
    }

    /// <summary>Notes who was heard of, in pieces, so that changes can go in between.</summary>
    private async Task RecordAsync()
    {
        IReadOnlyList<Standing> heard;
        lock (_lock) heard = _roll.TakeHeard(MostPerCommit);
        Renewal[] renewals = [.. heard.Select(standing => new Renewal(KeyOf(standing.Member.Registration), WallOf(standing.HeardAt)))];
        Exception? failure = await TryAsync(_store.RecordRenewalsAsync(renewals, CancellationToken.None));
        if (failure is null && heard.Count < MostPerCommit) _recordAt = Now + BetweenRecords;
    }

    /// <summary>Finds out whether the store can be written again, also when nobody wants anything of it.</summary>
    private async Task TryAgainAsync()
    {
        if (Now < _tryAt) return;
        RegistryChange[] trial = [new(Nobody, new StoredRegistration(Nobody, ReadOnlyMemory<byte>.Empty, _time.GetUtcNow())), new(Nobody, null)];
        await TryAsync(_store.CommitAsync(trial, CancellationToken.None));
    }

    private async Task FinishAsync()
    {
        while (true)
        {
            var batch = new Batch();
            lock (_lock) TakeLagging(batch);
            if (batch.Changes.Count == 0) break;
            await CommitAsync(batch);
            if (_fault is not null) return;
        }

        do
        {
            _recordAt = Now;
            await RecordAsync();
        }
        while (_recordAt <= Now && _fault is null);
    }

    /// <summary>Waits for something of the store, and tells the operator when it begins to fail, and when it goes on.</summary>
    private async Task<Exception?> TryAsync(Task storing)
    {
        try
        {
            await storing;
            if (_fault is not null) _options.Warn("registrations are stored again.");
            Volatile.Write(ref _fault, null);
            return null;
        }
#pragma warning disable CA1031 // Whatever goes wrong in a store, the server goes on and says so.
        catch (Exception error)
#pragma warning restore CA1031
        {
            if (_fault != error.Message) _options.Warn($"registrations can't be stored: {error.Message}");
            Volatile.Write(ref _fault, error.Message);
            _tryAt = Now + BetweenTries;
            return error as IOException ?? new IOException(error.Message, error);
        }
    }

    private static RegistryKey KeyOf(Registration registration) => new(registration.Group, registration.Name);

    /// <summary>What is stored together.</summary>
    private sealed class Batch
    {
        public List<PendingChange> Members { get; } = [];

        public List<RegistryChange> Changes { get; } = [];

        public List<RegistryKey> Lagging { get; } = [];

        public HashSet<RegistryKey> Names { get; } = [];

        public HashSet<(string Group, string Id)> Addresses { get; } = [];

        /// <summary>How many join.</summary>
        public int Joining { get; set; }
    }

    /// <summary>Somebody waits for a change.</summary>
    private abstract class PendingChange
    {
        /// <summary>True when it is in the commit, and fails with it.</summary>
        public abstract bool IsStored { get; }

        /// <summary>Works out what it comes to, and puts that into the batch.</summary>
        /// <returns>False when it depends on something in the batch.</returns>
        public abstract bool Judge(MemberRoll roll, Batch batch, TimeSpan now, DateTimeOffset wall);

        /// <summary>Lets it be seen.</summary>
        public abstract IReadOnlyList<MeshEvent> Apply(MemberRoll roll, TimeSpan now, DateTimeOffset wall);

        public abstract void Complete();

        public abstract void Fail(Exception failure);
    }

    private sealed class PendingRegistration(Registration registration) : PendingChange
    {
        private readonly TaskCompletionSource<Judgement> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private Judgement? _judgement;

        public RegistryKey Key { get; } = KeyOf(registration);

        public Task<Judgement> Done => _done.Task;

        public override bool IsStored => _judgement is { IsChange: true };

        public override bool Judge(MemberRoll roll, Batch batch, TimeSpan now, DateTimeOffset wall)
        {
            if (batch.Names.Contains(Key) || batch.Addresses.Contains((Key.Group, registration.Id))) return false;
            Judgement judgement = roll.Judge(registration, now, wall, batch.Joining);
            if (judgement.Displaced.Any(name => batch.Names.Contains(new RegistryKey(Key.Group, name)))) return false;
            _judgement = judgement;
            if (!judgement.IsChange) return true;

            Member? held = roll.Find(Key.Group, Key.Name)?.Member;
            EchoState echo = held is not null && held.Registration.IsAtTheAddressOf(registration) ? held.Echo : EchoState.Unknown;
            StoredRegistration stored = RegistrationDocument.Store(new Member(judgement.Holder!, echo), wall);
            batch.Names.Add(Key);
            batch.Addresses.Add((Key.Group, registration.Id));
            if (judgement.Outcome == RegisterOutcome.Joined) batch.Joining += 1 - judgement.Displaced.Count;
            foreach (string name in judgement.Displaced)
            {
                var displaced = new RegistryKey(Key.Group, name);
                batch.Names.Add(displaced);
                batch.Changes.Add(new RegistryChange(displaced, null));
            }

            batch.Changes.Add(new RegistryChange(Key, stored));
            return true;
        }

        public override IReadOnlyList<MeshEvent> Apply(MemberRoll roll, TimeSpan now, DateTimeOffset wall) => roll.Apply(_judgement!, now, wall);

        public override void Complete() => _done.SetResult(_judgement!);

        public override void Fail(Exception failure) => _done.SetException(failure);
    }

    private sealed class PendingRemoval(RegistryKey key) : PendingChange
    {
        private readonly TaskCompletionSource<bool> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<bool> Done => _done.Task;

        public override bool IsStored => _isThere;

        private bool _isThere;

        public override bool Judge(MemberRoll roll, Batch batch, TimeSpan now, DateTimeOffset wall)
        {
            if (batch.Names.Contains(key)) return false;
            _isThere = roll.Find(key.Group, key.Name) is not null;
            if (!_isThere) return true;
            batch.Names.Add(key);
            batch.Changes.Add(new RegistryChange(key, null));
            return true;
        }

        public override IReadOnlyList<MeshEvent> Apply(MemberRoll roll, TimeSpan now, DateTimeOffset wall) =>
            _isThere && roll.Remove(key.Group, key.Name, wall) is { } one ? [one] : [];

        public override void Complete() => _done.SetResult(_isThere);

        public override void Fail(Exception failure) => _done.SetException(failure);
    }

    /// <summary>Nobody waits: what lags behind is to be written.</summary>
    private sealed class PendingNudge : PendingChange
    {
        public override bool IsStored => false;

        public override bool Judge(MemberRoll roll, Batch batch, TimeSpan now, DateTimeOffset wall) => true;

        public override IReadOnlyList<MeshEvent> Apply(MemberRoll roll, TimeSpan now, DateTimeOffset wall) => [];

        public override void Complete()
        {
        }

        public override void Fail(Exception failure)
        {
        }
    }
}
