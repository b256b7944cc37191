using System.Text.Json;
using Llama.Mesh.Membership;
using Llama.Server.Discovery.Access;
using Llama.Server.Hosting;
using Llama.Server.Metrics;
using Microsoft.AspNetCore.Http;

namespace Llama.Server.Discovery.Native;

/// <summary>
/// <c>/api/v2/events</c>: what happened to probes, as JSON, or as server-sent events while it happens. Any thread may call it.
/// </summary>
/// <param name="registry">Whose events.</param>
/// <param name="access">Who may read.</param>
/// <param name="polls">Who waits.</param>
/// <param name="mostStreams">How many clients may listen at a time.</param>
/// <param name="time">What waits go by.</param>
internal sealed class EventsResource(Registry registry, AccessRules access, LongPolls polls, int mostStreams, TimeProvider time)
{
    private readonly EventStream<MeshEvent> _stream = new(registry.Events, one => one.Sequence, one => one.Kind.SnakeCase(), mostStreams, time);

    /// <summary>Answers with events behind a place, or with all that come from now on.</summary>
    public Task GetAsync(HttpContext context, ProbePath path)
    {
        _ = path;
        if (context.IsRefused(access.MayRead(context), Problems.ReadToken, out Task refusal)) return refusal;
        if (Parameters.Limit(context) is not { } limit) return context.ReplyBadParameterAsync("limit", Parameters.LimitForm);
        if (Parameters.Wait(context) is not { } wait) return context.ReplyBadParameterAsync("wait", Parameters.WaitForm);

        const string placeForm = "a sequence, or what the last answer gave as next";
        string? group = context.Request.Query["group"].ToString() is { Length: > 0 } name ? name : null;
        bool isWanted(MeshEvent one) => group is null || one.Group == group;
        if (context.Request.Headers.Accept.ToString().Contains("text/event-stream", StringComparison.OrdinalIgnoreCase))
        {
            return _stream.PlaceOf(context) is { } place
                ? _stream.SendAsync(context, place, isWanted, Write)
                : context.ReplyBadParameterAsync("after", placeForm);
        }

        (long seen, bool isOfThisRun) = (0, true);
        if (context.Request.Query["after"].ToString() is { Length: > 0 } after && !_stream.Cursor.TryRead(after, registry.Events.Newest, out seen, out isOfThisRun))
            return context.ReplyBadParameterAsync("after", placeForm);
        context.Response.Headers.CacheControl = "no-cache";
        return ReplyAsync(context, isWanted, seen, !isOfThisRun, limit, wait);
    }

    private async Task ReplyAsync(HttpContext context, Func<MeshEvent, bool> isWanted, long seen, bool isGap, int limit, TimeSpan wait)
    {
        if (wait > TimeSpan.Zero && polls.IsFull)
        {
            await context.ReplyLaterAsync(TimeSpan.FromSeconds(30), "As many clients wait for news as the server has room for. Ask without wait.");
            return;
        }

        FeedPortion<MeshEvent> portion = registry.Events.Take(seen, limit, isWanted);
        if (portion.Wanted.Count == 0 && wait > TimeSpan.Zero)
        {
            await polls.WaitAsync(
                async cancellation =>
                {
                    while (portion.Wanted.Count == 0)
                    {
                        await registry.Events.WaitAsync(portion.Seen, cancellation);
                        portion = registry.Events.Take(portion.Seen, limit, isWanted);
                    }
                },
                wait,
                context.RequestAborted);
        }

        await context.ReplyObjectAsync(StatusCodes.Status200OK, json =>
        {
            json.WriteStartArray("events"u8);
            foreach (MeshEvent one in portion.Wanted) Write(json, one);
            json.WriteEndArray();
            json.WriteString("next"u8, _stream.Cursor.Write(portion.Seen));
            json.WriteBoolean("gap"u8, isGap || portion.Missed is not null);
        });
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
}
