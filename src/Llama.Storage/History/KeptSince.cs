namespace Llama.Storage.History;

/// <summary>Since when each level holds all that was settled, and since when reports are known; in 100 ns since the Unix epoch.</summary>
internal readonly struct KeptSince
{
    /// <summary>Stands for the reports, behind the levels.</summary>
    public const int Reports = 5;

    /// <summary>The statement that <see cref="Read"/> takes.</summary>
    public const string Select = "SELECT level, since FROM kept";

    private readonly long[] _since;

    private KeptSince(long[] since) => _since = since;

    public long this[HistoryLevel level] => _since[(int)level];

    public long this[int level] => _since[level];

    /// <summary>What is stored of it.</summary>
    public static KeptSince Read(Statement select)
    {
        long[] since = new long[Reports + 1];
        while (select.Next())
            if (select.Number(0) is >= 0 and <= Reports and var level) since[level] = select.Number(1);
        return new KeptSince(since);
    }

    /// <summary>True when rows of a level that begin at a moment are kept.</summary>
    public bool Has(HistoryLevel level, long rowStart) => rowStart >= this[level];
}
