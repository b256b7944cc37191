namespace Llama.EndToEnd.Harness;

/// <summary>Tests beside which no other runs: they take all cores, or measure time.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;
