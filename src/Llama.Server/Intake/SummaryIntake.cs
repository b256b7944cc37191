using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Llama.Mesh.Membership;
using Llama.Server.Hosting;
using Llama.Server.Metrics;
using Llama.Storage.History;
using Microsoft.AspNetCore.Http;

namespace Llama.Server.Intake;

/// <summary>
/// Takes the reports that probes push (<c>POST /api/v2/summaries</c>), each once, and shows the newest of each pair
/// (<c>GET /api/v2/matrix</c>). Who may read is settled before; any thread may call it.
/// </summary>
internal sealed class SummaryIntake : IDisposable
{
    /// <summary>Path of the push.</summary>
    public const string SummariesPath = "/api/v2/summaries";

    /// <summary>Path of the matrix.</summary>
    public const string MatrixPath = "/api/v2/matrix";

    /// <summary>What a report may hold on to while it waits for the next push: more than a usual one, far less than the largest.</summary>
    private const int MostRoomKept = 1 << 17;

    private const int MostNames = 100_000;

    private readonly IntakeOptions _options;
    private readonly TimeProvider _time;
    private readonly NewestPairs _newest;
    private readonly MatrixApi _matrix;
    private readonly NamePool _names = new(MostNames);
    private readonly MemoryBudget _bodies;
    private readonly ConcurrentDictionary<int, long> _refused = new();

    // As many are read at a time as there are processors: more would take memory and be no faster, save for some on a small machine:
    // those that wait for the history's disk together wait once.
    private readonly SemaphoreSlim _readers = new(Math.Max(8, Environment.ProcessorCount));
    private readonly ConcurrentBag<PushedReport> _reports = [];

    private long _accepted;
    private long _known;

    /// <summary>An intake that has nothing yet.</summary>
    public SummaryIntake(IntakeOptions options, TimeProvider time)
    {
        _options = options;
        _time = time;
        _newest = new NewestPairs(options, time);
        _matrix = new MatrixApi(_newest, options, time);
        _bodies = new MemoryBudget(options.BodyBytes);
    }

    /// <summary>The reports that were taken last.</summary>
    public IntervalFeed Intervals { get; } = new();

    /// <summary>Groups from which somebody pushed within the hour.</summary>
    public IReadOnlyList<string> GroupNames => _newest.GroupNames();

    /// <summary>What a probe told of itself with its newest report; null where none has come since the server started.</summary>
    public SourceHealth? HealthOf(string group, string probe)
    {
        if (_newest.Find(group)?.Find(probe) is not { } source) return null;
        lock (source.Gate) return source.Health;
    }

    /// <summary>How a group does at this moment.</summary>
    /// <param name="group">Its name.</param>
    /// <param name="members">Its members; null when it has none.</param>
    /// <param name="settledBefore">Who joined before this should have reported by now.</param>
    /// <param name="mostWorst">How many of the worst pairs are wanted.</param>
    public GroupTally Tally(string group, GroupSnapshot? members, DateTimeOffset settledBefore, int mostWorst) =>
        GroupTally.Of(_newest.Find(group) ?? new PairGroup(_options.MaxOtherColumns), members, _time.GetUtcNow(), settledBefore, mostWorst);

    /// <summary>Answers a request, or returns null where the path is another's.</summary>
    public Task? Answer(HttpContext context, string path) => path switch
    {
        SummariesPath => AnswerPushAsync(context),
        MatrixPath => context.IsRead(out Task refusal) ? _matrix.AnswerAsync(context) : refusal,
        _ => null,
    };

    /// <summary>Takes a report that a collector was asked for as if it had been pushed; false where it is known.</summary>
    /// <exception cref="IOException">It can't be kept.</exception>
    public async ValueTask<bool> TakeAsync(PushedProbe probe, PushedReport report, CancellationToken cancellation)
    {
        (PairGroup group, PairSource source) = _newest.SourceOf(probe.Group, probe.Name) ?? throw new IOException(NoRoom);
        await source.Turn.WaitAsync(cancellation);
        try
        {
            return await TakeAsync(group, source, probe, report, cancellation);
        }
        finally
        {
            source.Turn.Release();
        }
    }

    /// <summary>Shows what a history has of the last hour, where nothing newer has come.</summary>
    public Task RestoreAsync(IHistoryStore history, CancellationToken cancellation) =>
        new NewestRestorer(_newest, _names, history, _time).RunAsync(cancellation);

    public void Dispose() => _readers.Dispose();

    /// <summary>Writes what it has counted.</summary>
    public void WriteMetrics(PrometheusText text)
    {
        text.Family("llama_server_pushed_reports_total", "counter", "Reports that probes pushed: accepted, or known already.");
        text.Sample(Interlocked.Read(ref _accepted), PrometheusText.Label("outcome", "accepted"));
        text.Sample(Interlocked.Read(ref _known), PrometheusText.Label("outcome", "known"));
        text.Family("llama_server_refused_pushes_total", "counter", "Pushes that were refused, by the HTTP status that said so.");
        foreach ((int status, long count) in _refused.OrderBy(refused => refused.Key))
            text.Sample(count, PrometheusText.Label("status", status.ToString(CultureInfo.InvariantCulture)));
        text.Family("llama_server_pushing_probes", "gauge", "Probes that have pushed within a day.");
        text.Sample(_newest.Probes);
        text.Family("llama_server_pairs", "gauge", "Pairs and classes whose newest interval is held.");
        text.Sample(_newest.Pairs);
        text.Family("llama_server_pairs_left_out_total", "counter", "Results of pairs that there was no room for.");
        text.Sample(_newest.LeftOut);
    }

