using System.Diagnostics;
using System.Globalization;

namespace Llama.Fuzz;

/// <summary>What a round is given: how much to try, until when, and where to tell about it. Belongs to the round's thread, but for <see cref="IsOver"/>.</summary>
internal sealed class Campaign(ulong seed, long datagrams, TimeSpan time, TextWriter output)
{
    private static readonly long ProgressMillis = 10_000;

    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private long _toldMillis;

    /// <summary>What every choice follows from.</summary>
    public ulong Seed => seed;

    /// <summary>How many to try.</summary>
    public long Datagrams => datagrams;

    /// <summary>How many were tried; the round counts.</summary>
    public long Tried { get; set; }

    /// <summary>True when the round's time is up, however few it has tried. Any thread may ask.</summary>
    public bool IsOver => _watch.Elapsed > time;

    /// <summary>Time the round has taken.</summary>
    public TimeSpan Elapsed => _watch.Elapsed;

    /// <summary>Why the round, or a part of it, was not run; null when it was.</summary>
    public string? Skipped { get; private set; }

    /// <summary>True while there is more to try.</summary>
    public bool GoesOn
    {
        get
        {
            if (_watch.ElapsedMilliseconds - _toldMillis > ProgressMillis)
            {
                _toldMillis = _watch.ElapsedMilliseconds;
                Tell(string.Create(CultureInfo.InvariantCulture, $"{Tried:N0} of {datagrams:N0} after {_watch.Elapsed.TotalSeconds:F0} s"));
            }

            return Tried < datagrams && !IsOver;
        }
    }

    /// <summary>A line of figures.</summary>
    public void Tell(string line) => output.WriteLine("  " + line);

    /// <summary>Leaves something out.</summary>
    public void Skip(string what)
    {
        Skipped = what;
        Tell("skipped: " + what);
    }

    /// <summary>The same campaign for a part of the round.</summary>
    public Campaign Part(double share) => new(seed, Math.Max(1, (long)(datagrams * share)), time * share, output);
}
