using Llama.Wire.Clocks;
using Llama.Wire.Datagrams;
using Llama.Wire.Sockets;

namespace Llama.Engine.Probing;

/// <content>The way out.</content>
internal sealed partial class ProbingLoop
{
    private const int NoBufferSpace = 105, TryAgain = 11;

    /// <summary>
    /// A datagram reaches the wire in the middle of its share of the call, behind the way into the kernel and before the way out,
    /// but not later than this: what takes long is waking up a receiver on this host.
    /// </summary>
    private const long LongestWayInNanos = 2000;

    /// <summary>A call that took longer for each was interrupted, nobody knows where: better too early a time than too late a one.</summary>
    private const double LongestEachNanos = 10_000;

    /// <summary>
    /// A call that took longer than this, and the above for each datagram, lost its core for so long that its datagrams have no time
    /// of leaving that round-trip times could be made of.
    /// </summary>
    private const long LongestCallNanos = 100_000;

    private void SendDue()
    {
        MonotonicTime now = _clock.Monotonic;
        for (int i = 0; i < _tests.Count; i++)
        {
            PacedTest pace = _tests[i].Pace;
            _shelf.Current.SkippedSends += pace.SkipOverdue(now);

            // At most one batch of each test in a step, so that replies are not kept waiting.
            for (int sent = 0; sent < BatchCapacity && pace.Due <= now; sent++)
            {
                Enqueue(pace.Flow, pace.Due);
                pace.Advance();

                // The first of several datagrams takes longer than the others, by as much as matters: alone, each is timed by itself.
                if (!pace.IsFast) Flush();
            }
        }

        Flush();
    }

    private void Enqueue(int flowIndex, MonotonicTime due)
    {
        ref Flow flow = ref _flows[flowIndex];
        if (flow.Source != _sendingFrom || _sendingFor == BatchCapacity)
        {
            Flush();
            _sendingFrom = flow.Source;
        }

        SlotRing ring = flow.Source.Ring;
        if (ring.IsFull)
        {
            _shelf.Current.SkippedSends++;
            return;
        }

        ref Slot slot = ref ring.Take(out uint slotIndex);
        slot.Nonce = _nonces.Next();
        slot.Flow = flowIndex;
        slot.Sequence = flow.NextSequence++;
        slot.State = SlotState.Free;

        int place = _sendingFor++;
        _pending[place] = new PendingSend { Flow = flowIndex, SlotIndex = slotIndex, Due = due };
        ref Datagram datagram = ref _toSend[place];
        datagram.Remote = flow.Remote;
        datagram.Token = slotIndex;
        datagram.Length = flow.Source.Settings.Size;
        datagram.Tos = flow.Class;
        datagram.Marks = DatagramMarks.HasTos;
        datagram.Error = 0;

        Span<byte> payload = _toSend.Payload(place);
        ProbeWriter.Write(
            payload, new ProbeHeader(slotIndex, slot.Nonce, flow.Class, _clock.Wall, slot.Sequence, flow.Session), clean: true);
        _authenticator?.Sign(payload);
    }

    /// <summary>
    /// Sends the batch. The call takes its time for each datagram in turn, so each one's time is interpolated over the call; where the
    /// kernel notes it, it is replaced before the reply is judged.
    /// </summary>
    private void Flush()
    {
        if (_sendingFor == 0) return;
        int count = _sendingFor;
        _sendingFor = 0;
        _toSend.Count = count;

        MonotonicTime now = _clock.Monotonic;
        WallTime before = _clock.Wall;
        _sendingFrom!.Socket.Send(_toSend);
        long took = _clock.Monotonic - now;
        double each = Math.Min(LongestEachNanos, took / (double)count);
        SendTime sendTime = took > LongestCallNanos + count * LongestEachNanos ? SendTime.Unknown : SendTime.Read;

        IntervalBook book = _shelf.Current;
        bool anyFailed = false;
        for (int i = 0; i < count; i++)
        {
            ref PendingSend pending = ref _pending[i];
            ref Slot slot = ref _sendingFrom.Ring[pending.SlotIndex];
            ref FlowCounts counts = ref book.Flows[pending.Flow];
            int error = _toSend[i].Error;
            if (error != 0)
            {
                anyFailed = true;
                Unsend(ref _flows[pending.Flow], ref slot, ref counts, error);
                continue;
            }

            long offset = (long)(each * i + Math.Min(each / 2, LongestWayInNanos));
            slot.Sent = now + offset;
            slot.SentWall = before + offset;
            slot.SendTime = sendTime;
            slot.TransmitTimeFollows = _toSend[i].Has(DatagramMarks.TransmitTimeFollows);
            if (slot.TransmitTimeFollows) _sendingFrom.TransmitTimesAhead++;
            slot.ClockEpoch = _watch.Epoch;
            slot.Book = book.Index;
            slot.BookTurn = book.Turn;
            slot.State = SlotState.InFlight;
            counts.Sent++;
            counts.EndSequence = slot.Sequence + 1;
            book.InFlight++;
            book.AddLateness(slot.Sent - pending.Due);
        }

        // After a failure the socket has to count anew, and does so when its times are taken.
        if (anyFailed || _sendingFrom.TransmitTimesAhead >= TransmitTimesToHold) TakeTransmitTimes(_sendingFrom);
    }

    /// <summary>Replaces the times read around send calls by those that the kernel noted, as far as it has.</summary>
    private void TakeTransmitTimes(SourceSocket source)
    {
        source.TransmitTimesAhead = 0;
        int count;
        do
        {
            count = source.Socket.TakeTransmitTimes(_transmitTimes);
            for (int i = 0; i < count; i++)
            {
                (uint slotIndex, WallTime time) = _transmitTimes[i];
                if (source.RingOf(slotIndex) is not { } ring) continue;
                ref Slot slot = ref ring[slotIndex];

                // What left before it was handed over is another datagram's time.
                if (!slot.TransmitTimeFollows || time - slot.SentWall < -LongestWayInNanos) continue;
                slot.TransmitTimeFollows = false;
                slot.SentWall = time;
                slot.SendTime = SendTime.Noted;
            }
        }
        while (count == _transmitTimes.Length);
    }

    private void Unsend(ref Flow flow, ref Slot slot, ref FlowCounts counts, int error)
    {
        // The sequence is not used up, so that it stays without holes where nothing was sent.
        if (flow.NextSequence == slot.Sequence + 1) flow.NextSequence--;
        slot.Sent = _clock.Monotonic;
        slot.State = SlotState.Free;
        counts.SendErrors++;
        _shelf.Current.SendErrors++;
        if (error is NoBufferSpace or TryAgain) _shelf.Current.SendBufferFull++;
    }
}
