using System.Text.Json;
using Llama.Server.Discovery.Native;
using Llama.Server.Intake;
using Llama.Storage.History;
using Microsoft.AspNetCore.Http;

namespace Llama.Server.History;

/// <summary><c>/api/v2/events</c> of a span, across restarts of the server.</summary>
internal sealed class PastEvents(IHistoryStore store, QueryDesk desk)
{
    private const int UnlessTold = 100;
    private const int Most = 1000;

    /// <summary>True when a request asks for more than what has happened since the start of the server.</summary>
    public static bool IsAskedFor(IQueryCollection query) => query.ContainsKey("from") || query.ContainsKey("to");

    /// <summary>Finds the answer.</summary>
    public async Task<Answer?> FindAsync(HttpContext context, HistoryQuestion question, AnswerBuffer buffer)
    {
        (DateTimeOffset from, DateTimeOffset to) = question.Span();
        int limit = question.Limit(UnlessTold, Most);
        string? group = question.Lacks("group") ? null : question.Name("group");
        IReadOnlyList<HistoryEvent> events = await desk.AskAsync(cancellation => store.EventsAsync(group, from, to, limit, cancellation), context.RequestAborted);

        using Utf8JsonWriter json = PastJson.Writer(buffer);
        json.WriteStartObject();
        json.WriteTime("from"u8, from);
        json.WriteTime("to"u8, to);
        json.WriteStartArray("events"u8);
        foreach (HistoryEvent one in events) Write(json, one);
        json.WriteEndArray();
        json.WriteBoolean("is_cut"u8, events.Count == limit);
        json.WriteEndObject();
        json.Flush();
        context.Response.ContentType = MatrixFormat.Json.ContentType();
        context.Response.Headers.CacheControl = "no-cache";
        return HttpMethods.IsHead(context.Request.Method) ? null : buffer.WriteToAsync;
    }

    private static void Write(Utf8JsonWriter json, HistoryEvent one)
    {
        json.WriteStartObject();
        json.WriteTime("at"u8, one.At);
        json.WriteString("kind"u8, one.Kind);
        json.WriteString("group"u8, one.Group);
        json.WriteString("name"u8, one.Name);

        // The sequence is one of a run that may be over.
        JsonElement rest = Parse(one.Document);
        if (rest.ValueKind == JsonValueKind.Object)
        {
            foreach (JsonProperty member in rest.EnumerateObject())
                if (member.Name is not ("sequence" or "at" or "kind" or "group" or "name")) member.WriteTo(json);
        }

        json.WriteEndObject();
    }

    private static JsonElement Parse(ReadOnlyMemory<byte> document)
    {
        var reader = new Utf8JsonReader(document.Span);
        try
        {
            return JsonElement.ParseValue(ref reader);
        }
        catch (JsonException)
        {
            // What a later version or a damaged file wrote.
            return default;
        }
    }
}
