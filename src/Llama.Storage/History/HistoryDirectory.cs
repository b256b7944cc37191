namespace Llama.Storage.History;

/// <summary>
/// Who is known, by group, with the numbers that blocks have for them. All of it is in memory: there are as many as there are probes
/// and targets, not as there are pairs. Any thread may call it. A number is given before it is stored: who commits a report
/// commits what is new here first.
/// </summary>
internal sealed class HistoryDirectory
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, GroupBook> _books = new(StringComparer.Ordinal);
    private IReadOnlyList<string>? _groups;
    private DirectoryChanges _urgent = new();
    private DirectoryChanges _later = new();
    private int _nextSource = 1;
    private long _newestSeen;

    /// <summary>The groups something is known of.</summary>
    public IReadOnlyList<string> Groups
    {
        get
        {
            lock (_lock) return _groups ??= [.. _books.Keys];
        }
    }

    /// <summary>How many sources and destinations there are.</summary>
    public (int Sources, int Destinations) Count
    {
        get
        {
            lock (_lock) return (_books.Values.Sum(book => book.SourceCount), _books.Values.Sum(book => book.DestinationCount));
        }
    }

    /// <summary>Start of the newest report that anybody sent, in 100 ns since the Unix epoch; 0 when there is none.</summary>
    public long NewestSeen
    {
        get
        {
            lock (_lock) return _newestSeen;
        }
    }

    /// <summary>Who is known in a group at this moment; null when nothing is known of it.</summary>
    public GroupDirectory? Find(string group)
    {
        lock (_lock) return _books.TryGetValue(group, out GroupBook? book) ? book.Snapshot() : null;
    }

    /// <summary>The numbers of a report's source and destinations, new ones for those that have none yet.</summary>
    /// <param name="report">The report.</param>
    /// <param name="destinations">Is filled: one number for each pair.</param>
    /// <exception cref="IOException">There are too many.</exception>
    public int Number(HistoryReport report, List<int> destinations)
    {
        long start = HistoryTime.Of(report.Start);
        lock (_lock)
        {
            GroupBook book = BookOf(report.Source.Group);
            int source = book.Number(report.Source, start, ref _nextSource, _urgent, _later);
            _newestSeen = Math.Max(_newestSeen, start);
            destinations.Clear();
            foreach (HistoryPair pair in report.Pairs)
            {
                book.Add(pair.Class, _urgent);
                destinations.Add(book.Number(pair.Destination, start, _urgent, _later));
            }

            return source;
        }
    }

    /// <summary>Takes over what is stored of a source.</summary>
    public void Load(int id, HistorySource source, long seen)
    {
        lock (_lock)
        {
            BookOf(source.Group).Load(id, source, seen);
            _newestSeen = Math.Max(_newestSeen, seen);
            _nextSource = Math.Max(_nextSource, id + 1);
        }
    }

    /// <summary>Takes over what is stored of a destination.</summary>
    public void Load(string group, int number, HistoryDestination destination, long seen)
    {
        lock (_lock) BookOf(group).Load(number, destination, seen);
    }

    /// <summary>Takes over a class that a group has measured.</summary>
    public void Load(string group, byte trafficClass)
    {
        lock (_lock) BookOf(group).Add(trafficClass, null);
    }

    /// <summary>What is to be stored before any report that has a number from here. Who takes it stores it or puts it back.</summary>
    /// <param name="all">True takes what can wait as well.</param>
    public DirectoryChanges TakeChanges(bool all)
    {
        lock (_lock)
        {
            if (all) _urgent.Add(_later);
            if (_urgent.IsEmpty) return DirectoryChanges.None;
            DirectoryChanges taken = _urgent;
            _urgent = new DirectoryChanges();
            if (all) _later = new DirectoryChanges();
            return taken;
        }
    }

    /// <summary>Puts back what could not be stored.</summary>
    public void PutBack(DirectoryChanges changes)
    {
        lock (_lock) _urgent.Add(changes);
    }

    /// <summary>Forgets who was not heard of since a moment, and tells whom: nothing may refer to them any more.</summary>
    public IReadOnlyList<ForgottenParty> Forget(long seenBefore)
    {
        var forgotten = new List<ForgottenParty>();
        lock (_lock)
        {
            foreach (GroupBook book in _books.Values) book.Forget(seenBefore, forgotten);
            foreach (GroupBook book in _books.Values.Where(book => book.IsEmpty).ToList()) _books.Remove(book.Name);
            _groups = null;
        }

        return forgotten;
    }

    private GroupBook BookOf(string group)
    {
        if (_books.TryGetValue(group, out GroupBook? book)) return book;
        book = new GroupBook(group);
        _books.Add(group, book);
        _groups = null;
        return book;
    }
}

/// <summary>Who is known in a group. Immutable.</summary>
/// <param name="Group">The same without numbers.</param>
/// <param name="Sources">The sources with their numbers, ascending.</param>
/// <param name="Destinations">The destinations; the place is the number. Null where a number stands for nobody any more.</param>
internal sealed record GroupDirectory(
    HistoryGroup Group, IReadOnlyList<(int Id, HistorySource Source)> Sources, IReadOnlyList<HistoryDestination?> Destinations);

/// <summary>A source or a destination that is known no more.</summary>
/// <param name="Group">Its group.</param>
/// <param name="IsSource">True for a source.</param>
/// <param name="Number">Its number.</param>
internal readonly record struct ForgottenParty(string Group, bool IsSource, int Number);
