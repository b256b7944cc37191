using System.Net;
using System.Net.Sockets;

namespace Llama.Cli.Collecting;

/// <summary>
/// Keeps the addresses of host names up to date: all that are due are asked for together, within a time limit; a name that
/// fails is asked for again with growing pauses and keeps the address it had. Tells of changes only. Belongs to one caller.
/// </summary>
internal sealed class HostResolver(Func<string, CancellationToken, Task<IPAddress[]>> lookup, TimeProvider time, Log log)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(60);

    private readonly Dictionary<string, Entry> _entries = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>True when a name waits to be asked for.</summary>
    public bool IsDue => _entries.Values.Any(entry => entry.Due <= time.GetUtcNow());

    /// <summary>The address of a name; null while there is none.</summary>
    public IPAddress? AddressOf(string name) => _entries.GetValueOrDefault(name)?.Address;

    /// <summary>Takes the names that matter from now on. New ones are due at once, the others are forgotten.</summary>
    public void Want(IEnumerable<string> names)
    {
        var wanted = new HashSet<string>(names, StringComparer.OrdinalIgnoreCase);
        foreach (string name in _entries.Keys.Except(wanted, StringComparer.OrdinalIgnoreCase).ToList()) _entries.Remove(name);
        foreach (string name in wanted) _entries.TryAdd(name, new Entry { Due = time.GetUtcNow() });
    }

    /// <summary>Asks for all names that are due. Changes nothing here: that is for <see cref="Take"/>.</summary>
    public async Task<IReadOnlyList<Answer>> LookUpDueAsync(CancellationToken cancellation)
    {
        DateTimeOffset now = time.GetUtcNow();
        IEnumerable<Task<Answer>> questions = _entries.Where(entry => entry.Value.Due <= now).Select(entry => AskAsync(entry.Key, cancellation));
        return await Task.WhenAll(questions.ToList()).ConfigureAwait(false);
    }

    /// <summary>Takes the answers.</summary>
    /// <returns>True when an address changed.</returns>
    public bool Take(IEnumerable<Answer> answers)
    {
        bool changed = false;
        foreach (Answer answer in answers)
        {
            if (_entries.TryGetValue(answer.Name, out Entry? entry)) changed |= Settle(entry, answer);
        }

        return changed;
    }

    private bool Settle(Entry entry, Answer answer)
    {
        DateTimeOffset now = time.GetUtcNow();
        if (answer.Problem is { } problem)
        {
            entry.Pause = entry.Pause is { } pause ? TimeSpan.FromTicks(Math.Min(pause.Ticks * 2, LongestRetry.Ticks)) : FirstRetry;
            entry.Due = now + entry.Pause.Value;
            if (entry.Problem != problem)
            {
                string meanwhile = entry.Address is { } old ? $"goes on with {old}" : "leaves its targets out";
                log.Warn($"can't resolve {answer.Name}: {problem}; {meanwhile} and tries again");
            }

            entry.Problem = problem;
            return false;
        }

        entry.Pause = null;
        entry.Due = now + Fresh;
        bool isNew = entry.Problem is not null || entry.Address is null;
        entry.Problem = null;

        // An address that is still among the answers stays: names with several addresses shuffle them from answer to answer.
        if (entry.Address is { } address && answer.Addresses.Contains(address))
        {
            if (isNew) log.Info($"{answer.Name} is {address}");
            return false;
        }

        // IPv4 first, as Go's resolver does.
        entry.Address = answer.Addresses.FirstOrDefault(each => each.AddressFamily == AddressFamily.InterNetwork) ?? answer.Addresses[0];
        log.Info($"{answer.Name} is {entry.Address}");
        return true;
    }

    private async Task<Answer> AskAsync(string name, CancellationToken cancellation)
    {
        try
        {
            IPAddress[] addresses = await lookup(name, cancellation).WaitAsync(Limit, time, cancellation).ConfigureAwait(false);
            return addresses.Length > 0 ? new Answer(name, addresses, null) : new Answer(name, [], "it has no address");
        }
        catch (TimeoutException)
        {
            return new Answer(name, [], $"no answer in {Limit.TotalSeconds:0} s");
        }
        catch (Exception error) when (error is SocketException or ArgumentException)
        {
            return new Answer(name, [], error.Message);
        }
    }

    /// <summary>What the resolver said of a name.</summary>
    /// <param name="Name">The name.</param>
    /// <param name="Addresses">Its addresses; empty where there is a problem.</param>
    /// <param name="Problem">Why there are none; else null.</param>
    internal sealed record Answer(string Name, IReadOnlyList<IPAddress> Addresses, string? Problem);

    private sealed class Entry
    {
        public IPAddress? Address { get; set; }

        public string? Problem { get; set; }

        public TimeSpan? Pause { get; set; }

        public DateTimeOffset Due { get; set; }
    }
}
