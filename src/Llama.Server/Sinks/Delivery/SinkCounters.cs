namespace Llama.Server.Sinks.Delivery;

/// <summary>What a delivery attempt failed for, as metrics name it.</summary>
internal enum DeliveryFailure
{
    /// <summary>The sink was not there, or did not let us in.</summary>
    Unavailable,

    /// <summary>The sink will never take what it was given.</summary>
    Refused,

    /// <summary>The sink wants less at a time.</summary>
    TooMuch,

    /// <summary>Something that no sink should throw: a defect.</summary>
    Unexpected,
}

/// <summary>What one sink has got and not got since the start. The pump counts; any thread may read.</summary>
internal sealed class SinkCounters
{
    private readonly long[] _failures = new long[Enum.GetValues<DeliveryFailure>().Length];
    private long _rows;
    private long _refused;
    private long _lettersDropped;

    /// <summary>Points, rows or lines that the sink took.</summary>
    public long Rows => Interlocked.Read(ref _rows);

    /// <summary>Records, or parts of them, that went to the dead letters.</summary>
    public long Refused => Interlocked.Read(ref _refused);

    /// <summary>Dead letters that are gone, because there were too many of them or because they could not be written.</summary>
    public long LettersDropped => Interlocked.Read(ref _lettersDropped);

    /// <summary>How many attempts failed for a reason.</summary>
    public long Failures(DeliveryFailure failure) => Interlocked.Read(ref _failures[(int)failure]);

    public void Took(long rows) => Interlocked.Add(ref _rows, rows);

    public void Failed(DeliveryFailure failure) => Interlocked.Increment(ref _failures[(int)failure]);

    public void PutAway() => Interlocked.Increment(ref _refused);

    public void DropLetters(long count) => Interlocked.Add(ref _lettersDropped, count);
}
