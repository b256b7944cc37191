using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using Llama.Mesh.Membership;
using Llama.Server.Discovery.Access;
using Llama.Server.Metrics;
using Microsoft.AspNetCore.Http;

namespace Llama.Server.Discovery.Native;

/// <summary>
/// <c>/api/v2/events</c>: what happened to probes, as JSON, or as server-sent events while it happens. Any thread may call it.
/// </summary>
/// <param name="registry">Whose events.</param>
/// <param name="access">Who may read.</param>
/// <param name="polls">Who waits.</param>
/// <param name="streams">Who listens.</param>
internal sealed class EventsResource(Registry registry, AccessRules access, LongPolls polls, LongPolls streams)
{
    private const string StreamType = "text/event-stream";
    private const int Portion = 500;

    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    private readonly EventCursor _cursor = new();

    /// <summary>Answers with events behind a place, or with all that come from now on.</summary>
    public Task GetAsync(HttpContext context, ProbePath path)
    {
        _ = path;
        if (context.IsRefused(access.MayRead(context), Problems.ReadToken, out Task refusal)) return refusal;
        if (Parameters.Limit(context) is not { } limit) return context.ReplyBadParameterAsync("limit", Parameters.LimitForm);
        if (Parameters.Wait(context) is not { } wait) return context.ReplyBadParameterAsync("wait", Parameters.WaitForm);

        EventFeed events = registry.Events;
        bool isStream = context.Request.Headers.Accept.ToString().Contains(StreamType, StringComparison.OrdinalIgnoreCase);
        string after = isStream && context.Request.Headers["Last-Event-ID"].ToString() is { Length: > 0 } last
            ? last
            : context.Request.Query["after"].ToString();
        (long seen, bool isOfThisRun) = (isStream ? events.Newest : 0, true);
        if (after.Length > 0 && !_cursor.TryRead(after, events.Newest, out seen, out isOfThisRun))
            return context.ReplyBadParameterAsync("after", "a sequence, or what the last answer gave as next");

        string? group = context.Request.Query["group"].ToString() is { Length: > 0 } name ? name : null;
        context.Response.Headers.CacheControl = "no-cache";
        return isStream ? StreamAsync(context, group, seen, isOfThisRun) : ReplyAsync(context, group, seen, !isOfThisRun, limit, wait);
    }

    private async Task ReplyAsync(HttpContext context, string? group, long seen, bool isGap, int limit, TimeSpan wait)
    {
        if (wait > TimeSpan.Zero && polls.IsFull)
        {
            await context.ReplyLaterAsync(TimeSpan.FromSeconds(30), "As many clients wait for news as the server has room for. Ask without wait.");
            return;
        }

        Batch batch = Take(seen, group, limit);
        if (batch.Events.Count == 0 && wait > TimeSpan.Zero)
        {
            await polls.WaitAsync(
                async cancellation =>
                {
                    while (batch.Events.Count == 0)
                    {
                        await registry.Events.WaitAsync(batch.Seen, cancellation);
                        batch = Take(batch.Seen, group, limit);
                    }
                },
                wait,
                context.RequestAborted);
        }

        await context.ReplyObjectAsync(StatusCodes.Status200OK, json =>
        {
            json.WriteStartArray("events"u8);
            foreach (MeshEvent one in batch.Events) Write(json, one);
            json.WriteEndArray();
            json.WriteString("next"u8, _cursor.Write(batch.Seen));
            json.WriteBoolean("gap"u8, isGap || batch.IsGap);
        });
    }

    private async Task StreamAsync(HttpContext context, string? group, long seen, bool isOfThisRun)
    {
        if (streams.IsFull)
        {
            await context.ReplyLaterAsync(TimeSpan.FromSeconds(30), "As many clients listen to events as the server has room for.");
            return;
        }

        context.Response.ContentType = StreamType;
        if (HttpMethods.IsHead(context.Request.Method)) return;
        await context.Response.StartAsync(context.RequestAborted);
        PipeWriter output = context.Response.BodyWriter;
        output.Write("retry: 2000\n\n"u8);
        if (!isOfThisRun) WriteGap(output, seen);
        while (!(await output.FlushAsync(context.RequestAborted)).IsCompleted)
        {
            Batch batch = Take(seen, group, Portion);
            if (batch.IsGap) WriteGap(output, batch.Seen);
            foreach (MeshEvent one in batch.Events) Write(output, one);
            bool isAtEnd = batch.Seen == seen;
            seen = batch.Seen;
            if (isAtEnd && !await streams.WaitAsync(cancellation => registry.Events.WaitAsync(seen, cancellation), Heartbeat, context.RequestAborted))
                output.Write(": still here\n\n"u8);
        }
    }

    private Batch Take(long seen, string? group, int limit)
    {
        var taken = new List<MeshEvent>();
        bool isGap = false;
        while (true)
        {
            IReadOnlyList<MeshEvent> events = registry.Events.After(seen, Portion);
            if (events.Count == 0) return new Batch(taken, seen, isGap);
            isGap |= events[0].Sequence != seen + 1;
            foreach (MeshEvent one in events)
            {
                seen = one.Sequence;
                if (group is null || one.Group == group) taken.Add(one);
                if (taken.Count == limit) return new Batch(taken, seen, isGap);
            }
        }
    }

    /// <summary>Writes an event as all answers have it.</summary>
    public static void Write(Utf8JsonWriter json, MeshEvent one)
    {
        json.WriteStartObject();
        json.WriteNumber("sequence"u8, one.Sequence);
        json.WriteTime("at"u8, one.At);
        json.WriteString("kind"u8, one.Kind.SnakeCase());
        json.WriteString("group"u8, one.Group);
        json.WriteString("name"u8, one.Name);
        json.WriteString("address"u8, one.Address.ToString());
        json.WriteNumber("port"u8, one.Port);
        if (one.PreviousAddress is { } previous) json.WriteString("previous_address"u8, previous.ToString());
        json.WriteEndObject();
    }

    private void Write(IBufferWriter<byte> output, MeshEvent one)
    {
        Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"id: {_cursor.Write(one.Sequence)}\nevent: {one.Kind.SnakeCase()}\ndata: "), output);
        using (var json = new Utf8JsonWriter(output)) Write(json, one);
        output.Write("\n\n"u8);
    }

    private void WriteGap(IBufferWriter<byte> output, long seen) =>
        Encoding.UTF8.GetBytes($"id: {_cursor.Write(seen)}\nevent: gap\ndata: {{}}\n\n", output);

    /// <summary>Events that belong together.</summary>
    /// <param name="Events">Those that are wanted.</param>
    /// <param name="Seen">The newest sequence that was looked at.</param>
    /// <param name="IsGap">True when events before them have fallen out.</param>
    private readonly record struct Batch(IReadOnlyList<MeshEvent> Events, long Seen, bool IsGap);
}
