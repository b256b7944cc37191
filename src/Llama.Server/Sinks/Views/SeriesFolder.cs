using Llama.Server.Sinks.Records;

namespace Llama.Server.Sinks.Views;

/// <summary>
/// Passes rows of pairs, with or without their flows, for as long as they belong to no more series than the limit allows. Pairs beyond it
/// are summed to one row for each record and class, which keeps who measured and says <c>dst_name="(other)"</c>; their flows, and
/// flows beyond the limit, are left out, since their pair counts them. A record that nothing has to be done to is passed as it is.
/// Belongs to one thread, save <see cref="FoldedRows"/>.
/// </summary>
internal sealed class SeriesFolder(bool withFlows, SeriesLimit limit)
{
    private readonly ulong _seed = (ulong)Random.Shared.NextInt64();
    private readonly ReportWriter _writer = new();
    private readonly List<bool> _keep = [];
    private readonly SortedDictionary<byte, FoldedRow> _folded = [];
    private long _foldedRows;

    /// <summary>Rows that had no place of their own. Any thread may ask.</summary>
    public long FoldedRows => Interlocked.Read(ref _foldedRows);

    /// <summary>Takes a record and passes it, or what is left of it.</summary>
    public void Take(ReadOnlyMemory<byte> record, List<ReadOnlyMemory<byte>> ready) =>
        ready.Add(KeepsAll(record.Span) ? record : Fold(record.Span));

    /// <summary>Reads the whole record and decides for each row.</summary>
    private bool KeepsAll(ReadOnlySpan<byte> record)
    {
        _keep.Clear();
        var reader = new ReportReader(record);
        var origin = new SeriesHash(_seed);
        origin.Add(reader.Origin);
        origin.Add(reader.OriginTags.Octets);
        SeriesHash pair = origin;
        bool keepsAll = true, keepsPair = true;
        int foldedRows = 0;
        while (reader.NextRow())
        {
            bool keep;
            if (reader.Kind == RowKind.Flow)
            {
                SeriesHash flow = pair;
                flow.Add((ulong)reader.SourcePort);
                keep = withFlows && keepsPair && limit.Admit(flow.Value);
            }
            else
            {
                pair = SeriesHash.Of(reader, origin.Value);
                keep = keepsPair = limit.Admit(pair.Value);
            }

            _keep.Add(keep);
            keepsAll &= keep;
            if (!keep && (withFlows || reader.Kind != RowKind.Flow)) foldedRows++;
        }

        if (foldedRows > 0) Interlocked.Add(ref _foldedRows, foldedRows);
        return keepsAll;
    }

    private ReadOnlyMemory<byte> Fold(ReadOnlySpan<byte> record)
    {
        var reader = new ReportReader(record);
        _writer.Begin(reader.Start, reader.End, reader.Flags, reader.Origin);
        foreach (TextPair tag in reader.OriginTags) _writer.AddTag(tag.Key, tag.Value);
        _writer.EndOriginTags();
        _folded.Clear();
        for (int i = 0; reader.NextRow(); i++)
        {
            if (_keep[i])
            {
                _writer.AddRow(reader.Row);
            }
            else if (reader.Kind != RowKind.Flow)
            {
                byte trafficClass = reader.Kind == RowKind.Pair ? reader.Class : (byte)0;
                if (!_folded.TryGetValue(trafficClass, out FoldedRow? folded)) _folded.Add(trafficClass, folded = new FoldedRow(reader));
                folded.Sum.Add(reader.Measures, reader.Buckets);
            }
        }

        foreach ((byte trafficClass, FoldedRow folded) in _folded) folded.Write(_writer, trafficClass);
        return _writer.Record.ToArray();
    }

    /// <summary>A sum of rows beyond the limit, and who measured them.</summary>
    private sealed class FoldedRow
    {
        private readonly List<(byte[] Key, byte[] Value)> _tags = [];

        /// <summary>Begins with the tags of the source that the first row and its record have.</summary>
        public FoldedRow(in ReportReader first)
        {
            foreach (TextPair tag in first.Tags)
                if (tag.Key.StartsWith("src_"u8)) _tags.Add((tag.Key.ToArray(), tag.Value.ToArray()));
            foreach (TextPair tag in first.OriginTags) AddUnlessThere([.. "src_"u8, .. tag.Key], tag.Value);
            if (!first.Origin.IsEmpty) AddUnlessThere([.. "src_name"u8], first.Origin);
        }

        public RowSum Sum { get; } = new();

        public void Write(ReportWriter writer, byte trafficClass)
        {
            writer.BeginPair(default, default, default, 0, trafficClass);
            foreach ((byte[] key, byte[] value) in _tags) writer.AddTag(key, value);
            writer.AddTag("dst_name"u8, SinkView.Other);
            Sum.EndPair(writer);
        }

        private void AddUnlessThere(byte[] key, ReadOnlySpan<byte> value)
        {
            if (!_tags.Exists(tag => tag.Key.AsSpan().SequenceEqual(key))) _tags.Add((key, value.ToArray()));
        }
    }
}
