using System.Net;
using Llama.Engine.Probing;
using Llama.Mesh.Membership;

namespace Llama.Server.Discovery;

/// <summary>
/// Finds out which probes' reflectors answer, and how the clocks of those that do stand. Some at a time, so that nobody can make the
/// server send much to anybody; those that do not answer again and again, less and less often; and those that do every few minutes,
/// after all others, for their clocks' sake. Any thread may call it.
/// </summary>
/// <param name="isWanted">False when a probe is gone or somewhere else by now.</param>
/// <param name="echo">Sends a datagram to a probe's reflector; null when it did not come back.</param>
/// <param name="note">Takes whether a probe answers. One that has answered once stays confirmed: silence of all may be the server's own.</param>
/// <param name="time">Its clock.</param>
internal sealed class EchoRounds(
    Func<Registration, bool> isWanted,
    Func<Registration, CancellationToken, Task<EchoReply?>> echo,
    Action<Registration, EchoState> note,
    TimeProvider time) : IAsyncDisposable
{
    /// <summary>How often the clock of a probe is looked at, or as seldom as so many probes allow.</summary>
    public static readonly TimeSpan BetweenClockReadings = TimeSpan.FromMinutes(5);

    /// <summary>An address that is silent takes the whole second, so it gets few datagrams however many claim to be there.</summary>
    private const int MostAtATimePerAddress = 4;

    private const int MostAtATime = 256, StartsPerTick = 20, LooksPerTick = 200;

    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan WaitForTurn = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(15), LastRetry = TimeSpan.FromMinutes(5);

    private readonly Lock _lock = new();
    private readonly PriorityQueue<Question, TimeSpan> _unanswered = new(), _answered = new();

    /// <summary>The question of each probe: one that is not in here any more ends when its turn comes.</summary>
    private readonly Dictionary<(string Group, string Name), Question> _questions = [];

    private readonly Dictionary<IPAddress, int> _runningAt = [];
    private readonly CancellationTokenSource _stop = new();
    private ITimer? _timer;
    private int _running;

    /// <summary>Asks, from now on, whether a probe's reflector answers; in place of what was asked about the probe before.</summary>
    /// <param name="probe">The probe.</param>
    /// <param name="isConfirmed">True when it has answered before, so that there is no haste.</param>
    public void Ask(Registration probe, bool isConfirmed = false)
    {
        lock (_lock)
        {
            if (_stop.IsCancellationRequested) return;
            var question = new Question(probe) { IsConfirmed = isConfirmed, Retry = FirstRetry };
            _questions[(probe.Group, probe.Name)] = question;
            Enqueue(question, time.GetElapsedTime(0));
            _timer ??= time.CreateTimer(_ => Start(), null, TimeSpan.Zero, Tick);
        }
    }

    /// <summary>How a probe's clock stands against the server's, as its reflector told last; null where it was not asked, or did not answer or tell.</summary>
    public ClockOffset? ClockOf(Registration probe)
    {
        lock (_lock)
            return _questions.TryGetValue((probe.Group, probe.Name), out Question? question) && question.Probe.IsAtTheAddressOf(probe) ? question.Clock : null;
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
            int looks = LooksPerTick;
            Take(_unanswered, starting, ref looks);
            Take(_answered, starting, ref looks);
        }

        foreach (Question question in starting) _ = AskAsync(question);
    }

    /// <summary>Takes what is due and has its turn. Needs the lock.</summary>
    private void Take(PriorityQueue<Question, TimeSpan> queue, List<Question> starting, ref int looks)
    {
        TimeSpan now = time.GetElapsedTime(0);
        for (; looks > 0 && starting.Count < StartsPerTick && _running < MostAtATime; looks--)
        {
            if (!queue.TryPeek(out Question? question, out TimeSpan due) || due > now) return;
            queue.Dequeue();
            if (!IsAsked(question)) continue;
            int runningThere = _runningAt.GetValueOrDefault(question.Probe.Address);
            if (runningThere >= MostAtATimePerAddress)
            {
                queue.Enqueue(question, now + WaitForTurn);
                continue;
            }

            _runningAt[question.Probe.Address] = runningThere + 1;
            _running++;
            starting.Add(question);
        }
    }

    private async Task AskAsync(Question question)
    {
        EchoReply? reply = null;
        bool isThere = isWanted(question.Probe);
        try
        {
            if (isThere) reply = await echo(question.Probe, _stop.Token);
        }
#pragma warning disable CA1031 // An address that can't be sent to does not answer.
        catch (Exception)
#pragma warning restore CA1031
        {
            if (_stop.IsCancellationRequested) return;
        }

        if (isThere && !question.IsConfirmed) note(question.Probe, reply is null ? EchoState.Missing : EchoState.Confirmed);
        lock (_lock)
        {
            _running--;
            if (--_runningAt[question.Probe.Address] == 0) _runningAt.Remove(question.Probe.Address);
            if (_stop.IsCancellationRequested || !IsAsked(question)) return;
            if (isThere) GoOn(question, reply);
            else _questions.Remove((question.Probe.Group, question.Probe.Name));
        }
    }

    /// <summary>Lets an answer count, and asks again when that is due. Needs the lock.</summary>
    private void GoOn(Question question, EchoReply? reply)
    {
        // A clock that was told of half an hour ago may be anywhere by now.
        question.Clock = reply?.Clock;
        TimeSpan wait = BetweenClockReadings;
        if (reply is not null)
        {
            (question.IsConfirmed, question.Retry) = (true, FirstRetry);
        }
        else
        {
            wait = question.Retry;
            question.Retry = 2 * wait < LastRetry ? 2 * wait : LastRetry;
        }

        Enqueue(question, time.GetElapsedTime(0) + wait);
    }

    private void Enqueue(Question question, TimeSpan due) => (question.IsConfirmed ? _answered : _unanswered).Enqueue(question, due);

    private bool IsAsked(Question question) => _questions.GetValueOrDefault((question.Probe.Group, question.Probe.Name)) == question;

    /// <summary>A probe that is asked again and again. Belongs to whoever holds the lock, or runs it.</summary>
    private sealed class Question(Registration probe)
    {
        public Registration Probe { get; } = probe;

        public required bool IsConfirmed { get; set; }

        public required TimeSpan Retry { get; set; }

        public ClockOffset? Clock { get; set; }
    }
}
