namespace Llama.Server.Intake;

/// <summary>A probe that pushes: what it delivered, and the newest of each of its pairs.</summary>
/// <param name="name">Its name.</param>
internal sealed class PairSource(string name)
{
    private readonly List<(byte Class, MatrixRow Row)> _rows = [];

    /// <summary>Its name.</summary>
    public string Name { get; } = name;

    /// <summary>Held while a push of it is taken: what one push delivers, another of the same moment must know.</summary>
    public SemaphoreSlim Turn { get; } = new(1);

    /// <summary>What it has delivered. Whoever calls holds <see cref="Turn"/>.</summary>
    public KnownStarts Starts { get; } = new();

    /// <summary>Who delivered that: another instance of the name begins anew. Whoever uses it holds <see cref="Turn"/>.</summary>
    public string? Instance { get; set; }

    /// <summary>When it pushed last, as a timestamp of the monotonic clock. Belongs to the store.</summary>
    public long PushedAt { get; set; } = long.MinValue;

    /// <summary>True when that is so long ago that only membership keeps its row. Belongs to the store.</summary>
    public bool IsSilent { get; set; }

    /// <summary>Guards the rows and the newest report.</summary>
    public Lock Gate { get; } = new();

    /// <summary>Its newest report; null before the first one. Whoever calls holds <see cref="Gate"/>.</summary>
    public ReportMark? Newest { get; private set; }

    /// <summary>What that told of the source itself; null where it told nothing. Whoever calls holds <see cref="Gate"/>.</summary>
    public SourceHealth? Health { get; private set; }

    /// <summary>The rows. Whoever calls holds <see cref="Gate"/> as long as it looks at them.</summary>
    public IReadOnlyList<(byte Class, MatrixRow Row)> Rows => _rows;

    /// <summary>How many pairs it has. Whoever calls holds <see cref="Gate"/>.</summary>
    public int PairCount => _rows.Sum(row => row.Row.Count);

    /// <summary>Notes a report, unless it knows a newer one. Whoever calls holds <see cref="Gate"/>.</summary>
    /// <param name="report">The report.</param>
    /// <param name="health">What it told of the source; null where that is not known.</param>
    /// <param name="now">The server's clock.</param>
    public void Note(ReportMark report, SourceHealth? health, DateTimeOffset now)
    {
        if (Newest is null || report.Supersedes(Newest, now)) (Newest, Health) = (report, health);
    }

    /// <summary>The row of a class; null where it has none. Whoever calls holds <see cref="Gate"/>.</summary>
    public MatrixRow? Find(byte @class)
    {
        foreach ((byte other, MatrixRow row) in _rows)
            if (other == @class) return row;
        return null;
    }

    /// <summary>The row of a class, made where there was none. Whoever calls holds <see cref="Gate"/>.</summary>
    public MatrixRow Row(byte @class)
    {
        if (Find(@class) is { } known) return known;
        var row = new MatrixRow();
        _rows.Add((@class, row));
        return row;
    }

    /// <summary>Drops pairs that came before a moment of the monotonic clock. Whoever calls holds <see cref="Gate"/>.</summary>
    /// <param name="before">The moment.</param>
    /// <param name="removed">Told each destination that is gone, with the class.</param>
    public void RemoveOlder(long before, Action<string, byte> removed)
    {
        foreach ((byte @class, MatrixRow row) in _rows) row.RemoveOlder(before, destination => removed(destination, @class));
        _rows.RemoveAll(row => row.Row.Count == 0);
    }
}
