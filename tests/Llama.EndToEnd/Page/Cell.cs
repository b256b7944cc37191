namespace Llama.EndToEnd.Page;

/// <summary>What the matrix says of a cell, and what is there on its canvas.</summary>
/// <param name="Row">From 0.</param>
/// <param name="Column">From 0.</param>
/// <param name="Source">Of the pair that it shows: of a fold, of the worst one.</param>
/// <param name="Destination">Likewise.</param>
/// <param name="X">CSS pixels from the left of the canvas.</param>
/// <param name="Y">CSS pixels from its top.</param>
/// <param name="Width">CSS pixels.</param>
/// <param name="Height">CSS pixels.</param>
/// <param name="Value">What it is coloured by; null where that was not measured.</param>
/// <param name="Marks">Bits of the constants here.</param>
/// <param name="Pixel">The colour on the canvas, near the cell's lower left corner, where there is neither text nor a mark.</param>
internal sealed record Cell(
    int Row, int Column, string Source, string Destination, double X, double Y, double Width, double Height, double? Value, int Marks, string Pixel)
{
    public const int Measured = 1, Loss = 2, Stale = 4, Suspect = 8, Self = 16;
}

/// <summary>A step of the legend: its colour, and the values that it says to have it.</summary>
/// <param name="Colour">As #rrggbb.</param>
/// <param name="Most">The largest value, inclusive; null for the last step, which has none.</param>
internal sealed record LegendStep(string Colour, double? Most);
