namespace Llama.Server.Joining;

/// <summary>How a probe gets on with its server, for its metrics. Any thread may read and write it.</summary>
public sealed class JoiningCounters
{
    private long _registrations;
    private long _failures;
    private long _configurations;
    private long _delivered;
    private long _dropped;
    private long _waiting;
    private long _waitingBytes;
    private volatile bool _joined;

    /// <summary>True while the last registration succeeded.</summary>
    public bool Joined
    {
        get => _joined;
        set => _joined = value;
    }

    /// <summary>Registrations that succeeded.</summary>
    public long Registrations => Interlocked.Read(ref _registrations);

    /// <summary>Requests of any kind that failed.</summary>
    public long Failures => Interlocked.Read(ref _failures);

    /// <summary>Configurations that were taken over.</summary>
    public long Configurations => Interlocked.Read(ref _configurations);

    /// <summary>Reports that the server has taken.</summary>
    public long Delivered => Interlocked.Read(ref _delivered);

    /// <summary>Reports that will never be delivered.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    /// <summary>Reports that wait to be delivered.</summary>
    public long Waiting => Interlocked.Read(ref _waiting);

    /// <summary>Bytes that they take.</summary>
    public long WaitingBytes => Interlocked.Read(ref _waitingBytes);

    /// <summary>Counts a registration.</summary>
    public void Registered() => Interlocked.Increment(ref _registrations);

    /// <summary>Counts a request that failed.</summary>
    public void Failed() => Interlocked.Increment(ref _failures);

    /// <summary>Counts a configuration.</summary>
    public void Configured() => Interlocked.Increment(ref _configurations);

    /// <summary>Counts reports that were delivered.</summary>
    public void Deliver(int reports) => Interlocked.Add(ref _delivered, reports);

    /// <summary>Counts reports that were dropped.</summary>
    public void Drop(int reports) => Interlocked.Add(ref _dropped, reports);

    /// <summary>Tells what waits.</summary>
    public void Wait(long reports, long bytes)
    {
        Interlocked.Exchange(ref _waiting, reports);
        Interlocked.Exchange(ref _waitingBytes, bytes);
    }
}
