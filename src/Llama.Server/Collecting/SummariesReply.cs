using System.Text.Json;
using Llama.Engine.Summaries;
using Llama.Server.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Llama.Server.Collecting;

/// <summary>
/// The answer of /api/v2/summaries: all of the newest report. Written in portions, so that thousands of pairs take no more
/// memory than a few.
/// </summary>
internal static class SummariesReply
{
    private const int FlushBytes = 64 * 1024;

    /// <summary>Answers a GET or HEAD.</summary>
    public static Task SendAsync(HttpContext context, CollectorSnapshot snapshot)
    {
        if (Flag(context, "flows") is not { } flows || Flag(context, "buckets") is not { } buckets)
            return context.ReplyProblemAsync(StatusCodes.Status400BadRequest, "The parameters flows and buckets are true or false.");

        var tag = new EntityTagHeaderValue($"\"{snapshot.ReportId}{(flows ? "" : "-noflows")}{(buckets ? "" : "-nobuckets")}\"");
        if (context.IsUnchanged(tag)) return Task.CompletedTask;
        context.Response.ContentType = "application/json";
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : WriteAsync(context, snapshot.Report, flows, buckets);
    }

    /// <summary>A parameter that is true unless told otherwise; null when it is neither.</summary>
    private static bool? Flag(HttpContext context, string name) => context.Request.Query[name].ToString() switch
    {
        "" or "true" => true,
        "false" => false,
        _ => null,
    };

    private static async Task WriteAsync(HttpContext context, IntervalReport? report, bool flows, bool buckets)
    {
        System.IO.Pipelines.PipeWriter output = context.Response.BodyWriter;
        await using var json = new Utf8JsonWriter(output, new JsonWriterOptions { SkipValidation = true });
        json.WriteStartObject();
        SummaryJson.WriteReport(json, report);
        json.WriteStartArray("summaries"u8);
        foreach (Summary summary in report?.Summaries ?? [])
        {
            SummaryJson.WriteSummary(json, summary, flows, buckets);
            if (json.BytesPending < FlushBytes) continue;
            json.Flush();
            await output.FlushAsync(context.RequestAborted);
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        await output.FlushAsync(context.RequestAborted);
    }
}
