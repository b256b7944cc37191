namespace Llama.Engine.Probing;

/// <summary>
/// Tells which of a flow's lost datagrams never reached the reflector. Each stamped reply says how many datagrams of the session
/// the reflector had received by then; between two such replies, the sequence advanced by what was sent and the count by what
/// arrived, and the difference was lost on the way there. Works interval by interval, in order. Belongs to the loop.
/// </summary>
internal struct LossDirection
{
    /// <summary>A reply that overtook another one in the network tells a count that is off by a few.</summary>
    private const int ReorderingSlack = 3;

    /// <summary>The last reply of former intervals: its sequence plus one, and its count. A session begins at 0 and 0.</summary>
    private uint _anchorEnd;
    private uint _anchorReceives;

    /// <summary>Datagrams of former intervals lost since then: those whose direction was told, and the others.</summary>
    private int _toldLost;
    private int _toldForward;
    private int _untoldLost;

    /// <summary>True once a reply with stamps has come: before that, nothing tells whether the reflector counts at all.</summary>
    private bool _hasStamps;

    /// <summary>Divides the losses of an interval.</summary>
    /// <param name="counts">The flow's counts; all its datagrams have been judged.</param>
    /// <param name="next">The first stamped reply to a datagram of a later interval; null when there is none yet.</param>
    /// <returns>Datagrams lost on the way there; null where it can't be known.</returns>
    public int? Attribute(in FlowCounts counts, ReplyMark? next)
    {
        _hasStamps |= counts.StampedReplies > 0 || next is not null;
        if (!_hasStamps) return null;

        int? forward = 0;
        int trailing = counts.Lost;
        if (counts.StampedReplies > 0)
        {
            trailing = Math.Min(trailing, (int)(counts.EndSequence - counts.LastReply.Sequence - 1));
            forward = UpTo(counts, counts.Lost - trailing);
        }

        // What was lost after the last reply lies between it and the first reply of a later interval.
        int? trailingForward = trailing == 0 ? 0 : Between(next, trailing);
        if (trailingForward is { } told)
        {
            _toldLost += trailing;
            _toldForward += told;
        }
        else
        {
            _untoldLost += trailing;
        }

        return counts.Lost == 0 ? 0 : forward + trailingForward;
    }

    /// <summary>Divides the losses between the anchor and the last reply, which becomes the anchor.</summary>
    private int? UpTo(in FlowCounts counts, int lost)
    {
        ReplyMark last = counts.LastReply;
        int sent = (int)(last.Sequence + 1 - _anchorEnd);
        int arrived = (int)(last.SessionReceives - _anchorReceives) - counts.ForwardDuplicates;
        int? result = Share(sent - arrived, _toldLost + _untoldLost + lost, lost);

        _anchorEnd = last.Sequence + 1;
        _anchorReceives = last.SessionReceives;
        _toldLost = _toldForward = _untoldLost = 0;
        return result;
    }

    /// <summary>Divides the losses between the anchor and a reply to a datagram of a later interval.</summary>
    private readonly int? Between(ReplyMark? next, int lost)
    {
        if (next is not { } reply) return null;
        int unanswered = (int)(reply.Sequence - _anchorEnd);
        int arrived = (int)(reply.SessionReceives - _anchorReceives);
        return Share(unanswered + 1 - arrived, unanswered, lost);
    }

    /// <summary>
    /// Of <paramref name="all"/> losses <paramref name="forward"/> were on the way there: how many of the <paramref name="lost"/>
    /// among them? Exact when there are no others whose direction is not told, or when all were alike; else their share. Null when
    /// the numbers contradict each other by more than reordering does: the reflector has started to count anew.
    /// </summary>
    private readonly int? Share(int forward, int all, int lost)
    {
        if (forward < -ReorderingSlack || forward > all + ReorderingSlack) return null;
        int open = Math.Max(lost, all - _toldLost);
        int openForward = Math.Clamp(forward - _toldForward, 0, open);
        return open == 0 ? 0 : (int)Math.Round((double)openForward * lost / open);
    }
}
