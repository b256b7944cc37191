using System.Net;
using Llama.Mesh.Membership;

namespace Llama.Server.Discovery;

/// <summary>
/// Finds out which probes' reflectors answer: some at a time, so that nobody can make the server send much to anybody, and those
/// that do not answer again and again, less and less often. Any thread may call it.
/// </summary>
/// <param name="echo">Sends a datagram to a reflector; true when it came back.</param>
/// <param name="note">Takes what was found; false when nobody wants to know any more.</param>
/// <param name="time">Its clock.</param>
internal sealed class EchoRounds(Func<IPEndPoint, CancellationToken, Task<bool>> echo, Func<Registration, EchoState, bool> note, TimeProvider time)
    : IAsyncDisposable
{
    private const int MostAtATime = 256, StartsPerTick = 20;

    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(15), LastRetry = TimeSpan.FromMinutes(5);

    private readonly Lock _lock = new();
    private readonly PriorityQueue<Question, TimeSpan> _questions = new();
    private readonly CancellationTokenSource _stop = new();
    private ITimer? _timer;
    private int _running;

    /// <summary>Asks whether a probe's reflector answers.</summary>
    public void Ask(Registration probe)
    {
        lock (_lock)
        {
            if (_stop.IsCancellationRequested) return;
            _questions.Enqueue(new Question(probe, FirstRetry), time.GetElapsedTime(0));
            _timer ??= time.CreateTimer(_ => Start(), null, TimeSpan.Zero, Tick);
        }
    }

    public async ValueTask DisposeAsync()
    {
        lock (_lock) _stop.Cancel();
        if (_timer is not null) await _timer.DisposeAsync();
    }

    private void Start()
    {
        var starting = new List<Question>();
        lock (_lock)
        {
            if (_stop.IsCancellationRequested) return;
            TimeSpan now = time.GetElapsedTime(0);
            while (starting.Count < StartsPerTick && _running < MostAtATime && _questions.TryPeek(out Question? question, out TimeSpan due) && due <= now)
            {
                _questions.Dequeue();
                starting.Add(question);
                _running++;
            }
        }

        foreach (Question question in starting) _ = AskAsync(question);
    }

    private async Task AskAsync(Question question)
    {
        bool answers = false;
        try
        {
            answers = await echo(new IPEndPoint(question.Probe.Address, question.Probe.Port), _stop.Token);
        }
#pragma warning disable CA1031 // An address that can't be sent to does not answer.
        catch (Exception)
#pragma warning restore CA1031
        {
            if (_stop.IsCancellationRequested) return;
        }

        bool wanted = note(question.Probe, answers ? EchoState.Confirmed : EchoState.Missing);
        lock (_lock)
        {
            _running--;
            if (answers || !wanted || _stop.IsCancellationRequested) return;
            TimeSpan next = 2 * question.Retry;
            _questions.Enqueue(question with { Retry = next < LastRetry ? next : LastRetry }, time.GetElapsedTime(0) + question.Retry);
        }
    }

    private sealed record Question(Registration Probe, TimeSpan Retry);
}
