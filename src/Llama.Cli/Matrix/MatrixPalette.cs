using Spectre.Console;

namespace Llama.Cli.Matrix;

/// <summary>How each state of a cell looks: a mark that needs no colour, and a colour.</summary>
internal static class MatrixPalette
{
    public static Style Title { get; } = new(Color.FromInt32(15), decoration: Decoration.Bold);

    public static Style Label { get; } = new(decoration: Decoration.Bold);

    public static Style Quiet { get; } = new(decoration: Decoration.Dim);

    public static Style Warning { get; } = new(Color.Olive, decoration: Decoration.Bold);

    /// <summary>The mark of a state.</summary>
    public static string Mark(CellState state, bool unicode) => state switch
    {
        CellState.Fine => unicode ? "·" : ".",
        CellState.Slow => unicode ? "▲" : "^",
        CellState.Lossy => "!",
        CellState.Dead => unicode ? "×" : "x",
        CellState.Suspect => "?",
        CellState.Stale => "~",
        _ => unicode ? "—" : "-",
    };

    /// <summary>The colours of a cell: a tile where there are enough of them, else coloured text.</summary>
    public static Style Cell(CellState state, double loss, ColorSystem colors) => colors switch
    {
        ColorSystem.NoColors => Style.Plain,
        ColorSystem.TrueColor or ColorSystem.EightBit => Tile(state, loss),
        _ => new Style(state switch
        {
            CellState.Fine => Color.Green,
            CellState.Slow => Color.Olive,
            CellState.Lossy => Color.Red,
            CellState.Dead => Color.White,
            _ => Color.Grey,
        }, state == CellState.Dead ? Color.Maroon : null),
    };

    private static Style Tile(CellState state, double loss) => state switch
    {
        CellState.Fine => Of(0x8CE99A, 0x14301D),
        CellState.Slow => Of(0xFFE066, 0x3B3210),
        CellState.Lossy when loss < 0.01 => Of(0xFFC078, 0x43290B),
        CellState.Lossy when loss < 0.05 => Of(0xFFA94D, 0x552A08),
        CellState.Lossy => Of(0xFFB3B3, 0x6B1620),
        CellState.Dead => Of(0xFFFFFF, 0xC92A2A, Decoration.Bold),
        _ => Of(0xADB5BD, 0x2B2F36),
    };

    private static Style Of(int foreground, int background, Decoration? decoration = null) =>
        new(Rgb(foreground), Rgb(background), decoration);

    private static Color Rgb(int value) => new((byte)(value >> 16), (byte)(value >> 8), (byte)value);
}
