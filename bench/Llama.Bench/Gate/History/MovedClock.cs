namespace Llama.Benchmarks.Gate.History;

/// <summary>A wall clock that stands where it is put; timers go by the real one.</summary>
internal sealed class MovedClock : TimeProvider
{
    public DateTimeOffset Now { get; set; } = System.GetUtcNow();

    public override DateTimeOffset GetUtcNow() => Now;
}
