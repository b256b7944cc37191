namespace Llama.Server.History;

/// <summary>How large answers may be.</summary>
internal static class HistoryLimits
{
    /// <summary>Steps of a series.</summary>
    public const int MostSteps = 50_000;

    /// <summary>Values of series and flows.</summary>
    public const long MostValues = 4_000_000;

    /// <summary>Values of a matrix: pairs times metrics.</summary>
    public const long MostMatrixValues = 16_000_000;
}
