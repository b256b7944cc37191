using System.Net;
using Llama.Mesh.Membership;

namespace Llama.Server.Discovery;

/// <summary>
/// Finds out which probes' reflectors answer: some at a time, so that nobody can make the server send much to anybody, and those
/// that do not answer again and again, less and less often. Any thread may call it.
/// </summary>
/// <param name="isWanted">False when a probe is gone or somewhere else by now.</param>
/// <param name="echo">Sends a datagram to a probe's reflector; true when it came back.</param>
/// <param name="note">Takes what was found.</param>
/// <param name="time">Its clock.</param>
internal sealed class EchoRounds(
    Func<Registration, bool> isWanted,
    Func<Registration, CancellationToken, Task<bool>> echo,
    Action<Registration, EchoState> note,
    TimeProvider time) : IAsyncDisposable
{
    /// <summary>An address that is silent takes the whole second, so it gets few datagrams however many claim to be there.</summary>
    private const int MostAtATimePerAddress = 4;

    private const int MostAtATime = 256, StartsPerTick = 20, LooksPerTick = 200;

    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan WaitForTurn = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(15), LastRetry = TimeSpan.FromMinutes(5);

    private readonly Lock _lock = new();
    private readonly PriorityQueue<Question, TimeSpan> _questions = new();
    private readonly Dictionary<IPAddress, int> _runningAt = [];
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
            for (int looks = 0; looks < LooksPerTick && starting.Count < StartsPerTick && _running < MostAtATime; looks++)
            {
                if (!_questions.TryPeek(out Question? question, out TimeSpan due) || due > now) break;
                _questions.Dequeue();
                int runningThere = _runningAt.GetValueOrDefault(question.Probe.Address);
                if (runningThere >= MostAtATimePerAddress)
                {
                    _questions.Enqueue(question, now + WaitForTurn);
                    continue;
                }

                _runningAt[question.Probe.Address] = runningThere + 1;
                _running++;
                starting.Add(question);
            }
        }

        foreach (Question question in starting) _ = AskAsync(question);
    }

    private async Task AskAsync(Question question)
    {
        bool answers = false, wanted = isWanted(question.Probe);
        try
        {
            answers = wanted && await echo(question.Probe, _stop.Token);
        }
#pragma warning disable CA1031 // An address that can't be sent to does not answer.
        catch (Exception)
#pragma warning restore CA1031
        {
            if (_stop.IsCancellationRequested) return;
        }

        if (wanted) note(question.Probe, answers ? EchoState.Confirmed : EchoState.Missing);
        lock (_lock)
        {
            _running--;
            if (--_runningAt[question.Probe.Address] == 0) _runningAt.Remove(question.Probe.Address);
            if (answers || !wanted || _stop.IsCancellationRequested) return;
            TimeSpan next = 2 * question.Retry;
            _questions.Enqueue(question with { Retry = next < LastRetry ? next : LastRetry }, time.GetElapsedTime(0) + question.Retry);
        }
    }

    private sealed record Question(Registration Probe, TimeSpan Retry);
}
