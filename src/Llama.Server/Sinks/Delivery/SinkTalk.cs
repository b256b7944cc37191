namespace Llama.Server.Sinks.Delivery;

/// <summary>Tells the operator when a sink begins to fail and when it goes on; not every time. Belongs to one pump.</summary>
/// <param name="sink">The sink's name.</param>
/// <param name="inform">Takes good news.</param>
/// <param name="warn">Takes bad news.</param>
/// <param name="time">Its clock.</param>
internal sealed class SinkTalk(string sink, Action<string> inform, Action<string> warn, TimeProvider time)
{
    // Refusals may come one with every interval, for ever.
    private static readonly TimeSpan BetweenRefusals = TimeSpan.FromHours(1);

    private bool _failing;
    private long? _refusalAt;

    /// <summary>Takes a failure that another try may mend.</summary>
    public void Failed(string problem)
    {
        if (!_failing) warn($"sink {sink}: {problem}; keeps what comes on disk and tries again");
        _failing = true;
    }

    /// <summary>Takes a success.</summary>
    public void Succeeded()
    {
        if (_failing) inform($"sink {sink}: takes what waited");
        _failing = false;
    }

    /// <summary>Takes that something was put away for good.</summary>
    /// <param name="reason">Why.</param>
    /// <param name="file">Where it is now.</param>
    public void PutAway(string reason, string file)
    {
        if (_refusalAt is { } before && time.GetElapsedTime(before) < BetweenRefusals) return;
        _refusalAt = time.GetTimestamp();
        warn($"sink {sink}: {reason}; it is in {file}, and the rest goes on (further ones are counted, and told once an hour)");
    }

    /// <summary>Takes that dead letters can't be written.</summary>
    public void LostLetter(string problem) => warn($"sink {sink}: can't write dead letters: {problem}; what is refused is lost");
}
