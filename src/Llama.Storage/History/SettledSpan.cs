namespace Llama.Storage.History;

/// <summary>Rows that a part of the journal was settled into, until they are committed. Used again and again; one thread at a time.</summary>
internal sealed class SettledSpan
{
    private readonly List<SettledRow> _rows = [];
    private readonly (long Points, long Octets)[] _tally = new (long, long)[HistoryLevels.All.Count];
    private byte[] _octets = new byte[1 << 16];
    private int _length;

    /// <summary>The rows, new or in place of those that were there.</summary>
    public IReadOnlyList<SettledRow> Rows => _rows;

    /// <summary>The reports of the journal that are in them.</summary>
    public List<JournalEntry> Journal { get; } = [];

    /// <summary>Where the source goes on, in 100 ns since the Unix epoch: what comes late to a span that is done waits for the next round.</summary>
    public long Next { get; set; }

    /// <summary>How many of the reports and of the rows could not be read.</summary>
    public int Damaged => Journal.Count(entry => entry.IsDamaged) + _rows.Count(row => row.IsFormerDamaged);

    public ReadOnlySpan<byte> CountsOf(in SettledRow row) => _octets.AsSpan(row.Offset, row.CountsLength);

    public ReadOnlySpan<byte> DetailOf(in SettledRow row) => _octets.AsSpan(row.Offset + row.CountsLength, row.DetailLength);

    /// <summary>Adds a row, and copies its octets.</summary>
    public void Add(SettledRow row, ReadOnlySpan<byte> counts, ReadOnlySpan<byte> detail)
    {
        int end = checked(_length + counts.Length + detail.Length);
        if (end > _octets.Length) Array.Resize(ref _octets, (int)Math.Min(Array.MaxLength, Math.Max(end, 2L * _octets.Length)));
        counts.CopyTo(_octets.AsSpan(_length));
        detail.CopyTo(_octets.AsSpan(_length + counts.Length));
        _rows.Add(row with { Offset = _length, CountsLength = counts.Length, DetailLength = detail.Length });
        _length = end;
    }

    /// <summary>Notes what a level holds more.</summary>
    public void Add(HistoryLevel level, long points, long octets)
    {
        ref (long Points, long Octets) tally = ref _tally[(int)level];
        tally = (tally.Points + points, tally.Octets + octets);
    }

    /// <summary>What a level holds more, and begins to count anew.</summary>
    public (long Points, long Octets) TakeTally(HistoryLevel level)
    {
        (long, long) tally = _tally[(int)level];
        _tally[(int)level] = default;
        return tally;
    }

    /// <summary>Forgets the rows.</summary>
    public void ClearRows()
    {
        _rows.Clear();
        Array.Clear(_tally);
        _length = 0;
    }
}

/// <summary>A row of a level to be written.</summary>
internal readonly record struct SettledRow(HistoryLevel Level, RowKey Key, int Points)
{
    /// <summary>Octets of a row beside its block.</summary>
    public const int KeyOctets = 8;

    public int Offset { get; init; }

    public int CountsLength { get; init; }

    public int DetailLength { get; init; }

    public long Octets => CountsLength + DetailLength + KeyOctets;

    /// <summary>Points of the row that is there, 0 for none.</summary>
    public long FormerPoints { get; init; }

    /// <summary>Its octets.</summary>
    public long FormerOctets { get; init; }

    /// <summary>True when it could not be read.</summary>
    public bool IsFormerDamaged { get; init; }
}

/// <summary>A report of the journal.</summary>
internal sealed class JournalEntry(long id, long start, byte[] counts, byte[] detail)
{
    public long Id => id;

    public long Start => start;

    public byte[] Counts => counts;

    public byte[] Detail => detail;

    public int Length => counts.Length + detail.Length;

    /// <summary>True when it could not be read.</summary>
    public bool IsDamaged { get; set; }
}
