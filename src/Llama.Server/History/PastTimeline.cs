using System.Text;
using System.Text.Json;
using Llama.Server.Intake;
using Llama.Storage.History;

namespace Llama.Server.History;

/// <summary><c>/api/v2/timeline</c>: a group as a whole over time.</summary>
internal sealed class PastTimeline(IHistoryStore store, QueryDesk desk)
{
    // What is read for one answer at the most, as long as a coarser step helps: about a second where the file is in memory.
    private const long MostBytes = 1_500_000_000;

    private static readonly Line[] Lines =
    [
        new("loss", MatrixMetric.Loss.Unit(), MatrixMetric.Loss, step => PairValues.Ratio(step.Lost, step.Sent)),
        new("worst_loss", MatrixMetric.Loss.Unit(), MatrixMetric.Loss, step => PairValues.Ratio(step.WorstLost, step.WorstSent)),
        new("lossy_pairs", "pairs", MatrixMetric.Sent, step => step.LossyPairs),
        new("pairs", "pairs", MatrixMetric.Sent, step => step.Pairs),
    ];

    /// <summary>Finds the answer; null when the client has it.</summary>
    public async Task<Answer?> FindAsync(HistoryQuestion question, AnswerBuffer buffer, CancellationToken client)
    {
        MatrixFormat format = question.Format();
        (DateTimeOffset from, DateTimeOffset to) = question.Span();
        TimeSpan shortest = question.Length("step") is { } told ? question.Step(from, to) : TimeStep.For(to - from);
        HistoryQuery query = question.Query(from, to, []);
        IReadOnlyList<HistoryLevelSpan> levels = await desk.AskAsync(store.SpansAsync, client);
        TimeSpan step = StepOf(shortest, from, to, levels, ShareOf(question.Group, query.Sources));
        if (question.IsAnswered(Ceiling(to, step), format, from.UtcTicks, to.UtcTicks, step.Ticks)) return null;

        query = query with { Step = step, MaxPoints = HistoryLimits.MostSteps + 2 };
        HistoryTimeline timeline = await desk.AskAsync(cancellation => store.TimelineAsync(query, cancellation), client);
        if (format == MatrixFormat.Csv) WriteCsv(buffer, timeline);
        else WriteJson(buffer, query, timeline);
        return buffer.WriteToAsync;
    }

    /// <summary>The shortest step from one on that what is kept of that time allows, and that does not take too long to read.</summary>
    private static TimeSpan StepOf(TimeSpan shortest, DateTimeOffset from, DateTimeOffset to, IReadOnlyList<HistoryLevelSpan> levels, double share)
    {
        TimeSpan kept = TimeStep.Kept(levels, from);
        if (kept > shortest) shortest = kept;
        foreach (TimeSpan step in TimeStep.Round.Where(step => step > shortest).Prepend(shortest))
            if (BytesOf(step, to - from, levels) * share <= MostBytes) return step;
        return shortest > TimeStep.Round[^1] ? shortest : TimeStep.Round[^1];
    }

    /// <summary>What is to be read for a span in steps: of the coarsest level whose points fit into them, and no more than that has.</summary>
    private static double BytesOf(TimeSpan step, TimeSpan span, IReadOnlyList<HistoryLevelSpan> levels)
    {
        HistoryLevelSpan? read = levels.LastOrDefault(level => level.Level.Step() is var own && (own == TimeSpan.Zero || step.Ticks % own.Ticks == 0));
        return read is { Oldest: { } oldest, Newest: { } newest } && newest > oldest ? read.Bytes * Math.Min(1, span / (newest - oldest)) : 0;
    }

    /// <summary>How much of what is kept is wanted, going by how many measured.</summary>
    private double ShareOf(HistoryGroup group, IReadOnlyList<LabelMatch> wanted)
    {
        int all = store.Groups.Sum(name => store.Find(name)?.Sources.Count ?? 0);
        return all > 0 ? (double)group.Sources.Count(source => LabelMatch.IsWanted(wanted, source.Name, source.Tags)) / all : 0;
    }

    private static DateTimeOffset Ceiling(DateTimeOffset time, TimeSpan step) => time.AddTicks((step.Ticks - time.UtcTicks % step.Ticks) % step.Ticks);

    private static void WriteJson(AnswerBuffer buffer, HistoryQuery query, HistoryTimeline timeline)
    {
        IReadOnlyList<TimelineStep> steps = timeline.Steps;
        using Utf8JsonWriter json = PastJson.Writer(buffer);
        json.WriteStartObject();
        json.WriteString("group"u8, query.Group);
        PastJson.WriteSpan(json, query with { From = timeline.From, To = timeline.To });
        json.WriteStartObject("units"u8);
        foreach (Line line in Lines) json.WriteString(line.Name, line.Unit);
        json.WriteEndObject();
        json.WriteStartArray("at_ms"u8);
        foreach (TimelineStep step in steps) json.WriteNumberValue(step.At.ToUnixTimeMilliseconds());
        json.WriteEndArray();
        json.WriteStartObject("metrics"u8);
        byte[] text = [];
        foreach (Line line in Lines)
        {
            json.WritePropertyName(line.Name);
            int length = line.Metric.WriteArray(steps.Select(line.ValueOf).ToArray(), ref text);
            json.WriteRawValue(text.AsSpan(0, length), skipInputValidation: true);
        }

        json.WriteEndObject();
        PastJson.WriteEnd(json, steps.Min(step => (DateTimeOffset?)step.Start), steps.Max(step => (DateTimeOffset?)step.End));
    }

    private static void WriteCsv(AnswerBuffer csv, HistoryTimeline timeline)
    {
        Encoding.UTF8.GetBytes($"start,{string.Join(',', Lines.Select(line => line.Name))}\r\n", csv);
        MatrixMetric[] metrics = [.. Lines.Select(line => line.Metric)];
        foreach (TimelineStep step in timeline.Steps)
        {
            PastJson.WriteCsv(csv, step.At);
            MatrixCsv.WriteValues(csv, metrics, Lines.Select(line => line.ValueOf(step)).ToArray());
        }
    }

    /// <summary>What is told of each step.</summary>
    /// <param name="Name">What it is called.</param>
    /// <param name="Unit">What its numbers count.</param>
    /// <param name="Metric">One that is written in the same way.</param>
    /// <param name="ValueOf">Its value.</param>
    private sealed record Line(string Name, string Unit, MatrixMetric Metric, Func<TimelineStep, long> ValueOf);
}
