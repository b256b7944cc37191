namespace Llama.Storage.Spooling;

/// <summary>One file of a spool, with records in their order. Only the last one grows.</summary>
internal sealed class Segment
{
    public required long Id { get; init; }

    public required string Path { get; init; }

    /// <summary>The number of its first record.</summary>
    public required long First { get; init; }

    /// <summary>Since the spool was opened, so negative for what was there before.</summary>
    public required TimeSpan OldestAt { get; init; }

    /// <summary>When its last record was appended, likewise.</summary>
    public required TimeSpan NewestAt { get; set; }

    /// <summary>Octets with records in them.</summary>
    public long Length { get; set; }

    public SpoolPosition Start => new(Id, 0) { Number = First };
}
