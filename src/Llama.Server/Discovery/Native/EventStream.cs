using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using Llama.Server.Hosting;
using Microsoft.AspNetCore.Http;

namespace Llama.Server.Discovery.Native;

/// <summary>
/// A feed as server-sent events: each with its place as id, so that a client that was cut off goes on where it was; an event
/// <c>gap</c> where some are missing, a comment where nothing was told for a while. A client that reads slowly misses some, and holds
/// nobody up. Any thread may call it.
/// </summary>
/// <param name="feed">What happens.</param>
/// <param name="sequence">The sequence of one.</param>
/// <param name="kind">What one is called.</param>
/// <param name="most">How many clients may listen at a time.</param>
/// <param name="time">What heartbeats go by.</param>
internal sealed class EventStream<T>(Feed<T> feed, Func<T, long> sequence, Func<T, string> kind, int most, TimeProvider time)
{
    private const int Portion = 500;

    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    private readonly LongPolls _waits = new(most, time);
    private int _open;

    /// <summary>Places in the feed, as clients see them.</summary>
    public EventCursor Cursor { get; } = new();

    /// <summary>The place where the client was, or the newest one; null when what it names is no place.</summary>
    public (long Seen, bool IsOfThisRun)? PlaceOf(HttpContext context)
    {
        string after = context.Request.Headers["Last-Event-ID"].ToString() is { Length: > 0 } last ? last : context.Request.Query["after"].ToString();
        if (after.Length == 0) return (feed.Newest, true);
        return Cursor.TryRead(after, feed.Newest, out long seen, out bool isOfThisRun) ? (seen, isOfThisRun) : null;
    }

    /// <summary>Tells what happens behind a place until the client goes.</summary>
    /// <param name="context">The request.</param>
    /// <param name="place">Where it begins.</param>
    /// <param name="isWanted">What is told.</param>
    /// <param name="write">Writes the JSON of one.</param>
    public async Task SendAsync(HttpContext context, (long Seen, bool IsOfThisRun) place, Func<T, bool> isWanted, Action<Utf8JsonWriter, T> write)
    {
        if (Interlocked.Increment(ref _open) > most)
        {
            Interlocked.Decrement(ref _open);
            await context.ReplyLaterAsync(TimeSpan.FromSeconds(30), "As many clients listen as the server has room for.");
            return;
        }

        try
        {
            context.Response.ContentType = "text/event-stream";
            context.Response.Headers.CacheControl = "no-cache";
            if (HttpMethods.IsHead(context.Request.Method)) return;
            await context.Response.StartAsync(context.RequestAborted);
            await TellAsync(context.Response.BodyWriter, place, isWanted, write, context.RequestAborted);
        }
        finally
        {
            Interlocked.Decrement(ref _open);
        }
    }

    private async Task TellAsync(
        PipeWriter output, (long Seen, bool IsOfThisRun) place, Func<T, bool> isWanted, Action<Utf8JsonWriter, T> write, CancellationToken gone)
    {
        long said = time.GetTimestamp();
        output.Write("retry: 2000\n\n"u8);
        long seen = place.Seen;
        if (!place.IsOfThisRun) WriteGap(output, seen);
        while (!(await output.FlushAsync(gone)).IsCompleted)
        {
            FeedPortion<T> portion = feed.Take(seen, Portion, isWanted);
            if (portion.Missed is { } missed) WriteGap(output, missed);
            foreach (T one in portion.Wanted)
            {
                Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"id: {Cursor.Write(sequence(one))}\nevent: {kind(one)}\ndata: "), output);
                using (var json = new Utf8JsonWriter(output)) write(json, one);
                output.Write("\n\n"u8);
                if ((await output.FlushAsync(gone)).IsCompleted) return;
                said = time.GetTimestamp();
            }

            bool isAtEnd = portion.Seen == seen;
            seen = portion.Seen;
            TimeSpan quiet = Heartbeat - time.GetElapsedTime(said);
            if (isAtEnd && quiet > TimeSpan.Zero) await _waits.WaitAsync(cancellation => feed.WaitAsync(seen, cancellation), quiet, gone);

            // Also where things happen all the time, and none of them is wanted.
            if (time.GetElapsedTime(said) < Heartbeat) continue;
            output.Write(": still here\n\n"u8);
            said = time.GetTimestamp();
        }
    }

    private void WriteGap(IBufferWriter<byte> output, long seen) =>
        Encoding.UTF8.GetBytes($"id: {Cursor.Write(seen)}\nevent: gap\ndata: {{}}\n\n", output);
}
