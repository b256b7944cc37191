using Llama.Wire.Clocks;
using Llama.Wire.Datagrams;
using Llama.Wire.Sockets;

namespace Llama.Engine.Probing;

/// <content>The way back.</content>
internal sealed partial class ProbingLoop
{
    /// <summary>A reply this many timeouts after its datagram is not recognised as late any more.</summary>
    private const int LateTimeouts = 8;

    /// <summary>A reflector stamps a batch before it sends it, so its times of sending are estimates, and may be this much too late.</summary>
    private const long DwellSlackNanos = 1_000_000;

    /// <summary>Takes what has arrived on a socket.</summary>
    /// <returns>True when it was read empty.</returns>
    private bool Drain(SourceSocket? source)
    {
        if (source is null) return true;
        for (int round = 0; round < ReceiveRounds; round++)
        {
            int count = source.Socket.Receive(_replies);
            for (int i = 0; i < count; i++) OnReply(source, i);
            if (count < BatchCapacity) return true;
        }

        return false;
    }

    private void OnReply(SourceSocket source, int index)
    {
        ReadOnlySpan<byte> payload = _replies.Payload(index);
        ProbeError error = ProbeReader.Read(payload, out ProbeFields fields);

        // The signature alone decides. Only what no program but an attacker's writes is refused whatever its signature.
        if (error == ProbeError.LengthOverflow || !fields.HasSignature)
        {
            _shelf.Current.UnmatchedReplies++;
            return;
        }

        ReadOnlySpan<byte> signature = payload[fields.SignatureOffset..];
        uint slotIndex = ProbeWriter.ReadSlot(signature);
        SlotRing? ring = source.RingOf(slotIndex);
        if (ring is null || ring[slotIndex].Nonce != ProbeWriter.ReadNonce(signature) || ring[slotIndex].State == SlotState.Free)
        {
            _shelf.Current.UnmatchedReplies++;
            return;
        }

        // The kernel has noted when a datagram left before its reply can be here.
        ref Slot slot = ref ring[slotIndex];
        if (slot.TransmitTimeFollows) TakeTransmitTimes(source);
        ref Datagram reply = ref _replies[index];
        bool hasStamps = TryReadStamps(payload, error, fields, slot, out ReflectorStamps stamps);
        if (slot.State != SlotState.InFlight)
            OnFurtherReply(source, ref slot, hasStamps ? stamps.SessionReceives : slot.SessionReceives);
        else if (ElapsedNanos(slot, reply) > source.TimeoutNanos)
            OnLateReply(ref slot);
        else
            OnReplyInTime(ref slot, reply, hasStamps, stamps);
    }

    /// <summary>
    /// Time between a datagram and its reply, by the timestamps and never more than the clock that only goes forward allows. Where
    /// the wall clock was stepped meanwhile, the reply came either before that or after it: one of the two makes sense.
    /// </summary>
    private long ElapsedNanos(in Slot slot, in Datagram reply)
    {
        long elapsed = Math.Max(0, _clock.Monotonic - slot.Sent);
        long byWallClock = reply.Received - slot.SentWall;
        if (slot.ClockEpoch == _watch.Epoch) return Math.Clamp(byWallClock, 0, elapsed);
        if (byWallClock >= 0 && byWallClock <= elapsed) return byWallClock;
        long byOffset = reply.Received.Nanos - _watch.OffsetNanos - slot.Sent.Nanos;
        return byOffset >= 0 && byOffset <= elapsed ? byOffset : elapsed;
    }

    private bool TryReadStamps(
        ReadOnlySpan<byte> payload, ProbeError error, in ProbeFields fields, in Slot slot, out ReflectorStamps stamps)
    {
        stamps = default;
        if (error != ProbeError.None || !fields.HasExtension) return false;
        ReadOnlySpan<byte> extension = payload[fields.ExtensionOffset..];
        if ((ProbeExtension.ReadMarks(extension) & ProbeMarks.Reflected) == 0) return false;
        if (ProbeExtension.ReadSession(extension) != _flows[slot.Flow].Session) return false;
        if (ProbeExtension.ReadSequence(extension) != slot.Sequence) return false;
        if (_authenticator is { } authenticator && !authenticator.Verify(payload, fields.ExtensionOffset)) return false;
        stamps = ProbeExtension.ReadStamps(extension);
        return true;
    }

    private void OnReplyInTime(ref Slot slot, in Datagram reply, bool hasStamps, in ReflectorStamps stamps)
    {
        slot.State = SlotState.Received;
        IntervalBook book = _shelf[slot.Book];
        book.InFlight--;
        ref Flow flow = ref _flows[slot.Flow];
        ref FlowCounts counts = ref book.Flows[slot.Flow];
        counts.Received++;
        if (slot.Sequence + 1 > flow.AnsweredEnd) flow.AnsweredEnd = slot.Sequence + 1;
        else counts.Reordered++;

        if (reply.Has(DatagramMarks.HasTtl | DatagramMarks.HasTos)) counts.Reverse.Add(reply.Ttl, reply.Tos, flow.Class);
        if (hasStamps)
        {
            slot.SessionReceives = stamps.SessionReceives;
            counts.AddStamped(new ReplyMark(slot.Sequence, stamps.SessionReceives));
            if (stamps.ReceivedTtl > 0) AddForwardHeader(ref flow, ref counts, stamps);
        }

        if (slot.ClockEpoch != _watch.Epoch) return;
        WallTime sent = slot.SentWall;
        bool cannotBe = slot.SendTime == SendTime.Noted && sent > reply.Received;
        if (cannotBe) sent = new WallTime(slot.Sent.Nanos + _watch.OffsetNanos);
        if (cannotBe || slot.TransmitTimeFollows) book.MissedTransmitTimes++;
        if (slot.SendTime == SendTime.Unknown) book.UntimedReplies++;
        else AddTimes(book, ref flow, ref counts, sent, reply.Received, hasStamps, stamps);
    }

