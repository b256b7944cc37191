using System.Collections.Concurrent;
using System.Text;
using Llama.Server.Intake;
using Llama.Server.Sinks.Records;

namespace Llama.Server.Scraping;

/// <summary>Makes records of what collectors answered, and hands them on. As many at a time as there are processors. Any thread may call it.</summary>
internal sealed class RecordMaker(ScraperOptions options) : IDisposable
{
    /// <summary>What a desk may hold on to while it waits for the next report: more than a usual one, far less than the largest.</summary>
    private const int MostRoomKept = 1 << 17;

    private const int MostOctetsKept = 4 << 20;
    private const int MostNames = 100_000;

    private readonly NamePool _names = new(MostNames);
    private readonly SemaphoreSlim _turns = new(Environment.ProcessorCount);
    private readonly ConcurrentBag<Desk> _desks = [];

    /// <summary>Takes the report of a collector of ours, unless it is known.</summary>
    /// <param name="body">The answer of /api/v2/summaries.</param>
    /// <param name="collector">Whose.</param>
    /// <param name="known">The start of the report that was taken last.</param>
    /// <param name="cancellation">Gives up.</param>
    public Task<MadeRecord> TakeReportAsync(ReadOnlyMemory<byte> body, CollectorEntry collector, DateTimeOffset? known, CancellationToken cancellation) =>
        AtDeskAsync(
            desk =>
            {
                if (!PushReader.ReadReport(body, _names, desk.Report)) return new MadeRecord(ScrapeOutcome.Nothing);
                var made = new MadeRecord(ScrapeOutcome.Taken) { Start = desk.Report.Start, End = desk.Report.End, Pairs = desk.Report.Pairs.Length };
                if (desk.Report.Start == known) return made with { Outcome = ScrapeOutcome.Unchanged };
                PushedRecord.Write(desk.Writer, desk.Report, collector.Origin, collector.Tags);
                return made;
            },
            cancellation);

    /// <summary>Takes the points of an original collector, unless they are known.</summary>
    /// <param name="body">The answer of /influxdata.</param>
    /// <param name="collector">Whose.</param>
    /// <param name="start">The interval they are reckoned to be of.</param>
    /// <param name="end">Its end.</param>
    /// <param name="known">What was taken last: its fingerprint, and the interval's end.</param>
    /// <param name="cancellation">Gives up.</param>
    public Task<MadeRecord> TakePointsAsync(
        ReadOnlyMemory<byte> body, CollectorEntry collector, DateTimeOffset start, DateTimeOffset end, (ulong Fingerprint, DateTimeOffset End)? known, CancellationToken cancellation) =>
        AtDeskAsync(
            desk =>
            {
                desk.Writer.Begin(start, end, RecordFlags.Reckoned, Encoding.UTF8.GetBytes(collector.Origin));
                foreach ((string key, string value) in collector.Tags) desk.Writer.AddTag(key, value);
                desk.Writer.EndOriginTags();
                desk.Points.Read(body.Span, desk.Writer);
                if (desk.Points.Count == 0) return new MadeRecord(ScrapeOutcome.Nothing);
                var made = new MadeRecord(ScrapeOutcome.Taken) { Start = start, End = end, Pairs = desk.Points.Count, Fingerprint = desk.Points.Fingerprint };

                // A round trip takes as long to the nanosecond as in the interval before only where it is that interval's.
                bool isSame = known is { } last && last.Fingerprint == made.Fingerprint && (desk.Points.HasReply || last.End == end);
                return isSame ? made with { Outcome = ScrapeOutcome.Unchanged } : made;
            },
            cancellation);

    public void Dispose() => _turns.Dispose();

    private async Task<MadeRecord> AtDeskAsync(Func<Desk, MadeRecord> make, CancellationToken cancellation)
    {
        await _turns.WaitAsync(cancellation);
        Desk desk = _desks.TryTake(out Desk? used) ? used : new Desk();
        try
        {
            MadeRecord made = make(desk);
            if (made.Outcome == ScrapeOutcome.Taken) await options.Take(desk.Writer.Record, cancellation);
            return made;
        }
        catch (PushRefusedException malformed)
        {
            return new MadeRecord(ScrapeOutcome.Malformed) { Problem = malformed.Message };
        }
        catch (InvalidDataException malformed)
        {
            return new MadeRecord(ScrapeOutcome.Malformed) { Problem = malformed.Message };
        }
        catch (IOException full)
        {
            return new MadeRecord(ScrapeOutcome.NotKept) { Problem = $"its report can't be kept: {full.Message}" };
        }
        finally
        {
            desk.Report.Clear();
            if (desk.Report.Room <= MostRoomKept && desk.Writer.Record.Length <= MostOctetsKept) _desks.Add(desk);
            _turns.Release();
        }
    }

    /// <summary>What one record is made with.</summary>
    private sealed class Desk
    {
        public PushedReport Report { get; } = new();

        public PointsReader Points { get; } = new();

        public ReportWriter Writer { get; } = new();
    }
}

/// <summary>What came of an answer with a body.</summary>
/// <param name="Outcome">Whether it was taken.</param>
internal readonly record struct MadeRecord(ScrapeOutcome Outcome)
{
    /// <summary>The interval it is of.</summary>
    public DateTimeOffset Start { get; init; }

    public DateTimeOffset End { get; init; }

    /// <summary>How many pairs or points it has.</summary>
    public int Pairs { get; init; }

    /// <summary>Tells points from others.</summary>
    public ulong Fingerprint { get; init; }

    /// <summary>What is wrong; null where nothing is.</summary>
    public string? Problem { get; init; }
}
