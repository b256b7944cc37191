namespace Llama.Cli.Demo;

/// <summary>What a demo is told. Immutable.</summary>
internal sealed record DemoOptions
{
    /// <summary>How many probes, 2 to <see cref="DemoMesh.MostProbes"/>.</summary>
    public int Probes { get; init; } = 5;

    /// <summary>When it ends; null for on Ctrl-C.</summary>
    public TimeSpan? Span { get; init; }

    /// <summary>Where registrations, history and what probes remember are kept for the next time; null for nowhere.</summary>
    public string? Data { get; init; }

    /// <summary>Where the server's reports go, as <c>--sink</c> has it; may be empty.</summary>
    public IReadOnlyList<string> Sinks { get; init; } = [];
}
