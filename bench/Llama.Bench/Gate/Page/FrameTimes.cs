namespace Llama.Benchmarks.Gate.Page;

/// <summary>How evenly a page drew: how long each frame was on the screen, as the browser's own times of frames tell.</summary>
internal sealed class FrameTimes
{
    // The browser's times are in steps of 0.1 ms, so a frame of a sixtieth may seem that much longer.
    private const double OneFrameMillis = 16.7 + 0.15, TwoFramesMillis = 33.3 + 0.15;

    private readonly List<double> _frames = [], _longTasks = [];

    private int _drawn;

    public int Count => _frames.Count;

    /// <summary>Of all frames, those that the page drew something else for, in percent: in the others the mouse stood still, or was not followed.</summary>
    public double DrawnPercent => Math.Min(100.0, 100.0 * _drawn / _frames.Count);

    public double MedianMillis => Samples.Percentile(_frames, 0.5);

    public double P99Millis => Samples.Percentile(_frames, 0.99);

    /// <summary>Of all frames, those that lasted longer than one sixtieth of a second, in percent.</summary>
    public double LatePercent => PercentOver(OneFrameMillis);

    /// <summary>The same for two sixtieths.</summary>
    public double VeryLatePercent => PercentOver(TwoFramesMillis);

    /// <summary>The longest time the page did nothing else for, as far as that is over 50 ms (Long Tasks API); null when none was.</summary>
    public double? LongestTaskMillis => _longTasks.Count == 0 ? null : _longTasks.Max();

    /// <summary>Adds what one spell of watching has seen.</summary>
    /// <param name="starts">When frames began, in milliseconds, in order.</param>
    /// <param name="longTasks">Milliseconds of the tasks that were over 50.</param>
    /// <param name="draws">How often the page drew.</param>
    public void Add(IReadOnlyList<double> starts, IEnumerable<double> longTasks, int draws)
    {
        _drawn += draws;
        for (int i = 1; i < starts.Count; i++) _frames.Add(starts[i] - starts[i - 1]);
        _longTasks.AddRange(longTasks);
    }

    private double PercentOver(double millis) => 100.0 * _frames.Count(frame => frame > millis) / _frames.Count;
}
