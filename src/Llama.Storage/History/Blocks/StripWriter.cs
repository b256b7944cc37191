using System.Runtime.InteropServices;

namespace Llama.Storage.History.Blocks;

/// <summary>
/// Gathers the numbers that one part of a block consists of, pair by pair, and writes them when it has seen all of them: in the codes
/// that fit a column, over all pairs or in one pair.
/// </summary>
/// <remarks>
/// <code>
/// table    for each column:   mode   code of order 1     base   sized, folded, of the first columns, those that have one
///          then:   owns   1 bit
/// strip    for each pair:   own   1 bit, not written where owns is 0
///                           where it is 1, for each column:   mode less the table's   folded, code of order 0
///                           then its numbers, each a code of its column's mode, less 1; none in mode 0
/// group    zeros   0, and then none of its numbers is written because all are zeros, or 1
/// folded   0, -1, 1, -2, 2 ... as 0, 1, 2, 3, 4 ...
/// </code>
/// </remarks>
internal sealed class StripWriter(int columns, int basedColumns)
{
    /// <summary>The order of the modes in a table.</summary>
    public const int TableOrder = 1;

    // Pairs with fewer numbers than this for each column take the modes of the table.
    private const int OwnFrom = 3;

    // Of the quarters that costs are in.
    private const long OneBit = 4;

    // Bases are the median of so many numbers at most: those of the first pairs.
    private const int MostSamples = 63;

    private readonly List<int> _ends = [];
    private readonly List<int> _bits = [];
    private readonly List<(int Begin, int End)> _groups = [];
    private readonly long[] _bases = new long[basedColumns];
    private readonly long[] _samples = new long[basedColumns * MostSamples];
    private readonly int[] _sampled = new int[basedColumns];
    private readonly int[] _lengths = new int[columns * CodeModes.Lengths];
    private readonly byte[] _table = new byte[columns];
    private readonly byte[] _own = new byte[columns];
    private readonly BitWriter _strip = new();
    private Symbol[] _symbols = new Symbol[256];
    private int _count;
    private bool _areOwn;

    /// <summary>How many bits the part of each pair takes, once it is written.</summary>
    public ReadOnlySpan<int> PairBits => CollectionsMarshal.AsSpan(_bits);

    /// <summary>Adds a number.</summary>
    public void Add(int column, ulong value)
    {
        if (_count == _symbols.Length) Array.Resize(ref _symbols, 2 * _count);
        _symbols[_count++] = new Symbol(column, value);
    }

    /// <summary>Adds a number to a column with a base.</summary>
    public void AddBased(int column, long value)
    {
        if (_sampled[column] < MostSamples) _samples[column * MostSamples + _sampled[column]++] = value;
        Add(column, (ulong)value);
    }

    /// <summary>Begins a group of numbers that are mostly all zeros, which a number of a column says.</summary>
    public void BeginGroup(int column)
    {
        _groups.Add((_count, _count));
        Add(column, 0);
    }

    /// <summary>Ends it.</summary>
    public void EndGroup() => _groups[^1] = (_groups[^1].Begin, _count);

    /// <summary>Ends a pair.</summary>
    public void EndPair() => _ends.Add(_count);

    /// <summary>Writes the table, and gives the strip, which is valid until this is used anew.</summary>
    public ReadOnlySpan<byte> Finish(BitWriter head)
    {
        TakeBases(_symbols.AsSpan(0, _count));
        DropZeros();
        Span<Symbol> symbols = _symbols.AsSpan(0, _count);
        CountLengths(symbols);
        for (int column = 0; column < columns; column++) _table[column] = (byte)CodeModes.Best(LengthsOf(column), out _);
        _areOwn = HasLongPairs();
        WriteTable(head);

        int begin = 0;
        foreach (int end in _ends)
        {
            int from = _strip.Bits;
            WritePair(symbols[begin..end]);
            _bits.Add(_strip.Bits - from);
            begin = end;
        }

        return _strip.Octets();
    }

    /// <summary>Forgets all.</summary>
    public void Clear()
    {
        _count = 0;
        _ends.Clear();
        _bits.Clear();
        _groups.Clear();
        _strip.Clear();
        Array.Clear(_sampled);
    }

    private void TakeBases(Span<Symbol> symbols)
    {
        for (int column = 0; column < basedColumns; column++)
        {
            Span<long> samples = _samples.AsSpan(column * MostSamples, _sampled[column]);
            samples.Sort();
            _bases[column] = samples.IsEmpty ? 0 : samples[samples.Length / 2];
        }

        if (basedColumns == 0) return;
        foreach (ref Symbol symbol in symbols)
            if (symbol.Column < basedColumns) symbol.Value = Symbols.Fold((long)symbol.Value - _bases[symbol.Column]);
    }

