namespace Llama.Storage.History.Reading;

/// <summary>What is read of one source.</summary>
/// <param name="Source">Its number.</param>
/// <param name="Destinations">The destinations.</param>
/// <param name="Detail">What is wanted besides counts.</param>
internal readonly record struct ScanTask(int Source, DestinationKeys Destinations, HistoryDetail Detail)
{
    public bool WithDetail => Detail != HistoryDetail.Counts;
}

/// <summary>Reads what one source after the other measured in a span. Belongs to one thread, and to one transaction.</summary>
internal abstract class Scan(ReadConnection connection, ScanRange range, CancellationToken cancellation)
{
    /// <summary>What it reads.</summary>
    protected ScanRange Range { get; } = range;

    /// <summary>Adds what a source measured.</summary>
    /// <exception cref="IOException">A block is damaged.</exception>
    public abstract void Read(in ScanTask task);

    /// <summary>Takes what is wanted of a block.</summary>
    /// <param name="counts">Its counts.</param>
    /// <param name="detail">Its detail; empty when none is wanted.</param>
    /// <param name="fromTicks">Of the points that begin here or later,</param>
    /// <param name="toTicks">and before this.</param>
    /// <param name="task">What is wanted.</param>
    protected abstract void Take(ReadOnlySpan<byte> counts, ReadOnlySpan<byte> detail, long fromTicks, long toTicks, in ScanTask task);

    /// <summary>Reads the rows of the source in one row span of a level.</summary>
    protected void ReadRows(Piece piece, int span, in ScanTask task)
    {
        long endTicks = Math.Min(piece.ToTicks, (span + 1) * piece.Level.RowSpan().Ticks);
        foreach ((int first, int last) in task.Destinations.Parts)
        {
            Statement rows = connection.Rows(piece.Level, new RowKey(span, task.Source, first), new RowKey(span, task.Source, last), task.WithDetail);
            while (rows.Next())
            {
                cancellation.ThrowIfCancellationRequested();
                try
                {
                    Take(rows.Blob(1), task.WithDetail ? rows.Blob(2) : default, piece.FromTicks, endTicks, task);
                }
                catch (InvalidDataException error)
                {
                    long key = rows.Number(0);
                    throw Explain($"row {key} of level {piece.Level.Name()}", RowKey.StartOf(piece.Level, RowKey.Of(key).Span), error);
                }
            }
        }
    }

    /// <summary>Reads reports of the source that are in no level yet.</summary>
    protected void ReadJournal(in ScanTask task)
    {
        Statement reports = connection.Journal(task.Source, Range.FromTicks, Range.ToTicks, task.WithDetail);
        while (reports.Next())
        {
            cancellation.ThrowIfCancellationRequested();
            try
            {
                Take(reports.Blob(1), task.WithDetail ? reports.Blob(2) : default, Range.FromTicks, Range.ToTicks, task);
            }
            catch (InvalidDataException error)
            {
                throw Explain($"a report of source {task.Source}", HistoryTime.At(reports.Number(0)), error);
            }
        }
    }

    private IOException Explain(string what, DateTimeOffset at, InvalidDataException error) =>
        new($"{connection.Path}: {what}, {at:yyyy-MM-dd HH:mm:ss} UTC, is damaged ({error.Message}); ask for another time, or restore a backup.", error);
}
