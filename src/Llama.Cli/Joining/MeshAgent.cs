using System.Net;
using Llama.Mesh;
using Llama.Mesh.Joining;
using Llama.Server.Joining;

namespace Llama.Cli.Joining;

/// <summary>
/// Keeps a probe in its mesh: one loop keeps its lease, another one follows its configuration. What the server refuses is tried
/// again, more and more rarely; meanwhile the probe goes on with what it was last told, also over a restart.
/// </summary>
internal sealed class MeshAgent(
    DiscoveryClient client,
    ProbeClaim claim,
    StateDirectory state,
    Func<ProbeConfiguration, string?> apply,
    JoiningCounters counters,
    AgentSurroundings surroundings)
{
    private static readonly TimeSpan LongPoll = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LongestRetryAfter = TimeSpan.FromMinutes(2);

    // Answers without news that come sooner are from a server that does not hold them back.
    private static readonly TimeSpan LeastBetween = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LeastBetweenChanges = TimeSpan.FromMilliseconds(200);

    private readonly Log _log = surroundings.Log;
    private readonly TimeProvider _time = surroundings.Time;
    private readonly Random _random = surroundings.Random;
    private readonly Bell _renewNow = new();
    private readonly TaskCompletionSource _joined = new();
    private string? _known;
    private string? _refused;
    private bool _isConfigured;
    private IPAddress? _address;
    private bool _toldOfEcho;
    private bool _toldOfLoopback;

    /// <summary>Stays in the mesh until cancelled.</summary>
    public Task RunAsync(CancellationToken cancellation) =>
        Task.WhenAny(KeepLeaseAsync(cancellation), FollowConfigurationAsync(cancellation)).Unwrap();

    private async Task KeepLeaseAsync(CancellationToken cancellation)
    {
        var backoff = new Backoff(_random);
        var talk = new ServerTalk("registration", tellsAway: true, _log);
        while (true)
        {
            TimeSpan pause;
            try
            {
                RegistrationReply reply = await client.RegisterAsync(claim, cancellation).ConfigureAwait(false);
                counters.Registered();
                talk.Succeeded();
                backoff.Reset();
                Joined(reply);
                pause = reply.Renew * (0.9 + _random.NextDouble() / 10);
            }
            catch (ServerRefusalException refusal)
            {
                counters.Failed();
                counters.Joined = false;
                if (!_isConfigured && refusal.Kind is RefusalKind.Away or RefusalKind.Busy) UseKept();
                talk.Failed(refusal, Advice(refusal.Kind));
                pause = Pause(refusal, backoff);
            }

            await _renewNow.WaitAsync(pause, _time, cancellation).ConfigureAwait(false);
        }
    }

    private async Task FollowConfigurationAsync(CancellationToken cancellation)
    {
        await _joined.Task.WaitAsync(cancellation).ConfigureAwait(false);
        var backoff = new Backoff(_random);
        var talk = new ServerTalk("configuration", tellsAway: false, _log);
        while (true)
        {
            TimeSpan pause;
            long asked = _time.GetTimestamp();
            try
            {
                ConfigurationReply reply = await client.GetConfigurationAsync(claim, _known, LongPoll, cancellation).ConfigureAwait(false);
                backoff.Reset();
                if (talk.Succeeded()) _renewNow.Ring();
                if (reply.Body is { } body) Take(new KeptConfiguration(reply.Tag, reply.Form, body));
                TimeSpan least = reply.Body is null ? LeastBetween : LeastBetweenChanges;
                pause = reply.AskAgainIn > TimeSpan.Zero ? reply.AskAgainIn * (0.9 + _random.NextDouble() / 10) : least - _time.GetElapsedTime(asked);
            }
            catch (ServerRefusalException refusal)
            {
                counters.Failed();
                talk.Failed(refusal, "goes on as it was told before");
                if (refusal.Kind == RefusalKind.Unknown) _renewNow.Ring();
                pause = Pause(refusal, backoff);
            }

            if (pause > TimeSpan.Zero) await Task.Delay(pause, _time, cancellation).ConfigureAwait(false);
        }
    }

    private void Joined(RegistrationReply reply)
    {
        bool isNews = !counters.Joined;
        counters.Joined = true;
        if (isNews)
        {
            string at = reply.Address is { } address ? $" at {address}" : "";
            _log.Info($"joined group {claim.Identity.Group} as {claim.Identity.Name}{at}, through {client.ServerName}"
                + (reply.IsOriginal ? ", which speaks /api/v1 alone: changes are seen within 30 s, and reports wait for a server that takes them" : ""));
        }

        if (reply.IsEchoMissing && !_toldOfEcho)
            _log.Warn($"the server's datagram to {reply.Address}:{claim.Identity.Port} did not come back: open UDP port {claim.Identity.Port}, or give the right address with --ip");
        _toldOfEcho = reply.IsEchoMissing;
        _address = reply.Address;
        _joined.TrySetResult();
    }

    private void UseKept()
    {
        if (state.Configuration(claim.Identity) is not { } kept || Read(kept) is not { } configuration) return;
        if (!TryApply(kept, configuration)) return;
        _log.Info($"the server is away: measures as it was told before the restart, {Outline(configuration)}");
    }

    private void Take(KeptConfiguration news)
    {
        _known = news.Tag;
        if (Read(news) is not { } configuration || !TryApply(news, configuration)) return;
        counters.Configured();
        state.Keep(claim.Identity, news);
        _log.Info($"took over the server's configuration, {Outline(configuration)}");
        WarnOfLoopback(configuration);
        if (!surroundings.IsVerbose) return;
        foreach (TargetSettings target in configuration.Collector.Tests.SelectMany(test => test.Targets))
            _log.Info($"measures {target.Host} port {target.Port}: {string.Join(", ", target.Tags.Select(tag => $"{tag.Key}={tag.Value}"))}");
    }

    // A probe on the server's own host reaches it over loopback, and that is the address the server sees.
    private void WarnOfLoopback(ProbeConfiguration configuration)
    {
        if (_toldOfLoopback || _address is not { } address || !IPAddress.IsLoopback(address)) return;
        IEnumerable<TargetSettings> targets = configuration.Collector.Tests.SelectMany(test => test.Targets);
        if (targets.All(target => target.Address is { } other && IPAddress.IsLoopback(other))) return;
        _log.Warn($"others are told to send to {address}, which is their own host: give this host's address with --ip");
        _toldOfLoopback = true;
    }

    private ProbeConfiguration? Read(KeptConfiguration text)
    {
        ProbeConfigurationResult result = ProbeConfigurationReader.Read(text.Form, text.Body, claim.Identity);
        if (result.Problem is { } problem) Refuse(text.Tag, problem);
        else if (result.LeftOut.Count > 0) _log.Warn($"the server names {result.LeftOut.Count} targets that nobody can send to, such as {result.LeftOut[0]}; leaves them out");
        return result.Configuration;
    }

    private bool TryApply(KeptConfiguration text, ProbeConfiguration configuration)
    {
        if (apply(configuration) is { } problem)
        {
            Refuse(text.Tag, problem);
            return false;
        }

        _refused = null;
        _isConfigured = true;
        return true;
    }

    private void Refuse(string tag, string problem)
    {
        if (_refused != tag) _log.Error($"the server's configuration is not taken over: {problem}; goes on with the one in force");
        _refused = tag;
    }

    private TimeSpan Pause(ServerRefusalException refusal, Backoff backoff)
    {
        TimeSpan pause = refusal.Kind is RefusalKind.Away or RefusalKind.Busy or RefusalKind.Unknown ? backoff.Next() : backoff.Last();
        return refusal.RetryAfter is { } wanted && wanted > pause ? TimeSpan.FromTicks(Math.Min(wanted.Ticks, LongestRetryAfter.Ticks)) : pause;
    }

    private string Advice(RefusalKind kind) => kind switch
    {
        RefusalKind.NameTaken => $"end the other probe, or give this one another name with --shortname (now {claim.Identity.Name}); tries again now and then",
        RefusalKind.NotAllowed => "give the group's token with --token-file or LLAMA_TOKEN; tries again now and then",
        RefusalKind.Unknown => "check --server: this is no LLAMA server; tries again",
        RefusalKind.Refused => "mend the setting that it names; tries again now and then",
        _ => _isConfigured ? "keeps measuring as it was told, and tries again" : "tries again",
    };

    private string Outline(ProbeConfiguration configuration)
    {
        IReadOnlyList<TestSettings> tests = configuration.Collector.Tests;
        int targets = tests.Sum(test => test.Targets.Count);
        if (targets == 0) return $"nobody else is in group {claim.Identity.Group} yet";
        double perSecond = tests.Sum(test => test.CyclesPerSecond * test.Targets.Count * test.Ports.Sum(port => port.Count));
        return string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{targets} target{(targets == 1 ? "" : "s")}, {perSecond:#,0.##} datagrams/s");
    }
}

/// <summary>What an agent sees of the world around it.</summary>
internal sealed record AgentSurroundings
{
    /// <summary>What the operator is told.</summary>
    public required Log Log { get; init; }

    /// <summary>What pauses go by.</summary>
    public required TimeProvider Time { get; init; }

    /// <summary>What shortens pauses.</summary>
    public Random Random { get; init; } = Random.Shared;

    /// <summary>True tells the operator of each target.</summary>
    public bool IsVerbose { get; init; }
}
