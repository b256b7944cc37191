using System.Net;
using Llama.Engine.Summaries;
using Llama.Tests.Engine.Simulation;
using Llama.Wire.Sockets;
using static Llama.Tests.Engine.Simulation.Bench;

namespace Llama.Tests.Engine.Probing;

/// <summary>Where round-trip times begin: when the kernel says that a datagram left, or when the send call was made.</summary>
public sealed class SendTimeTests
{
    private const int MessageTooLong = 90;

    /// <summary>Of a link in one direction, and so half of a round trip.</summary>
    private const long LinkNanos = 100_000;

    private static readonly IPEndPoint Target = At(2);

    private readonly Bench _bench = new();

    [Fact]
    public void A_round_trip_begins_when_the_kernel_says_that_the_datagram_left()
    {
        Start(cyclesPerSecond: 100);
        Notes(true);
        DelaySends(every: 3, nanos: 5 * Millisecond);
        _bench.RunFor(25 * Second);

        Assert.All(_bench.Summaries, summary =>
        {
            Assert.Equal(summary.Counts.Received, summary.Rtt.Count);
            Assert.Equal(2 * LinkNanos, summary.Rtt.MinNanos);
            Assert.Equal(2 * LinkNanos, summary.Rtt.MaxNanos);
            Assert.Equal(0, summary.ForwardDelayVariationNanos);
        });
        Assert.All(_bench.Reports, report =>
        {
            Assert.Empty(report.Health.Suspect);
            Assert.Equal(0, report.Health.UntimedReplies);
            Assert.Equal(0, report.Health.MissedTransmitTimes);
        });
    }

    [Fact]
    public void Without_a_kernel_that_notes_it_what_was_sent_by_a_slow_call_has_no_round_trip_time()
    {
        Start(cyclesPerSecond: 100);
        Notes(false);
        DelaySends(every: 50, nanos: 5 * Millisecond);
        _bench.RunFor(25 * Second);

        Assert.All(_bench.Reports, report =>
        {
            Summary summary = Assert.Single(report.Summaries);
            Assert.InRange(report.Health.UntimedReplies, 1, summary.Counts.Received * 0.03);
            Assert.Equal(summary.Counts.Sent, summary.Counts.Received);
            Assert.Equal(summary.Counts.Received, summary.Rtt.Count + report.Health.UntimedReplies);
            Assert.InRange(summary.Rtt.MaxNanos!.Value, 2 * LinkNanos, 2 * LinkNanos + 1000);
            Assert.Empty(report.Health.Suspect);
        });
    }

    [Fact]
    public void An_interval_in_which_many_send_calls_were_slow_is_suspect()
    {
        Start(cyclesPerSecond: 100);
        Notes(false);
        DelaySends(every: 10, nanos: Millisecond);
        _bench.RunFor(25 * Second);

        Assert.All(_bench.Reports, report => Assert.Equal([SuspectReason.SlowSends], report.Health.Suspect));
    }

    [Fact]
    public void A_send_call_that_took_a_little_longer_keeps_its_time()
    {
        Start(cyclesPerSecond: 100);
        Notes(false);
        DelaySends(every: 1, nanos: 60_000);
        _bench.RunFor(15 * Second);

        Assert.All(_bench.Reports, report => Assert.Equal(0, report.Health.UntimedReplies));
        Assert.All(_bench.Summaries, summary => Assert.Equal(summary.Counts.Received, summary.Rtt.Count));
    }

    [Fact]
    public void A_time_that_the_kernel_never_tells_is_counted_and_the_time_of_the_call_serves()
    {
        Start(cyclesPerSecond: 100);
        int sent = 0;
        foreach (SimulatedSocket socket in _bench.Network.Sockets) socket.Noting = time => sent++ % 2 == 0 ? [time] : [];
        _bench.RunFor(15 * Second);

        Assert.All(_bench.Reports, report =>
        {
            Summary summary = Assert.Single(report.Summaries);
            Assert.InRange(report.Health.MissedTransmitTimes, summary.Counts.Received * 0.45, summary.Counts.Received * 0.55);
            Assert.Equal(summary.Counts.Received, summary.Rtt.Count);
            Assert.Equal(2 * LinkNanos, summary.Rtt.MaxNanos);
        });
    }

