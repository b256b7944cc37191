using System.IO.Compression;
using System.Text.Json;
using System.Threading.Channels;
using Llama.Engine.Summaries;
using Llama.Server.Collecting;
using Llama.Server.Joining;

namespace Llama.Cli.Joining;

/// <summary>
/// Pushes a probe's reports to the server: each is spooled first and taken out of the spool once the server has it, so that it is
/// delivered late rather than never. One loop packs and spools, another one delivers.
/// </summary>
internal sealed class ReportPusher(
    DiscoveryClient client, ProbeClaim claim, ReportSpool spool, JoiningCounters counters, AgentSurroundings surroundings)
{
    private const int MostReports = 120;

    // What all probes of a mesh report in the same moment need not reach the server in the same moment.
    private static readonly TimeSpan LongestSpread = TimeSpan.FromSeconds(2);

    // gzip members may follow each other and are unpacked as one (RFC 1952 section 2.2), so reports are joined as they are.
    private static readonly byte[] Comma = Packed(","u8);
    private static readonly byte[] End = Packed("]}"u8);

    private readonly byte[] _begin = Begin(claim);
    private readonly Bell _spooled = new();
    private readonly Channel<IntervalReport> _reports = Channel.CreateBounded<IntervalReport>(
        new BoundedChannelOptions(8) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true }, _ => counters.Drop(1));

    private TimeSpan _spread;

    /// <summary>Takes a report, without waiting for anything. Any thread may call it.</summary>
    public void Offer(IntervalReport report) => _reports.Writer.TryWrite(report);

    /// <summary>Pushes until cancelled.</summary>
    public Task RunAsync(CancellationToken cancellation) =>
        Task.WhenAny(SpoolAsync(cancellation), DeliverAsync(cancellation)).Unwrap();

    private async Task SpoolAsync(CancellationToken cancellation)
    {
        await foreach (IntervalReport report in _reports.Reader.ReadAllAsync(cancellation).ConfigureAwait(false))
        {
            long fifth = (report.End - report.Start).Ticks / 5;
            _spread = TimeSpan.FromTicks(Math.Min(LongestSpread.Ticks, fifth)) * surroundings.Random.NextDouble();
            spool.Add(Packed(report));
            _spooled.Ring();
        }
    }

    private async Task DeliverAsync(CancellationToken cancellation)
    {
        var backoff = new Backoff(surroundings.Random);
        var talk = new ServerTalk("push of reports", tellsAway: false, surroundings.Log);
        int most = MostReports;
        while (true)
        {
            if (spool.Peek(most) is not { } batch)
            {
                await _spooled.WaitAsync(TimeSpan.FromSeconds(1), surroundings.Time, cancellation).ConfigureAwait(false);
                await Task.Delay(_spread, surroundings.Time, cancellation).ConfigureAwait(false);
                continue;
            }

            try
            {
                await client.PushAsync(Body(batch), cancellation).ConfigureAwait(false);
                spool.Remove(batch);
                counters.Deliver(batch.Reports.Count);
                backoff.Reset();
                talk.Succeeded();
                most = Math.Min(MostReports, 2 * most);
            }
            catch (ServerRefusalException refusal) when (refusal.Kind == RefusalKind.Refused)
            {
                // One bad report must not hold up the others: it is found by halves, and dropped.
                counters.Failed();
                if (batch.Reports.Count > 1)
                {
                    most = batch.Reports.Count / 2;
                    continue;
                }

                talk.Failed(refusal, "drops the report");
                spool.Remove(batch);
                counters.Drop(1);
            }
            catch (ServerRefusalException refusal)
            {
                counters.Failed();
                talk.Failed(refusal, "keeps reports and tries again");
                bool mends = refusal.Kind is RefusalKind.Away or RefusalKind.Busy;
                await Task.Delay(mends ? backoff.Next() : backoff.Last(), surroundings.Time, cancellation).ConfigureAwait(false);
            }
        }
    }

    private byte[] Body(SpooledBatch batch)
    {
        using var body = new MemoryStream(batch.Contents.Sum(content => content.Length) + 1024);
        body.Write(_begin);
        for (int i = 0; i < batch.Contents.Count; i++)
        {
            if (i > 0) body.Write(Comma);
            body.Write(batch.Contents[i]);
        }

        body.Write(End);
        return body.ToArray();
    }

    private static byte[] Begin(ProbeClaim claim)
    {
        using var text = new MemoryStream();
        using (var json = new Utf8JsonWriter(text))
        {
            json.WriteStartObject();
            json.WriteStartObject("probe"u8);
            json.WriteString("group"u8, claim.Identity.Group);
            json.WriteString("name"u8, claim.Identity.Name);
            json.WriteString("instance"u8, claim.Instance);
            json.WriteEndObject();
            json.WriteStartArray("reports"u8);
        }

        return Packed(text.ToArray());
    }

    private static byte[] Packed(ReadOnlySpan<byte> text)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true)) gzip.Write(text);
        return packed.ToArray();
    }

    private static byte[] Packed(IntervalReport report)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            using var json = new Utf8JsonWriter(gzip);
            SummaryJson.Write(json, report);
        }

        return packed.ToArray();
    }
}
