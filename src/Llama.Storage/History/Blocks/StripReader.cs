using System.Runtime.CompilerServices;

namespace Llama.Storage.History.Blocks;

/// <summary>Reads what a <see cref="StripWriter"/> wrote: the part of one pair at a time, in the order it was written.</summary>
internal ref struct StripReader : ISymbols
{
    private readonly int _columns;
    private readonly Orders _table;
    private readonly Bases _bases;
    private readonly bool _areOwn;
    private Orders _modes;
    private BitReader _bits;

    /// <summary>A reader of a strip whose table comes next in the head.</summary>
    public StripReader(scoped ref BitReader head, int columns, int basedColumns)
    {
        _columns = columns;
        for (int column = 0; column < columns; column++)
        {
            _table[column] = Mode((long)head.Code(StripWriter.TableOrder));
            if (column < basedColumns) _bases[column] = Symbols.Unfold(head.Sized());
        }

        _areOwn = head.Bits(1) == 1;
        _modes = _table;
    }

    public static bool IsReading => true;

    /// <summary>Where it stands in the strip.</summary>
    public int Position
    {
        readonly get => _bits.Position;
        set => _bits.Position = value;
    }

    /// <summary>Takes the strip itself.</summary>
    public void Attach(ReadOnlySpan<byte> strip) => _bits = new BitReader(strip);

    /// <summary>Begins the part of a pair.</summary>
    /// <param name="position">Where it begins.</param>
    public void BeginPair(int position)
    {
        _bits.Position = position;
        if (!_areOwn) return;
        _modes = _table;
        if (_bits.Bits(1) == 0) return;
        for (int column = 0; column < _columns; column++) _modes[column] = Mode(_table[column] + Symbols.Unfold(_bits.Code(0)));
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong Unsigned(int column, ulong value) => _modes[column] is var mode and not 0 ? _bits.Code(mode - 1) : 0;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public long Signed(int column, long value, long expected) => expected + Symbols.Unfold(Unsigned(column, 0));

    /// <inheritdoc/>
    public long Based(int column, long value) => _bases[column] + Symbols.Unfold(Unsigned(column, 0));

    /// <inheritdoc/>
    public long Base(int column) => _bases[column];

    /// <inheritdoc/>
    public bool BeginGroup(int column) => Unsigned(column, 0) == 0;

    /// <inheritdoc/>
    public void EndGroup()
    {
    }

    /// <summary>True where all numbers of a column are zeros in the pair.</summary>
    public bool IsZero(int column) => _modes[column] == 0;

    /// <summary>True where pairs may have modes of their own.</summary>
    public bool AreOwn => _areOwn;

    /// <summary>How many numbers that are zeros come next, where a column is the only one that is written; there may be more of them.</summary>
    /// <param name="column">The column.</param>
    /// <param name="most">How many at most.</param>
    public int ZerosAhead(int column, int most) => _modes[column] switch
    {
        0 => most,
        1 => _bits.OnesAhead(most),
        _ => 0,
    };

    /// <summary>Goes past so many of them.</summary>
    public void PassZeros(int column, int count) => _bits.Position += _modes[column] == 0 ? 0 : count;

    /// <summary>Goes past a number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Pass(int column) => Unsigned(column, 0);

    /// <inheritdoc cref="BitReader.PassCounted"/>
    public int PassCounted(int countColumn, int gapColumn, long left, int most) => _bits.PassCounted(left, _modes[countColumn], _modes[gapColumn], most);

    private static byte Mode(long mode) => mode is >= 0 and < CodeModes.Count ? (byte)mode : throw BitReader.Damaged();

    [InlineArray(32)]
    private struct Orders
    {
        private byte _first;
    }

    [InlineArray(16)]
    private struct Bases
    {
        private long _first;
    }
}
