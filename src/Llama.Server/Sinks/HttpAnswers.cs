using System.Net;

namespace Llama.Server.Sinks;

/// <summary>What a sink's answers over HTTP mean for the records that were sent. Pure; any thread may call it.</summary>
internal static class HttpAnswers
{
    private const int LongestLine = 200;

    /// <summary>What an answer that is no success means.</summary>
    public static SinkFault FaultOf(HttpStatusCode status) => (int)status switch
    {
        413 => SinkFault.TooMuch,
        401 or 403 or 404 or 408 or 425 or 429 => SinkFault.Unavailable,
        >= 400 and < 500 => SinkFault.Refused,
        _ => SinkFault.Unavailable,
    };

    /// <summary>An answer that is no success, as the exception that tells of it.</summary>
    /// <param name="sink">How the sink is called.</param>
    /// <param name="response">The answer, its content read.</param>
    /// <param name="text">What the answer says, in one line.</param>
    /// <param name="body">What was sent.</param>
    /// <param name="now">The time, for a Retry-After that is one.</param>
    public static SinkException Fault(string sink, HttpResponseMessage response, string text, ReadOnlyMemory<byte> body, DateTimeOffset now)
    {
        TimeSpan? wait = response.Headers.RetryAfter is { } after ? after.Delta ?? after.Date - now : null;
        if (wait < TimeSpan.Zero) wait = null;
        string elsewhere = response.Headers.Location is { } location ? $" It points to {location}: write that address." : "";
        string message = $"{sink} answered {(int)response.StatusCode}{(text.Length > 0 ? $": {text}" : "")}.{elsewhere}";
        SinkFault fault = FaultOf(response.StatusCode);
        return new SinkException(fault, message, wait, fault == SinkFault.Refused ? body.ToArray() : default);
    }

    /// <summary>No answer, as the exception that tells of it.</summary>
    public static SinkException NoAnswer(string sink, Exception error, TimeSpan patience) => new(
        SinkFault.Unavailable,
        error is OperationCanceledException ? $"{sink} did not answer within {patience.TotalSeconds} s." : $"{sink} can't be reached: {OneLine(error.Message)}.",
        inner: error);

    /// <summary>The beginning of a text on one line, without a full stop at its end.</summary>
    public static string OneLine(string text)
    {
        string line = new([.. text.Take(LongestLine).Select(c => char.IsControl(c) ? ' ' : c)]);
        return line.Trim().TrimEnd('.');
    }
}