    private async Task AnswerPushAsync(HttpContext context)
    {
        if (!HttpMethods.IsPost(context.Request.Method))
        {
            context.Response.Headers.Allow = "POST";
            await context.ReplyProblemAsync(
                StatusCodes.Status405MethodNotAllowed, "Probes push their summaries here with POST. Read them at a collector, or the newest of all at /api/v2/matrix.");
            return;
        }

        try
        {
            using PushBody body = await PushBody.ReadAsync(context.Request, _bodies, _time, context.RequestAborted);
            await _readers.WaitAsync(context.RequestAborted);
            try
            {
                await TakeAsync(context, body.Content);
            }
            finally
            {
                _readers.Release();
            }
        }
        catch (PushRefusedException refusal)
        {
            _refused.AddOrUpdate(refusal.Status, 1, (_, count) => count + 1);
            if (refusal.Status == StatusCodes.Status503ServiceUnavailable) context.Response.Headers.RetryAfter = "10";
            await context.ReplyProblemAsync(refusal.Status, refusal.Message);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException && context.RequestAborted.IsCancellationRequested)
        {
            // The client has gone: there is nobody to answer.
        }
    }

    private async Task TakeAsync(HttpContext context, ReadOnlyMemory<byte> body)
    {
        PushReader reader = PushReader.Open(body, _names);
        PushedProbe probe = reader.Probe;
        if (_options.Refuse(context, probe.Group) is { } refusal)
        {
            _refused.AddOrUpdate(context.Response.StatusCode, 1, (_, count) => count + 1);
            await refusal;
            return;
        }

        RequireMember(probe);
        (PairGroup group, PairSource source) = _newest.SourceOf(probe.Group, probe.Name)
            ?? throw new PushRefusedException(StatusCodes.Status503ServiceUnavailable, NoRoom);
        await source.Turn.WaitAsync(context.RequestAborted);
        PushedReport report = _reports.TryTake(out PushedReport? used) ? used : new PushedReport();
        try
        {
            int accepted = 0, known = 0;
            while (reader.Next(report))
            {
                bool isNew = await PushAsync(group, source, probe, report, context.RequestAborted);
                Interlocked.Increment(ref isNew ? ref _accepted : ref _known);
                if (isNew) accepted++;
                else known++;
            }

            string answer = string.Create(CultureInfo.InvariantCulture, $"{{\"accepted\":{accepted},\"known\":{known}}}");
            await context.ReplyAsync(StatusCodes.Status200OK, "application/json", Encoding.UTF8.GetBytes(answer));
        }
        finally
        {
            source.Turn.Release();
            report.Clear();
            if (report.Room <= MostRoomKept && _reports.Count < Environment.ProcessorCount) _reports.Add(report);
        }
    }

    private async ValueTask<bool> PushAsync(PairGroup group, PairSource source, PushedProbe probe, PushedReport report, CancellationToken cancellation)
    {
        try
        {
            return await TakeAsync(group, source, probe, report, cancellation);
        }
        catch (IOException e)
        {
            throw new PushRefusedException(StatusCodes.Status503ServiceUnavailable, $"The reports can't be stored: {e.Message}");
        }
    }

    /// <summary>Keeps and shows a report, unless that was done before. The caller has the turn of the source.</summary>
    private async ValueTask<bool> TakeAsync(PairGroup group, PairSource source, PushedProbe probe, PushedReport report, CancellationToken cancellation)
    {
        if (source.Instance != probe.Instance) source.Starts.Clear();
        source.Instance = probe.Instance;
        if (source.Starts.Contains(report.Start)) return false;
        bool isNew = await _options.Keep(probe, report, cancellation);
        source.Starts.Add(report.Start, report.End - report.Start);
        _newest.Take(group, source, report);
        if (isNew) Intervals.Tell(probe.Group, source, report);
        return isNew;
    }

    private string NoRoom => string.Create(CultureInfo.InvariantCulture, $"The server keeps reports of {_options.MaxProbes} probes, and no more.");

    private void RequireMember(PushedProbe probe)
    {
        if (_options.FindMember(probe.Group, probe.Name) is not { } member)
        {
            throw new PushRefusedException(
                StatusCodes.Status403Forbidden, $"The group {probe.Group} has no probe {probe.Name}: it has to register first, with PUT /api/v2/groups/GROUP/probes/NAME.");
        }

        if (member.Registration.Instance is { } instance && instance != probe.Instance)
        {
            throw new PushRefusedException(
                StatusCodes.Status403Forbidden, $"The probe {probe.Name} of the group {probe.Group} registered with another instance than the one that pushes.");
        }
    }
}