    [Theory]
    [InlineData(-Second)]
    [InlineData(-3000)]
    [InlineData(Second)]
    public void A_time_that_can_not_be_is_not_believed(long errorNanos)
    {
        Start(cyclesPerSecond: 100);
        foreach (SimulatedSocket socket in _bench.Network.Sockets) socket.Noting = time => [time with { Time = time.Time + errorNanos }];
        _bench.RunFor(15 * Second);

        Assert.All(_bench.Reports, report =>
        {
            Summary summary = Assert.Single(report.Summaries);
            Assert.Equal(summary.Counts.Received, report.Health.MissedTransmitTimes);
            Assert.Equal(2 * LinkNanos, summary.Rtt.MinNanos);
            Assert.Equal(2 * LinkNanos, summary.Rtt.MaxNanos);
        });
    }

    [Fact]
    public void A_time_of_no_datagram_changes_nothing()
    {
        Start(cyclesPerSecond: 100);
        foreach (SimulatedSocket socket in _bench.Network.Sockets)
            socket.Noting = time => [new TransmitTime(uint.MaxValue, time.Time), time, time with { Time = time.Time + 1000 }, new TransmitTime(time.Token + 1, time.Time)];
        _bench.RunFor(15 * Second);

        Assert.All(_bench.Summaries, summary => Assert.Equal((2 * LinkNanos, 2 * LinkNanos), (summary.Rtt.MinNanos, summary.Rtt.MaxNanos)));
        Assert.All(_bench.Reports, report => Assert.Equal(0, report.Health.MissedTransmitTimes));
    }

    [Fact]
    public void Times_follow_their_datagrams_past_those_that_could_not_be_sent()
    {
        Start(cyclesPerSecond: 100);
        Notes(true);
        DelaySends(every: 3, nanos: 5 * Millisecond);
        int asked = 0;
        _bench.RefuseSends(_ => asked++ % 4 == 1 ? MessageTooLong : 0);
        _bench.RunFor(15 * Second);

        Assert.All(_bench.Summaries, summary => Assert.Equal((2 * LinkNanos, 2 * LinkNanos), (summary.Rtt.MinNanos, summary.Rtt.MaxNanos)));
        Assert.All(_bench.Reports, report => Assert.True(report.Health.SendErrors > 0));
    }

    [Fact]
    public void Times_do_not_pile_up_where_nothing_answers()
    {
        _bench.AlignTo(10);
        _bench.Apply(Plan(1000, flows: 2, [Target]));
        Notes(true);
        _bench.RunFor(20 * Second);

        Assert.All(_bench.Network.Sockets, socket => Assert.InRange(socket.TransmitTimesWaiting, 0, 64));
    }

    [Fact]
    public void The_kernel_is_asked_at_low_rates_alone()
    {
        Start(cyclesPerSecond: 100);
        Notes(true);
        _bench.RunFor(Second);
        SimulatedSocket socket = _bench.Network.Sockets[0];
        Assert.True(socket.NotesTransmitTimes);

        _bench.Apply(Plan(20_000, flows: 1, [Target]));
        _bench.RunFor(Second);
        Assert.False(socket.NotesTransmitTimes);

        _bench.Apply(Plan(100, flows: 1, [Target]));
        _bench.RunFor(Second);
        Assert.True(socket.NotesTransmitTimes);
    }

    private void Start(double cyclesPerSecond)
    {
        _bench.AddReflector(Target);
        _bench.AlignTo(10);
        _bench.Apply(Plan(cyclesPerSecond, flows: 1, [Target]));
    }

    private void Notes(bool notes)
    {
        foreach (SimulatedSocket socket in _bench.Network.Sockets) socket.Noting = notes ? time => [time] : null;
    }

    private void DelaySends(int every, long nanos)
    {
        int sent = 0;
        foreach (SimulatedSocket socket in _bench.Network.Sockets) socket.NanosBeforeSend = () => sent++ % every == 0 ? nanos : 0;
    }
}
