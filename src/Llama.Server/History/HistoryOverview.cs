using System.Text.Json;
using Llama.Server.Collecting;
using Llama.Server.Discovery.Native;
using Llama.Server.Intake;
using Llama.Storage.History;
using Microsoft.AspNetCore.Http;

namespace Llama.Server.History;

/// <summary><c>/api/v2/history</c>: what is kept, and of when.</summary>
internal sealed class HistoryOverview(IHistoryStore store, QueryDesk desk)
{
    /// <summary>Finds the answer.</summary>
    public async Task<Answer?> FindAsync(HttpContext context, HistoryQuestion question, AnswerBuffer buffer)
    {
        IReadOnlyList<HistoryLevelSpan> levels = await desk.AskAsync(store.SpansAsync, context.RequestAborted);
        using Utf8JsonWriter json = PastJson.Writer(buffer);
        json.WriteStartObject();
        json.WriteTime("now"u8, question.Now);
        json.WriteString("fault"u8, store.Fault);
        json.WriteStartArray("levels"u8);
        foreach (HistoryLevelSpan level in levels) Write(json, level);
        json.WriteEndArray();
        json.WriteStartArray("groups"u8);
        foreach (string name in store.Groups.Order(StringComparer.Ordinal))
            if (store.Find(name) is { } group) Write(json, group);
        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        context.Response.ContentType = MatrixFormat.Json.ContentType();
        context.Response.Headers.CacheControl = "no-cache";
        return HttpMethods.IsHead(context.Request.Method) ? null : buffer.WriteToAsync;
    }

    private static void Write(Utf8JsonWriter json, HistoryLevelSpan level)
    {
        json.WriteStartObject();
        json.WriteString("name"u8, level.Level.Name());
        json.WriteNumber("step_s"u8, (long)level.Level.Step().TotalSeconds);
        if (level.Retention is { } kept) json.WriteNumber("kept_s"u8, (long)kept.TotalSeconds);
        else json.WriteNull("kept_s"u8);
        SummaryJson.WriteTime(json, "oldest", level.Oldest);
        SummaryJson.WriteTime(json, "newest", level.Newest);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, HistoryGroup group)
    {
        json.WriteStartObject();
        json.WriteString("name"u8, group.Name);
        json.WriteNumber("sources"u8, group.Sources.Count);
        json.WriteNumber("destinations"u8, group.Destinations.Count);
        json.WriteStartArray("classes"u8);
        foreach (byte @class in group.Classes) json.WriteNumberValue(@class);
        json.WriteEndArray();
        Write(json, "source_tags", HistoryQuestion.TagsOf(group.Sources.Select(source => source.Tags)));
        Write(json, "destination_tags", HistoryQuestion.TagsOf(group.Destinations.Select(destination => destination.Tags)));
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, string name, IReadOnlyList<string> keys)
    {
        json.WriteStartArray(name);
        foreach (string key in keys) json.WriteStringValue(key);
        json.WriteEndArray();
    }
}
