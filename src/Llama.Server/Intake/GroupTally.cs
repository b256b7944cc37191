using Llama.Mesh.Membership;

namespace Llama.Server.Intake;

/// <summary>How a group does: what its newest results come to, and which of its members report. Immutable.</summary>
internal sealed record GroupTally
{
    private const int MostSilentNamed = 10;

    /// <summary>Members whose newest report is not stale.</summary>
    public int Reporting { get; private set; }

    /// <summary>Members that push or have reported within a day, have had the time, and have no report that is not stale; the first of them.</summary>
    public IReadOnlyList<string> Silent { get; private init; } = [];

    /// <summary>How many these are.</summary>
    public int SilentCount { get; private set; }

    /// <summary>Pairs and classes with a result that is not stale, of members or not.</summary>
    public long Measured { get; private set; }

    /// <summary>Of these, those that lose something.</summary>
    public long Lossy { get; private set; }

    /// <summary>Of these, those whose collectors do not trust their reports.</summary>
    public long Suspect { get; private set; }

    /// <summary>Pairs and classes whose result is stale.</summary>
    public long Stale { get; private set; }

    /// <summary>Datagrams of the measured ones.</summary>
    public long Sent { get; private set; }

    /// <summary>Of these, those that were lost.</summary>
    public long Lost { get; private set; }

    /// <summary>End of the newest interval, of those that a wrong clock has not put into the future; null where there is none.</summary>
    public DateTimeOffset? Newest { get; private set; }

    /// <summary>Those of the measured ones that lose most, the worst first.</summary>
    public IReadOnlyList<LossyPair> Worst { get; private init; } = [];

    /// <summary>Counts. Rows that have not changed since the last time cost next to nothing.</summary>
    /// <param name="group">The group.</param>
    /// <param name="members">Its members; null when it has none.</param>
    /// <param name="now">The server's clock.</param>
    /// <param name="settledBefore">Who joined before this should have reported by now.</param>
    /// <param name="mostWorst">How many of the worst pairs are wanted, at least 1.</param>
    public static GroupTally Of(PairGroup group, GroupSnapshot? members, DateTimeOffset now, DateTimeOffset settledBefore, int mostWorst)
    {
        IReadOnlyList<FrameRow> rows = group.Frame(members).Rows;
        int memberCount = members?.Members.Count ?? 0;
        var worst = new LossRanking(mostWorst);
        var silent = new List<string>();
        var tally = new GroupTally();
        for (int i = 0; i < rows.Count; i++)
        {
            // The members are the first rows, in their order.
            bool isReporting = rows[i].Source is { } source && tally.Add(source, worst, now);
            if (i >= memberCount) continue;
            Registration member = members!.Members[i].Registration;
            if (isReporting) tally.Reporting++;
            else if ((member.Pushes || rows[i].Source is not null) && member.RegisteredAt < settledBefore) tally.SilentCount++;
            else continue;
            if (!isReporting && silent.Count < MostSilentNamed) silent.Add(member.Name);
        }

        return tally with { Silent = silent, Worst = worst.ToList() };
    }

    /// <summary>Adds what a source has measured; true when its newest report is not stale.</summary>
    private bool Add(PairSource source, LossRanking worst, DateTimeOffset now)
    {
        lock (source.Gate)
        {
            foreach ((byte @class, MatrixRow row) in source.Rows)
            {
                RowTally tally = row.Tally(now);
                Measured += tally.Measured;
                Lossy += tally.Lossy;
                Suspect += tally.Suspect;
                Stale += tally.Stale;
                Sent += tally.Sent;
                Lost += tally.Lost;
                if (tally.Lossy > 0 && worst.MayTake(source.Name, tally.WorstLoss, tally.MostLost)) row.Rank(worst, source.Name, @class, now);
            }

            if (source.Newest is not { } report) return false;
            if (!report.IsOfTheFuture(now) && (Newest is null || report.End > Newest)) Newest = report.End;
            return !report.IsStale(now);
        }
    }
}
