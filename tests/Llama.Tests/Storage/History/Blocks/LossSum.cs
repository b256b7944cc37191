using Llama.Storage.History.Blocks;

namespace Llama.Tests.Storage.History.Blocks;

/// <summary>Adds up what was sent and lost, and from when to when, point by point.</summary>
internal struct LossSum() : ILossSink
{
    public long Points { get; private set; }

    public long Sent { get; private set; }

    public long Lost { get; private set; }

    public long Start { get; private set; } = long.MaxValue;

    public long End { get; private set; } = long.MinValue;

    public void Add(in LossRun run)
    {
        Points += run.Points;
        Sent += run.Points * run.Sent;
        Lost += run.Points * run.Lost;
        Start = Math.Min(Start, run.Start);
        End = Math.Max(End, run.End + (run.Points - 1) * run.Step);
    }
}
