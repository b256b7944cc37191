using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Llama.Server.Hosting;

/// <summary>
/// Answers requests whose handler failed, and tells the operator of it: a line every ten seconds at most, so that nobody can fill
/// a log. Any thread may call it.
/// </summary>
/// <param name="warn">Tells the operator.</param>
/// <param name="time">What the ten seconds go by.</param>
internal sealed class FaultLog(Action<string> warn, TimeProvider time)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);

    private readonly Lock _telling = new();
    private long? _told;
    private int _untold;

    /// <summary>Tells nobody.</summary>
    public static FaultLog Silent { get; } = new(_ => { }, TimeProvider.System);

    /// <summary>Answers with problem details; with a broken connection where part of another answer is on its way.</summary>
    public Task AnswerAsync(HttpContext context, Exception error)
    {
        if (error is BadHttpRequestException refused) return ReplyAsync(context, refused.StatusCode, refused.Message);
        Tell(context, error);
        return ReplyAsync(context, StatusCodes.Status500InternalServerError, "The server failed to answer. Its log says why.");
    }

    /// <summary>Tells the operator of a request that failed.</summary>
    public void Tell(HttpContext context, Exception error)
    {
        int untold;
        lock (_telling)
        {
            long now = time.GetTimestamp();
            if (_told is { } told && time.GetElapsedTime(told, now) < Pause)
            {
                _untold++;
                return;
            }

            _told = now;
            (untold, _untold) = (_untold, 0);
        }

        string more = untold == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $" ({untold} more since the last such line)");
        warn(Line($"HTTP: {context.Request.Method} {context.Request.Path} failed: {error.GetType().Name}: {error.Message}{more}"));
    }

    private static async Task ReplyAsync(HttpContext context, int status, string detail)
    {
        if (context.Response.HasStarted)
        {
            context.Abort();
            return;
        }

        context.Response.Clear();
        await context.ReplyProblemAsync(status, detail);
    }

    /// <summary>The same text as one line: what a client sent does not speak to a terminal.</summary>
    private static string Line(string text) => string.Create(text.Length, text, static (line, from) =>
    {
        for (int i = 0; i < line.Length; i++) line[i] = char.IsControl(from[i]) ? ' ' : from[i];
    });
}