    private void WriteTable(BitWriter head)
    {
        for (int column = 0; column < columns; column++)
        {
            head.WriteCode(_table[column], TableOrder);
            if (column < basedColumns) head.WriteSized(Symbols.Fold(_bases[column]));
        }

        head.Write(_areOwn ? 1UL : 0, 1);
    }

    /// <summary>Drops the numbers of groups that are all zeros.</summary>
    private void DropZeros()
    {
        if (_groups.Count == 0) return;
        int kept = 0, at = 0, group = 0;
        foreach (ref int end in CollectionsMarshal.AsSpan(_ends))
        {
            while (at < end)
            {
                if (group == _groups.Count || at < _groups[group].Begin)
                {
                    _symbols[kept++] = _symbols[at++];
                    continue;
                }

                int groupEnd = _groups[group++].End;
                bool areZeros = AreZeros(_symbols.AsSpan((at + 1)..groupEnd));
                _symbols[kept++] = _symbols[at] with { Value = areZeros ? 0UL : 1 };
                at = areZeros ? groupEnd : at + 1;
            }

            end = kept;
        }

        _count = kept;
    }

    private static bool AreZeros(ReadOnlySpan<Symbol> symbols)
    {
        foreach (ref readonly Symbol symbol in symbols)
            if (symbol.Value != 0) return false;
        return true;
    }

    private bool HasLongPairs()
    {
        int begin = 0;
        foreach (int end in _ends)
        {
            if (end - begin >= OwnFrom * columns) return true;
            begin = end;
        }

        return false;
    }

    private void WritePair(ReadOnlySpan<Symbol> symbols)
    {
        ReadOnlySpan<byte> modes = _table;
        if (symbols.Length >= OwnFrom * columns && ChooseOwn(symbols))
        {
            _strip.Write(1, 1);
            for (int column = 0; column < columns; column++) _strip.WriteCode(Symbols.Fold(_own[column] - _table[column]), 0);
            modes = _own;
        }
        else if (_areOwn)
        {
            _strip.Write(0, 1);
        }

        foreach (ref readonly Symbol symbol in symbols)
        {
            int mode = modes[symbol.Column];
            if (mode != 0) _strip.WriteCode(symbol.Value, mode - 1);
        }
    }

    /// <summary>Finds out which modes fit a pair better than those of the table; false when it is not worth it.</summary>
    private bool ChooseOwn(ReadOnlySpan<Symbol> symbols)
    {
        CountLengths(symbols);
        long saved = 0;
        for (int column = 0; column < columns; column++)
        {
            ReadOnlySpan<int> lengths = LengthsOf(column);
            _own[column] = _table[column];
            saved -= OneBit;
            int best = CodeModes.Best(lengths, out long cost);
            if (best == _table[column]) continue;
            long gain = CodeModes.Cost(lengths, _table[column]) - cost - 2 * OneBit * (CodeModes.LengthOf(Symbols.Fold(best - _table[column]) + 1) - 1);
            if (gain <= 0) continue;
            _own[column] = (byte)best;
            saved += gain;
        }

        return saved > 0;
    }

    private void CountLengths(ReadOnlySpan<Symbol> symbols)
    {
        Array.Clear(_lengths);
        foreach (ref readonly Symbol symbol in symbols) _lengths[symbol.Column * CodeModes.Lengths + CodeModes.LengthOf(symbol.Value)]++;
    }

    private ReadOnlySpan<int> LengthsOf(int column) => _lengths.AsSpan(column * CodeModes.Lengths, CodeModes.Lengths);

    private record struct Symbol(int Column, ulong Value);
}

/// <summary>The writing side of what a part consists of.</summary>
internal readonly struct SymbolWriter(StripWriter strip) : ISymbols
{
    public static bool IsReading => false;

    public ulong Unsigned(int column, ulong value)
    {
        strip.Add(column, value);
        return value;
    }

    public long Signed(int column, long value, long expected)
    {
        strip.Add(column, Symbols.Fold(value - expected));
        return value;
    }

    public long Based(int column, long value)
    {
        strip.AddBased(column, value);
        return value;
    }

    public long Base(int column) => 0;

    public bool BeginGroup(int column)
    {
        strip.BeginGroup(column);
        return false;
    }

    public void EndGroup() => strip.EndGroup();
}
