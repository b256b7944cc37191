using System.Globalization;
using System.IO.Pipelines;
using Llama.Server.Hosting;
using Llama.Server.Intake;
using Llama.Storage.History;
using Microsoft.AspNetCore.Http;

namespace Llama.Server.History;

/// <summary>
/// Where questions to a history queue: a few are worked on at a time, so that the newest matrix and what probes push have the rest of
/// the machine; none for long, and all in bounded memory. Any thread may call it.
/// </summary>
internal sealed class QueryDesk(TimeProvider time)
{
    /// <summary>How many questions are worked on at a time.</summary>
    public const int MostAtATime = 4;

    /// <summary>How many wait for their turn.</summary>
    public const int MostWaiting = 32;

    /// <summary>Octets of all answers that are put together or under way.</summary>
    private const long Memory = 512L << 20;

    /// <summary>Octets of one.</summary>
    private const long MemoryOfOne = 160L << 20;

    private static readonly TimeSpan LongestTurn = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestQuery = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LongestReply = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Later = TimeSpan.FromSeconds(10);

    private readonly MemoryBudget _memory = new(Memory);
    private int _waiting;

    private SemaphoreSlim Turns { get; } = new(MostAtATime);

    /// <summary>Answers a request; what it is refused for becomes a problem.</summary>
    /// <param name="context">The request.</param>
    /// <param name="find">Finds the answer, and charges to the buffer what it holds; null when there is none to send any more.</param>
    /// <param name="refuse">Says that it is refused, with status and detail; as a problem unless told.</param>
    public async Task AnswerAsync(HttpContext context, Func<AnswerBuffer, Task<Answer?>> find, Func<int, string, Task>? refuse = null)
    {
        using var buffer = new AnswerBuffer(_memory, MemoryOfOne);
        Answer? answer;
        try
        {
            answer = await find(buffer);
        }
        catch (QueryRefusedException refusal)
        {
            context.Response.Headers.ETag = default;
            if (refusal.Status == StatusCodes.Status503ServiceUnavailable)
                context.Response.Headers.RetryAfter = ((int)Later.TotalSeconds).ToString(CultureInfo.InvariantCulture);
            await (refuse?.Invoke(refusal.Status, refusal.Message) ?? context.ReplyProblemAsync(refusal.Status, refusal.Message));
            return;
        }

        // It takes memory as long as it is under way, so a client has only so long to fetch it.
        if (answer is null) return;
        using var late = new CancellationTokenSource(LongestReply, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, context.RequestAborted);
        try
        {
            await context.SendBodyAsync(buffer.Held, output => answer(output, either.Token));
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested)
        {
            context.Abort();
        }
    }

    /// <summary>Works on a question when it is its turn.</summary>
    /// <exception cref="QueryRefusedException">It is too large, took too long, or there was no turn.</exception>
    public async Task<T> AskAsync<T>(Func<CancellationToken, Task<T>> ask, CancellationToken client)
    {
        await TakeTurnAsync(client);
        using var limit = new CancellationTokenSource(LongestQuery, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, client);
        try
        {
            return await ask(either.Token);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !client.IsCancellationRequested)
        {
            throw new QueryRefusedException(
                StatusCodes.Status503ServiceUnavailable,
                string.Create(CultureInfo.InvariantCulture, $"The answer was not found within {LongestQuery.TotalSeconds:0} s: ask for a shorter span, fewer pairs or a longer step."));
        }
        catch (HistoryLimitException e)
        {
            throw new QueryRefusedException(StatusCodes.Status422UnprocessableEntity, e.Message);
        }
        catch (IOException e)
        {
            throw new QueryRefusedException(StatusCodes.Status503ServiceUnavailable, $"The history can't be read: {e.Message}");
        }
        finally
        {
            Turns.Release();
        }
    }

    private async Task TakeTurnAsync(CancellationToken client)
    {
        if (Turns.Wait(0, CancellationToken.None)) return;
        using var late = new CancellationTokenSource(LongestTurn, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, client);
        try
        {
            if (Interlocked.Increment(ref _waiting) > MostWaiting) throw Busy();
            await Turns.WaitAsync(either.Token);
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested && !client.IsCancellationRequested)
        {
            throw Busy();
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    private static QueryRefusedException Busy() => new(
        StatusCodes.Status503ServiceUnavailable,
        string.Create(CultureInfo.InvariantCulture, $"{MostAtATime} questions about history are worked on already, and others wait. Try again later."));
}

/// <summary>Writes an answer, as fast as the client takes it.</summary>
internal delegate Task Answer(PipeWriter output, CancellationToken cancellation);
