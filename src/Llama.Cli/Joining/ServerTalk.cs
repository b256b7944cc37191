using Llama.Server.Joining;

namespace Llama.Cli.Joining;

/// <summary>Tells the operator when the server begins to refuse something and when it no longer does; not every time. Belongs to one loop.</summary>
/// <param name="subject">What the loop wants, as in "registration".</param>
/// <param name="tellsAway">False leaves it to another loop to tell that the server is away.</param>
/// <param name="log">Where to.</param>
internal sealed class ServerTalk(string subject, bool tellsAway, Log log)
{
    private RefusalKind? _told;
    private bool _failing;

    /// <summary>Takes a refusal, with what is done about it.</summary>
    public void Failed(ServerRefusalException refusal, string meanwhile)
    {
        _failing = true;
        if (_told == refusal.Kind || (refusal.Kind == RefusalKind.Away && !tellsAway)) return;
        _told = refusal.Kind;
        log.Warn($"{subject}: {refusal.Message}; {meanwhile}");
    }

    /// <summary>Takes a success.</summary>
    /// <returns>True for the first one after a failure.</returns>
    public bool Succeeded()
    {
        if (_told is not null) log.Info($"{subject}: the server answers again");
        bool isFirst = _failing;
        _told = null;
        _failing = false;
        return isFirst;
    }
}
