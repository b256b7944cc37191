namespace Llama.Storage.History;

/// <summary>Who is known in one group, and the numbers they have. Under the lock of its directory.</summary>
internal sealed class GroupBook(string group)
{
    // What somebody says of itself may change with every report, such as an address that two sources see differently. It is stored at
    // once when it has been the same for a while, and else when there is time.
    private const long RestTicks = TimeSpan.TicksPerMinute * 10;
    private const long SeenStepTicks = TimeSpan.TicksPerDay;

    private readonly Dictionary<string, Entry<HistorySource>> _sources = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Name, string Host), Entry<HistoryDestination>> _destinations = [];
    private readonly List<HistoryDestination?> _byNumber = [];
    private readonly Stack<int> _free = [];
    private readonly SortedSet<byte> _classes = [];
    private GroupDirectory? _snapshot;
    private byte? _lastClass;
    private bool _hasFreeBeenSought;

    public string Name => group;

    public int SourceCount => _sources.Count;

    public int DestinationCount => _destinations.Count;

    public bool IsEmpty => _sources.Count == 0 && _destinations.Count == 0;

    public GroupDirectory Snapshot() => _snapshot ??= new GroupDirectory(
        new HistoryGroup(
            group,
            [.. _sources.Values.OrderBy(entry => entry.Number).Select(entry => entry.Party)],
            [.. _byNumber.OfType<HistoryDestination>()],
            [.. _classes]),
        [.. _sources.Values.OrderBy(entry => entry.Number).Select(entry => (entry.Number, entry.Party))],
        [.. _byNumber]);

    public int Number(HistorySource source, long start, ref int next, DirectoryChanges urgent, DirectoryChanges later)
    {
        if (!_sources.TryGetValue(source.Name, out Entry<HistorySource>? entry))
        {
            if (next >= RowKey.SourceLimit) throw new IOException($"group {group}: more than {RowKey.SourceLimit} sources; give probes names that stay.");
            _sources.Add(source.Name, entry = new Entry<HistorySource>(next++, source, start));
            urgent.Sources[entry.Number] = (source, start);
            _snapshot = null;
        }
        else if (entry.IsNewer(source, start, TagText.AreEqual(entry.Party.Tags, source.Tags), out bool isUrgent, out bool isOther))
        {
            (isUrgent ? urgent : later).Sources[entry.Number] = (source, start);
            if (isOther) _snapshot = null;
        }

        return entry.Number;
    }

    public int Number(HistoryDestination destination, long start, DirectoryChanges urgent, DirectoryChanges later)
    {
        if (!_destinations.TryGetValue((destination.Name, destination.Host), out Entry<HistoryDestination>? entry))
        {
            entry = new Entry<HistoryDestination>(FreeNumber(), destination, start);
            _destinations.Add((destination.Name, destination.Host), entry);
            Place(entry.Number, destination);
            urgent.Destinations[(group, entry.Number)] = (destination, start);
        }
        else if (entry.IsNewer(destination, start, AreEqual(entry.Party, destination), out bool isUrgent, out bool isOther))
        {
            (isUrgent ? urgent : later).Destinations[(group, entry.Number)] = (destination, start);
            if (isOther) Place(entry.Number, destination);
        }

        return entry.Number;
    }

    public void Add(byte trafficClass, DirectoryChanges? changes)
    {
        if (_lastClass == trafficClass) return;
        _lastClass = trafficClass;
        if (!_classes.Add(trafficClass)) return;
        changes?.Classes.Add((group, trafficClass));
        _snapshot = null;
    }

    public void Load(int id, HistorySource source, long seen) => _sources[source.Name] = new Entry<HistorySource>(id, source, seen);

    public void Load(int number, HistoryDestination destination, long seen)
    {
        _destinations[(destination.Name, destination.Host)] = new Entry<HistoryDestination>(number, destination, seen);
        Place(number, destination);
    }

    public void Forget(long seenBefore, List<ForgottenParty> forgotten)
    {
        foreach ((string name, Entry<HistorySource> entry) in _sources)
        {
            if (entry.Seen >= seenBefore) continue;
            forgotten.Add(new ForgottenParty(group, IsSource: true, entry.Number));
            _sources.Remove(name);
            _snapshot = null;
        }

        foreach (((string Name, string Host) key, Entry<HistoryDestination> entry) in _destinations)
        {
            if (entry.Seen >= seenBefore) continue;
            forgotten.Add(new ForgottenParty(group, IsSource: false, entry.Number));
            _destinations.Remove(key);
            Place(entry.Number, null);
            if (_hasFreeBeenSought) _free.Push(entry.Number);
        }
    }

    private static bool AreEqual(HistoryDestination left, HistoryDestination right) =>
        ReferenceEquals(left, right) || (left.Address == right.Address && left.Port == right.Port && TagText.AreEqual(left.Tags, right.Tags));

    private void Place(int number, HistoryDestination? destination)
    {
        while (_byNumber.Count <= number) _byNumber.Add(null);
        _byNumber[number] = destination;
        _snapshot = null;
    }

    private int FreeNumber()
    {
        if (!_hasFreeBeenSought)
        {
            for (int number = _byNumber.Count - 1; number >= 0; number--)
                if (_byNumber[number] is null) _free.Push(number);
            _hasFreeBeenSought = true;
        }

        if (_free.TryPop(out int free)) return free;
        if (_byNumber.Count >= RowKey.DestinationLimit)
            throw new IOException($"group {group}: more than {RowKey.DestinationLimit} destinations; give targets names that stay.");
        return _byNumber.Count;
    }

    private sealed class Entry<T>(int number, T party, long seen)
    {
        private long _changed = long.MinValue / 2;
        private long _seenStored = seen;

        public int Number => number;

        public T Party { get; private set; } = party;

        public long Seen { get; private set; } = seen;

        /// <summary>Takes over what was said of it if that is not older; true when it is to be stored.</summary>
        public bool IsNewer(T now, long start, bool isSame, out bool isUrgent, out bool isOther)
        {
            isUrgent = isOther = false;
            if (start < Seen) return false;
            Seen = start;
            if (isSame && start - _seenStored < SeenStepTicks) return false;
            isUrgent = !isSame && start - _changed > RestTicks;
            isOther = !isSame;
            _seenStored = start;
            if (isSame) return true;
            Party = now;
            _changed = start;
            return true;
        }
    }
}
