namespace Llama.Benchmarks.Gate;

/// <summary>Something the gate measures, in rounds that are interleaved with those of the other measurements.</summary>
internal interface IMeasurement
{
    /// <summary>What to call it while it runs.</summary>
    string Name { get; }

    /// <summary>How many rounds it wants.</summary>
    int Rounds { get; }

    /// <summary>Measures reference and subject once each, one right after the other.</summary>
    Task RunRoundAsync(CancellationToken cancellation);

    /// <summary>What all rounds so far come to.</summary>
    IEnumerable<ResultRow> Rows();
}
