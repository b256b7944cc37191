using System.Buffers;
using Llama.Storage.History.Blocks;

namespace Llama.Storage.History;

/// <summary>A report as a block, on its way to the journal. Belongs to the writer's turn until it is done.</summary>
internal sealed class PendingReport
{
    private byte[] _octets;
    private readonly int _countsLength;
    private readonly int _detailLength;

    public PendingReport(HistoryReport report, int source, BlockBuilder block)
    {
        Group = report.Source.Group;
        Source = source;
        Start = HistoryTime.Of(report.Start);
        End = HistoryTime.Of(report.End);
        IsSuspect = report.IsSuspect;
        if (block.Count == 0)
        {
            _octets = [];
            return;
        }

        block.Write(out ReadOnlySpan<byte> counts, out ReadOnlySpan<byte> detail);
        _octets = ArrayPool<byte>.Shared.Rent(counts.Length + detail.Length);
        (_countsLength, _detailLength) = (counts.Length, detail.Length);
        counts.CopyTo(_octets);
        detail.CopyTo(_octets.AsSpan(_countsLength));
    }

    public string Group { get; }

    public int Source { get; }

    public long Start { get; }

    public long End { get; }

    public bool IsSuspect { get; }

    public int Length => _countsLength + _detailLength;

    public ReadOnlySpan<byte> Counts => _octets.AsSpan(0, _countsLength);

    public ReadOnlySpan<byte> Detail => _octets.AsSpan(_countsLength, _detailLength);

    /// <summary>Set by the commit that held it: false when the report was known already.</summary>
    public bool IsNew { get; set; }

    /// <summary>Why it could not be kept.</summary>
    public IOException? Failure { get; private set; }

    public bool IsDone { get; private set; }

    /// <summary>It is kept, or it never will be.</summary>
    public void Complete(IOException? failure)
    {
        Failure = failure;
        IsDone = true;
        if (_octets.Length > 0) ArrayPool<byte>.Shared.Return(_octets);
        _octets = [];
    }
}