    private static void AddForwardHeader(ref Flow flow, ref FlowCounts counts, in ReflectorStamps stamps)
    {
        counts.Forward.Add(stamps.ReceivedTtl, stamps.ReceivedTos, flow.Class);
        if (flow.LastForwardTtl != 0 && flow.LastForwardTtl != stamps.ReceivedTtl) counts.ForwardTtlChanges++;
        flow.LastForwardTtl = stamps.ReceivedTtl;
    }

    /// <summary>t1 to t4 of one datagram: sent, received and sent back by the reflector, received.</summary>
    private static void AddTimes(
        IntervalBook book, ref Flow flow, ref FlowCounts counts, WallTime t1, WallTime t4, bool hasStamps, in ReflectorStamps stamps)
    {
        long rtt = Math.Max(0, t4 - t1);
        ref PairTimes pair = ref book.Pairs[flow.Pair];
        if (hasStamps)
        {
            // A dwell that can't be is not believed: the reflector's clock was stepped, or it lies. One that is hardly longer than
            // the round trip is an estimate of the reflector: without it, all of the dwell would pass for the network's.
            long dwell = stamps.Transmitted - stamps.Received;
            if (dwell >= 0 && dwell <= rtt + DwellSlackNanos)
            {
                rtt = Math.Max(0, rtt - dwell);
                long possible = flow.Source.TimeoutNanos;
                if (pair.Forward.TryAdd(stamps.Received - t1, possible, out long above))
                    book.Histograms.Record(IntervalBook.ForwardOf(flow.Pair), above);
                if (pair.Reverse.TryAdd(t4 - stamps.Transmitted, possible, out above))
                    book.Histograms.Record(IntervalBook.ReverseOf(flow.Pair), above);
            }
        }

        book.Histograms.Record(IntervalBook.RttOf(flow.Pair), rtt);
        pair.AddRtt(rtt);
        counts.AddRtt(rtt);

        // RFC 3550 section 6.4.1, with round-trip times in the place of transit times.
        if (flow.HasRtt) flow.JitterNanos += (Math.Abs(rtt - flow.LastRttNanos) - flow.JitterNanos) / 16;
        flow.LastRttNanos = rtt;
        flow.HasRtt = true;
    }

    private void OnLateReply(ref Slot slot)
    {
        Lose(ref slot);
        slot.State = SlotState.Late;
        OpenCounts(slot).Late++;
    }

    /// <summary>A reply to a datagram that has been judged. Where its interval is closed, it counts in the running one.</summary>
    private void OnFurtherReply(SourceSocket source, ref Slot slot, uint sessionReceives)
    {
        if (_clock.Monotonic - slot.Sent > source.TimeoutNanos * LateTimeouts)
        {
            _shelf.Current.UnmatchedReplies++;
            return;
        }

        ref FlowCounts counts = ref OpenCounts(slot);
        if (slot.State == SlotState.Lost)
        {
            slot.State = SlotState.Late;
            counts.Late++;
            return;
        }

        counts.Duplicates++;
        if (slot.State == SlotState.Received && sessionReceives != slot.SessionReceives) counts.ForwardDuplicates++;
    }

    private ref FlowCounts OpenCounts(in Slot slot)
    {
        IntervalBook book = _shelf.IsOpen(slot.Book, slot.BookTurn) ? _shelf[slot.Book] : _shelf.Current;
        return ref book.Flows[slot.Flow];
    }

    /// <summary>Judges what was waited for long enough. All that arrived before <paramref name="looked"/> must have been read.</summary>
    private void Judge(MonotonicTime looked)
    {
        foreach (SourceSocket source in _sources)
        {
            while (source.OldestRing is { IsEmpty: false } ring)
            {
                ref Slot slot = ref ring.Oldest;
                if (slot.State == SlotState.InFlight)
                {
                    if (looked - slot.Sent < source.TimeoutNanos + GraceNanos) break;
                    Lose(ref slot);
                }

                ring.Advance();
            }
        }
    }

    private void Lose(ref Slot slot)
    {
        slot.State = SlotState.Lost;
        IntervalBook book = _shelf[slot.Book];
        book.InFlight--;
        book.Flows[slot.Flow].Lost++;
    }

    /// <summary>Takes datagrams that can't be judged any more out of the counts.</summary>
    private void Withdraw(SourceSocket source)
    {
        while (source.OldestRing is { IsEmpty: false } ring)
        {
            ref Slot slot = ref ring.Oldest;
            if (slot.State == SlotState.InFlight)
            {
                slot.State = SlotState.Free;
                IntervalBook book = _shelf[slot.Book];
                book.InFlight--;
                book.Flows[slot.Flow].Sent--;
            }

            ring.Advance();
        }
    }
}
