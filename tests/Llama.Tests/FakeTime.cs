namespace Llama.Tests;

/// <summary>Two clocks that stand still until a test moves them, and timers that fire while it does, on the thread of the test.</summary>
internal sealed class FakeTime : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly List<FakeTimer> _timers = [];
    private TimeSpan _now = TimeSpan.FromDays(3);
    private DateTimeOffset _wall = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);

    /// <summary>How many timers wait for their time.</summary>
    public int Timers
    {
        get
        {
            lock (_lock) return _timers.Count(timer => timer.DueAt < TimeSpan.MaxValue);
        }
    }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp()
    {
        lock (_lock) return _now.Ticks;
    }

    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock) return _wall;
    }

    /// <summary>Sets the wall clock, as an operator or NTP does; nothing else notices.</summary>
    public void StepWall(TimeSpan by)
    {
        lock (_lock) _wall += by;
    }

    /// <summary>Lets time pass on both clocks, from timer to timer.</summary>
    public void Pass(TimeSpan span)
    {
        TimeSpan end = _now + span;
        while (true)
        {
            FakeTimer? due;
            lock (_lock)
            {
                due = _timers.Where(timer => timer.DueAt <= end).MinBy(timer => timer.DueAt);
                TimeSpan to = due is null ? end : due.DueAt > _now ? due.DueAt : _now;
                _wall += to - _now;
                _now = to;
                due?.Rearm(_now);
            }

            if (due is null) return;
            due.Fire();
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new FakeTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private sealed class FakeTimer(FakeTime time, TimerCallback callback, object? state) : ITimer
    {
        private TimeSpan _period;

        public TimeSpan DueAt { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (time._lock)
            {
                _period = period;
                DueAt = dueTime < TimeSpan.Zero ? TimeSpan.MaxValue : time._now + dueTime;
                if (!time._timers.Contains(this)) time._timers.Add(this);
            }

            return true;
        }

        /// <summary>Needs the lock.</summary>
        public void Rearm(TimeSpan now)
        {
            if (_period > TimeSpan.Zero) DueAt = now + _period;
            else DueAt = TimeSpan.MaxValue;
        }

        public void Fire() => callback(state);

        public void Dispose()
        {
            lock (time._lock) time._timers.Remove(this);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
