using System.Globalization;
using Llama.Server.Collecting;

namespace Llama.Cli.Matrix;

/// <summary>What the numbers of a field count.</summary>
internal enum MatrixUnit
{
    /// <summary>A share of the datagrams, 0 to 1.</summary>
    Share,

    /// <summary>Nanoseconds.</summary>
    Nanos,

    /// <summary>Seconds.</summary>
    Seconds,

    /// <summary>A number of things.</summary>
    Count,
}

/// <summary>One number of a cell. Immutable.</summary>
/// <param name="Caption">What it is, as in "datagrams lost".</param>
/// <param name="Unit">What it counts.</param>
/// <param name="Value">Takes it from a pair; null where it was not measured.</param>
internal sealed record MatrixField(string Caption, MatrixUnit Unit, Func<PairCell, double?> Value)
{
    /// <summary>The share that was lost.</summary>
    public static MatrixField Loss { get; } = new("datagrams lost", MatrixUnit.Share, cell => cell.LossRatio);

    /// <summary>The median round-trip time.</summary>
    public static MatrixField Median { get; } = new("median round-trip time", MatrixUnit.Nanos, cell => cell.MedianNanos);

    /// <summary>What a matrix shows unless somebody asks for something else.</summary>
    public static IReadOnlyList<MatrixField> Usual { get; } = [Loss, Median];

    /// <summary>The most columns that its text takes.</summary>
    public int Width => Unit == MatrixUnit.Share ? 4 : 5;

    /// <summary>The number of a pair as text.</summary>
    public string Text(PairCell cell, bool unicode) => Value(cell) is not { } value ? unicode ? "—" : "-" : Unit switch
    {
        MatrixUnit.Share => Quantity.Share(value),
        MatrixUnit.Nanos => Quantity.Duration(value, unicode),
        MatrixUnit.Seconds => Quantity.Duration(value * 1e9, unicode),
        _ => Count(value),
    };

    /// <summary>A number in five columns, as in 820, 12400, 1.2M.</summary>
    public static string Count(double value) => value switch
    {
        < 99_999.5 => value.ToString("0", CultureInfo.InvariantCulture),
        < 999_950 => (value / 1e3).ToString("0", CultureInfo.InvariantCulture) + "k",
        < 999_950_000 => (value / 1e6).ToString(value < 99_950_000 ? "0.0" : "0", CultureInfo.InvariantCulture) + "M",
        _ => (value / 1e9).ToString("0.0", CultureInfo.InvariantCulture) + "G",
    };
}
