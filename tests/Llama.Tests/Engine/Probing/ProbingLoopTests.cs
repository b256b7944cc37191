using System.Buffers.Binary;
using System.Net;
using Llama.Engine;
using Llama.Engine.Summaries;
using Llama.Tests.Engine.Simulation;
using static Llama.Tests.Engine.Simulation.Bench;

namespace Llama.Tests.Engine.Probing;

public sealed class ProbingLoopTests
{
    private static readonly IPEndPoint Target = At(2);

    private readonly Bench _bench = new();
    private readonly List<(DateTimeOffset At, int Port, bool Forward)> _losses = [];
    private DateTimeOffset _started;
    private DateTimeOffset _stopped;

    [Fact]
    public void Everything_answered_is_counted_as_received_with_its_round_trip_time()
    {
        _bench.AddReflector(Target);
        Run(cyclesPerSecond: 10, flows: 4, seconds: 31);

        Summary[] whole = [.. WholeIntervals()];
        Assert.Equal(2, whole.Length);
        Assert.All(whole, summary =>
        {
            Assert.Equal(400, summary.Counts.Sent);
            Assert.Equal(400, summary.Counts.Received);
            Assert.Equal(0, summary.Counts.Lost);
            Assert.Equal(0, summary.Counts.LostForward);
            Assert.Equal(0, summary.Counts.LostReverse);
            Assert.Equal(400, summary.Rtt.Count);
            Assert.Equal(200_000, summary.Rtt.MinNanos);
            Assert.Equal(200_000, summary.Rtt.MeanNanos);
            Assert.Equal(0, summary.DelayVariationNanos);
            Assert.Equal(0, summary.ForwardDelayVariationNanos);
            Assert.Equal(4, summary.Flows.Count);
            Assert.All(summary.Flows, flow => Assert.Equal(100, flow.Counts.Sent));
        });
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(100)]
    public void A_test_with_an_end_sends_as_much_as_it_may_and_is_over_when_all_is_judged(int datagramsOfTarget)
    {
        IPEndPoint silent = At(3);
        _bench.AddReflector(Target);
        ProbingPlan plan = Plan(10, flows: 4, [Target, silent]);
        _bench.Apply(plan with { Tests = [plan.Tests[0] with { MostDatagrams = datagramsOfTarget * 2 }] });
        Assert.False(_bench.Loop.IsOver);

        long start = _bench.World.NowNanos;
        while (!_bench.Loop.IsOver && _bench.World.NowNanos - start < 60 * Second) _bench.Loop.Step();
        _bench.Loop.Finish();

        Assert.True(_bench.Loop.IsOver);
        Assert.InRange(_bench.World.NowNanos - start, 500 * Millisecond, 700 * Millisecond + datagramsOfTarget * 25 * Millisecond);
        Assert.Equal(datagramsOfTarget, _bench.Summaries.Where(summary => summary.Destination.Equals(Target)).Sum(summary => summary.Counts.Received));
        Assert.Equal(datagramsOfTarget, _bench.Summaries.Where(summary => summary.Destination.Equals(silent)).Sum(summary => summary.Counts.Lost));
    }

    [Fact]
    public void Without_losses_a_test_is_over_as_soon_as_the_last_reply_has_come()
    {
        _bench.AddReflector(Target);
        ProbingPlan plan = Plan(10, flows: 1, [Target]);
        _bench.Apply(plan with { Tests = [plan.Tests[0] with { MostDatagrams = 1 }] });

        long start = _bench.World.NowNanos;
        while (!_bench.Loop.IsOver && _bench.World.NowNanos - start < 60 * Second) _bench.Loop.Step();

        Assert.InRange(_bench.World.NowNanos - start, 0, 110 * Millisecond);
    }

    [Theory]
    [InlineData(10, 0)]
    [InlineData(0, 10)]
    [InlineData(7, 3)]
    public void Loss_is_counted_in_the_direction_it_happened(int forwardEvery, int reverseEvery)
    {
        _bench.AddReflector(Target);
        LoseEvery(forwardEvery, reverseEvery);
        Run(cyclesPerSecond: 20, flows: 4, seconds: 65);

        DatagramCounts total = Total();
        Assert.Equal(total.Sent, total.Received + total.Lost);
        Assert.Equal(_losses.Count, total.Lost);
        AssertDirections(forwardEvery == 0 || reverseEvery == 0 ? 0 : 1);
    }

    [Fact]
    public void Loss_of_one_direction_is_exact_in_every_interval_and_flow()
    {
        _bench.AddReflector(Target);
        var random = new Random(7);
        _bench.World.Link = packet => packet.To.Port == 8100 && random.NextDouble() < 0.2 ? Lose(packet) : [(100_000, packet)];
        Run(cyclesPerSecond: 20, flows: 4, seconds: 95);

        Assert.InRange(_losses.Count, 1400, 1700);
        AssertDirections(tolerance: 0);
    }

    [Fact]
    public void Direction_is_null_while_nothing_tells_it()
    {
        _bench.AddScripted(Target, packet => packet.Payload.Length % 2 == 0 ? [packet.Payload] : []);
        LoseEvery(0, 5);
        Run(cyclesPerSecond: 10, flows: 1, seconds: 25);

        Assert.All(_bench.Summaries, summary =>
        {
            Assert.True(summary.Counts.Lost > 0);
            Assert.Null(summary.Counts.LostForward);
            Assert.Null(summary.Counts.LostReverse);
            Assert.Null(summary.ForwardDelayVariationNanos);
            Assert.Null(summary.Path.ForwardTtl);
        });
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void First_interval_without_a_reply_has_its_direction_told_by_the_next(bool forward)
    {
        _bench.AddReflector(Target);
        _bench.AlignTo(10);
        long cut = _bench.World.NowNanos + 10 * Second;
        _bench.World.Link = packet => (packet.To.Port == 8100) == forward && _bench.World.NowNanos < cut ? Lose(packet) : [(100_000, packet)];
        _bench.Apply(Plan(10, 2, [Target]));
        _bench.RunFor(25 * Second);

        Summary dead = Assert.Single(_bench.Reports[0].Summaries);
        Assert.Equal(0, dead.Counts.Received);
        Assert.Equal(forward ? dead.Counts.Lost : 0, dead.Counts.LostForward);
    }

    [Fact]
    public void Dead_target_loses_all_and_tells_no_times()
    {
        Run(cyclesPerSecond: 10, flows: 2, seconds: 25);

        Assert.All(_bench.Summaries, summary =>
        {
            Assert.Equal(1.0, summary.Counts.LossRatio);
            Assert.Null(summary.Counts.LostForward);
            Assert.Null(summary.Rtt.MeanNanos);
            Assert.Null(summary.JitterNanos);
            Assert.Null(summary.DelayVariationNanos);
        });
    }

    [Fact]
    public void Restarted_reflector_makes_the_direction_of_that_interval_unknown_and_no_more()
    {
        Llama.Engine.Reflecting.ReflectorWorker first = _bench.AddReflector(At(2));
        LoseEvery(10, 0);
        _bench.Apply(Plan(20, 1, [Target]));
        _bench.RunFor(25 * Second);

        // Its table is new, its clock is not: what a restart looks like from outside.
        Assert.True(first.Received > 0);
        _bench.World.Link = Renumber(_bench.World.Link, fromReceives: 300);
        _bench.RunFor(30 * Second);

        int unknown = _bench.Summaries.Count(summary => summary.Counts.LostForward is null);
        Assert.Equal(1, unknown);
        Assert.Equal(_bench.Reports[^1].Summaries[0].Counts.Lost, _bench.Reports[^1].Summaries[0].Counts.LostForward);
    }

    [Fact]
    public void Reply_after_deadline_counts_as_late_and_stays_lost()
    {
        _bench.AddReflector(Target);
        int count = 0;
        _bench.World.Link = packet => [(packet.To.Port == 8100 && ++count % 4 == 0 ? 600 * Millisecond : 100_000, packet)];
        Run(cyclesPerSecond: 10, flows: 1, seconds: 43, timeoutMillis: 500);

        DatagramCounts total = Total();
        Assert.Equal(count / 4, total.Lost, 2.0);
        Assert.Equal(total.Lost, total.Late);
        Assert.All(WholeIntervals(), summary => Assert.Equal(summary.Counts.Lost, summary.Counts.LostReverse));
    }

    [Fact]
    public void Reply_just_before_the_deadline_is_received_and_just_after_it_is_lost()
    {
        _bench.AddReflector(At(2));
        _bench.AddReflector(At(3));
        _bench.World.Link = packet => [(Involves(packet, 2) ? 249 * Millisecond : 251 * Millisecond, packet)];
        Run(cyclesPerSecond: 5, flows: 1, seconds: 25, targets: [At(2), At(3)]);

        Assert.All(_bench.Summaries, summary => Assert.Equal(Equals(summary.Destination, At(2)) ? 0.0 : 1.0, summary.Counts.LossRatio));
    }

    [Fact]
    public void Second_copies_are_duplicates_and_hide_no_loss()
    {
        _bench.AddReflector(Target);
        int copied = 0, count = 0;
        _bench.World.Link = packet =>
        {
            if (packet.To.Port != 8100) return [(100_000, packet)];
            if (++count % 5 == 0)
            {
                copied++;
                return [(100_000, packet), (150_000, packet)];
            }

            return count % 7 == 0 ? Lose(packet) : [(100_000, packet)];
        };
        Run(cyclesPerSecond: 20, flows: 2, seconds: 45);

        // A copy that reaches our reflector was not marked as reflected on the way there, so both are answered.
        DatagramCounts total = Total();
        Assert.Equal(copied, total.Duplicates);
        Assert.Equal(_losses.Count, total.Lost);
        AssertDirections(tolerance: 1);
    }

    [Fact]
    public void Reordered_replies_are_counted_and_none_is_lost()
    {
        _bench.AddReflector(Target);
        int count = 0, overtaken = 0;
        _bench.World.Link = packet =>
        {
            if (packet.To.Port == 8100 || ++count % 6 != 0) return [(100_000, packet)];
            overtaken++;
            return [(150 * Millisecond, packet)];
        };
        Run(cyclesPerSecond: 10, flows: 1, seconds: 45);

        DatagramCounts total = Total();
        Assert.Equal(0, total.Lost);
        Assert.InRange(total.Reordered, overtaken - 1, overtaken);
    }

    [Fact]
    public void Corrupted_replies_are_lost_and_harm_nothing()
    {
        _bench.AddReflector(Target);
        var random = new Random(3);
        int broken = 0;
        _bench.World.Link = packet =>
        {
            if (packet.To.Port == 8100 || random.Next(4) != 0) return [(100_000, packet)];
            broken++;
            byte[] payload = [.. packet.Payload];
            payload[random.Next(2, 12)] ^= (byte)random.Next(1, 256);
            return [(100_000, packet with { Payload = payload })];
        };
        Run(cyclesPerSecond: 20, flows: 2, seconds: 45);

        DatagramCounts total = Total();
        Assert.Equal(broken, total.Lost);
        Assert.All(WholeIntervals(), summary => Assert.Equal(summary.Counts.Lost, summary.Counts.LostReverse));
        Assert.Equal(broken, _bench.Reports.Sum(report => report.Health.UnmatchedReplies));
    }

    [Fact]
    public void Dwell_in_the_reflector_is_taken_out_and_clocks_may_disagree()
    {
        _bench.AddReflector(Target, wallOffsetNanos: -3600 * Second);
        _bench.World.Link = packet => [(packet.To.Port == 8100 ? 30 * Millisecond : 5 * Millisecond, packet)];
        Run(cyclesPerSecond: 10, flows: 1, seconds: 25);

        Assert.All(_bench.Summaries, summary => Assert.Equal(35 * Millisecond, summary.Rtt.MaxNanos));
    }

    /// <summary>20 ms in the reflector, or so it says, of a round trip that took 20.2 ms in all.</summary>
    [Theory]
    [InlineData(20_000_000, 200_000)]
    [InlineData(20_150_000, 50_000)]
    [InlineData(20_400_000, 0)]
    [InlineData(23_000_000, 20_200_000)]
    public void Dwell_that_is_a_little_too_long_does_not_pass_for_the_network_s_time(long toldNanos, long expectedNanos)
    {
        _bench.AddReflector(Target);
        _bench.World.Link = packet =>
        {
            if (packet.To.Port == 8100) return [(100_000, packet)];
            Span<byte> extension = packet.Payload.AsSpan(27);
            long received = BinaryPrimitives.ReadInt64BigEndian(extension[16..]);
            BinaryPrimitives.WriteInt64BigEndian(extension[24..], received + toldNanos);
            return [(20 * Millisecond + 100_000, packet)];
        };
        Run(cyclesPerSecond: 10, flows: 1, seconds: 25);

        Assert.All(_bench.Summaries, summary => Assert.Equal((expectedNanos, expectedNanos), (summary.Rtt.MinNanos, summary.Rtt.MaxNanos)));
    }

    [Fact]
    public void Delay_variation_is_told_for_each_direction_without_synchronised_clocks()
    {
        _bench.AddReflector(Target, wallOffsetNanos: 77 * Second);
        var random = new Random(5);
        _bench.World.Link = packet => packet.To.Port == 8100
            ? [(10 * Millisecond + random.Next(0, 2) * 4 * Millisecond, packet)]
            : [(20 * Millisecond + random.Next(0, 2) * Millisecond, packet)];
        Run(cyclesPerSecond: 20, flows: 1, seconds: 35);

        Assert.All(WholeIntervals(), summary =>
        {
            Assert.Equal(4 * Millisecond, summary.ForwardDelayVariationNanos!.Value, 0.01 * 4 * Millisecond);
            Assert.Equal(Millisecond, summary.ReverseDelayVariationNanos!.Value, 0.01 * Millisecond);
            Assert.Equal(5 * Millisecond, summary.DelayVariationNanos!.Value, 0.01 * 35 * Millisecond);
            Assert.InRange(summary.JitterNanos!.Value, Millisecond, 4 * Millisecond);
        });
    }

    [Theory]
    [InlineData(0)]
    [InlineData(long.MinValue)]
    [InlineData(long.MaxValue - 1000)]
    public void Lie_about_the_reflector_s_time_costs_the_reply_its_one_way_delays_and_no_other(long lie)
    {
        _bench.AddReflector(Target);
        var random = new Random(5);
        int replies = 0;
        _bench.World.Link = packet =>
        {
            if (packet.To.Port == 8100) return [(10 * Millisecond + random.Next(0, 2) * 4 * Millisecond, packet)];
            if (++replies % 10 == 0)
            {
                BinaryPrimitives.WriteInt64BigEndian(packet.Payload.AsSpan(27 + 16), lie);
                BinaryPrimitives.WriteInt64BigEndian(packet.Payload.AsSpan(27 + 24), lie + 1000);
            }

            return [(20 * Millisecond + random.Next(0, 2) * Millisecond, packet)];
        };
        Run(cyclesPerSecond: 20, flows: 1, seconds: 35);

        Assert.All(WholeIntervals(), summary =>
        {
            Assert.Equal(4 * Millisecond, summary.ForwardDelayVariationNanos!.Value, 0.01 * 4 * Millisecond);
            Assert.Equal(Millisecond, summary.ReverseDelayVariationNanos!.Value, 0.01 * Millisecond);
        });
    }

    [Fact]
    public void Delay_variation_is_told_again_when_the_reflector_s_clock_was_stepped()
    {
        SimulatedClock reflector = _bench.World.NewClock();
        _bench.AddReflector(Target, reflector);
        var random = new Random(5);
        _bench.World.Link = packet => [(10 * Millisecond + random.Next(0, 2) * 4 * Millisecond, packet)];
        _bench.AlignTo(10);
        _bench.Apply(Plan(20, 1, [Target]));
        _bench.RunFor(15 * Second);
        reflector.WallOffsetNanos += 3600 * Second;
        _bench.RunFor(31 * Second);

        Summary last = _bench.Summaries.Last();
        Assert.Equal(4 * Millisecond, last.ForwardDelayVariationNanos!.Value, 0.01 * 4 * Millisecond);
        Assert.Equal(4 * Millisecond, last.ReverseDelayVariationNanos!.Value, 0.01 * 4 * Millisecond);
    }

    [Fact]
    public void Stepped_clock_costs_timestamps_and_no_datagrams()
    {
        _bench.AddReflector(Target);
        _bench.World.Link = packet => [(50 * Millisecond, packet)];
        _bench.AlignTo(10);
        _bench.Apply(Plan(100, 1, [Target]));
        _bench.RunFor(14 * Second);
        _bench.Clock.WallOffsetNanos += 2 * Second;
        _bench.RunFor(2 * Second);
        _bench.Clock.WallOffsetNanos -= 3 * Second;
        _bench.RunFor(20 * Second);

        DatagramCounts total = Total();
        Assert.Equal(0, total.Lost);
        Assert.Equal(total.Sent, total.Received);
        Assert.All(_bench.Summaries, summary => Assert.Equal(100 * Millisecond, summary.Rtt.MaxNanos));
        Assert.InRange(total.Received - _bench.Summaries.Sum(summary => summary.Rtt.Count), 15, 25);
        Assert.Contains(_bench.Reports, report => report.Health.Suspect.Contains(SuspectReason.ClockStep));
        Assert.All(_bench.Reports, report => Assert.True(report.Start < report.End));
    }

    [Theory]
    [InlineData(3600)]
    [InlineData(-3600)]
    public void Stepped_clock_makes_no_reply_late_that_was_read_late(int stepSeconds)
    {
        // One datagram in two seconds: its reply is read when the next one is due, long after its deadline.
        _bench.AddReflector(Target);
        _bench.World.Link = packet => [(50 * Millisecond, packet)];
        _bench.Apply(Plan(0.5, 1, [Target], intervalSeconds: 60, timeoutMillis: 500));
        for (int i = 0; i < 20; i++)
        {
            _bench.RunFor(2050 * Millisecond);
            _bench.Clock.WallOffsetNanos += stepSeconds * Second;
            stepSeconds = -stepSeconds;
        }

        _bench.Loop.Finish();
        Assert.Equal(0, Total().Lost);
        Assert.Equal(Total().Sent, Total().Received);
        Assert.True(Total().Sent >= 15);
    }

    [Fact]
    public void Loop_that_was_held_up_finds_the_replies_in_its_socket()
    {
        _bench.AddReflector(Target);
        _bench.Apply(Plan(10, 1, [Target], timeoutMillis: 500));
        _bench.RunFor(5 * Second);

        // Nobody waits on the socket for three seconds, but what arrives meanwhile arrives.
        for (int i = 0; i < 3000; i++) _bench.World.PassUntil(_bench.World.NowNanos + Millisecond);
        _bench.RunFor(20 * Second);

        DatagramCounts total = Total();
        Assert.Equal(0, total.Lost);
        Assert.Contains(_bench.Reports, report => report.Health.Suspect.Contains(SuspectReason.SkippedSends));
        Assert.InRange(_bench.Reports.Sum(report => report.Health.SkippedSends), 28, 31);
    }

    [Fact]
    public void Datagrams_of_a_cycle_are_spread_over_it_and_not_sent_as_a_burst()
    {
        var sentAt = new List<(long Nanos, ushort From, ulong To)>();
        _bench.World.Link = packet =>
        {
            sentAt.Add((_bench.World.NowNanos, packet.From.Port, packet.To.Low));
            return [];
        };
        Run(cyclesPerSecond: 5, flows: 4, seconds: 12, targets: [.. Enumerable.Range(2, 10).Select(host => At(host))]);

        // 200 datagrams/s to ten targets: a flow's are 200 ms apart, a target's 50 ms, and what leaves together goes to different ones.
        foreach (var flow in sentAt.GroupBy(sent => (sent.From, sent.To))) Assert.All(Gaps(flow), gap => Assert.Equal(2e8, gap, 1000.0));
        foreach (var target in sentAt.GroupBy(sent => sent.To)) Assert.All(Gaps(target), gap => Assert.InRange(gap, 3e7, 7e7));
        var together = sentAt.GroupBy(sent => sent.Nanos).ToList();
        Assert.All(together, group => Assert.InRange(group.Count(), 1, 4));
        Assert.All(together, group => Assert.Equal(group.Count(), group.Select(sent => sent.To).Distinct().Count()));
        Assert.All(Gaps(together.Select(group => (group.Key, default(ushort), 0UL))), gap => Assert.InRange(gap, 9e6, 2.1e7));
    }

    [Fact]
    public void Datagrams_to_one_target_leave_one_by_one()
    {
        var sentAt = new List<(long Nanos, ushort From, ulong To)>();
        _bench.World.Link = packet =>
        {
            sentAt.Add((_bench.World.NowNanos, packet.From.Port, packet.To.Low));
            return [];
        };
        Run(cyclesPerSecond: 100, flows: 16, seconds: 12);

        Assert.All(Gaps(sentAt), gap => Assert.Equal(1e9 / 1600, gap, 1000.0));
    }

    [Fact]
    public void Cycles_per_second_below_one_are_kept()
    {
        _bench.AddReflector(Target);
        Run(cyclesPerSecond: 0.25, flows: 2, seconds: 100, intervalSeconds: 20);

        Assert.All(WholeIntervals(), summary => Assert.Equal(10, summary.Counts.Sent));
    }

    [Fact]
    public void Summary_is_published_once_the_last_deadline_of_its_interval_has_passed()
    {
        _bench.AlignTo(10);
        _bench.Apply(Plan(10, 1, [Target], timeoutMillis: 2000));
        _bench.RunFor(11_900 * Millisecond);
        Assert.Empty(_bench.Reports);
        _bench.RunFor(200 * Millisecond);
        Assert.Single(_bench.Reports);
        Assert.Equal(0, _bench.Reports[0].End.ToUnixTimeMilliseconds() % 10_000);
    }

    [Fact]
    public void Timeout_longer_than_the_interval_is_waited_for()
    {
        _bench.AddReflector(Target);
        _bench.World.Link = packet => [(1200 * Millisecond, packet)];
        Run(cyclesPerSecond: 10, flows: 2, seconds: 20, intervalSeconds: 1, timeoutMillis: 3000);

        Assert.Equal(0, Total().Lost);
        Assert.All(WholeIntervals(), summary => Assert.Equal(20, summary.Counts.Sent));
    }

    [Fact]
    public void Target_that_dies_and_returns_is_seen_to()
    {
        _bench.AddReflector(Target);
        _bench.AlignTo(10);
        _bench.Apply(Plan(10, 1, [Target]));
        _bench.RunFor(10 * Second);
        _bench.World.Link = _ => [];
        _bench.RunFor(10 * Second);
        _bench.World.Link = packet => [(100_000, packet)];
        _bench.RunFor(11 * Second);

        Assert.Equal([0.0, 1.0, 0.0], _bench.Summaries.Select(summary => Math.Round(summary.Counts.LossRatio!.Value, 1)));
    }

    [Fact]
    public void Datagram_that_the_kernel_refuses_is_no_loss()
    {
        _bench.AddReflector(At(2));
        const int NetworkUnreachable = 101;
        _bench.Apply(Plan(10, 1, [At(2), At(3)]));
        _bench.RunFor(Millisecond);
        _bench.RefuseSends(endpoint => Equals(endpoint.ToIPEndPoint(), At(3)) ? NetworkUnreachable : 0);
        _bench.RunFor(25 * Second);

        Summary refused = _bench.Reports[^1].Summaries.Single(summary => Equals(summary.Destination, At(3)));
        Assert.Equal(0, refused.Counts.Sent);
        Assert.Equal(100, refused.Counts.SendErrors);
        Assert.Null(refused.Counts.LossRatio);
        Summary good = _bench.Reports[^1].Summaries.Single(summary => Equals(summary.Destination, At(2)));
        Assert.Equal(100, good.Counts.Received);
    }

    [Fact]
    public void Full_send_buffer_makes_the_interval_suspect()
    {
        _bench.AddReflector(Target);
        _bench.Apply(Plan(10, 1, [Target]));
        _bench.RunFor(Millisecond);
        const int TryAgain = 11;
        int count = 0;
        _bench.RefuseSends(_ => ++count % 3 == 0 ? TryAgain : 0);
        _bench.RunFor(25 * Second);

        Assert.Contains(SuspectReason.SendBufferFull, _bench.Reports[^1].Health.Suspect);
        DatagramCounts total = Total();
        Assert.Equal(0, total.Lost);
        Assert.Equal(0, total.LostForward);
    }

    [Fact]
    public void Kernel_drops_make_the_interval_suspect()
    {
        _bench.AddReflector(Target);
        _bench.Apply(Plan(10, 1, [Target]));
        _bench.RunFor(5 * Second);
        _bench.DropInKernel(17);
        _bench.RunFor(20 * Second);

        Assert.Contains(_bench.Reports, report =>
            report.Health.ReceiveDrops == 17 && report.Health.Suspect.Contains(SuspectReason.ReceiveDrops));
    }

    [Fact]
    public void Reload_keeps_the_counts_and_the_ports_of_flows_that_stay()
    {
        _bench.AddReflector(At(2));
        _bench.AddReflector(At(3));
        _bench.AddReflector(At(4));
        _bench.AlignTo(10);
        _bench.Apply(Plan(10, 2, [At(2), At(3)]));
        _bench.RunFor(5 * Second);
        _bench.Apply(Plan(10, 2, [At(2), At(4)]));
        _bench.RunFor(16 * Second);

        Dictionary<IPEndPoint, Summary> first = _bench.Reports[0].Summaries.ToDictionary(summary => summary.Destination);
        Dictionary<IPEndPoint, Summary> second = _bench.Reports[1].Summaries.ToDictionary(summary => summary.Destination);
        Assert.InRange(first[At(2)].Counts.Sent, 195, 205);
        Assert.InRange(first[At(3)].Counts.Sent, 98, 102);
        Assert.InRange(first[At(4)].Counts.Sent, 80, 102);
        Assert.Equal([At(2), At(4)], second.Keys.OrderBy(key => key.Address.ToString()));
        Assert.Equal(
            first[At(2)].Flows.Select(flow => flow.SourcePort), second[At(2)].Flows.Select(flow => flow.SourcePort));
        Assert.Equal(0, Total().Lost);
    }

    [Fact]
    public void Reload_changes_tags_pace_and_interval()
    {
        _bench.AddReflector(Target);
        _bench.AlignTo(10);
        _bench.Apply(Plan(10, 1, [Target]));
        _bench.RunFor(15 * Second);
        ProbingPlan faster = Plan(50, 1, [Target], intervalSeconds: 5);
        ProbingTest test = faster.Tests[0];
        _bench.Apply(faster with
        {
            Tests = [test with { Targets = [test.Targets[0] with { Tags = new Dictionary<string, string> { ["site"] = "b" } }] }],
        });
        _bench.RunFor(11 * Second);

        Summary last = _bench.Reports[^1].Summaries.Single();
        Assert.Equal(250, last.Counts.Sent);
        Assert.Equal("b", last.Target.Tags["site"]);
    }

    [Fact]
    public void Reload_closes_sockets_that_nobody_needs_once_their_datagrams_are_judged()
    {
        _bench.AddReflector(Target);
        _bench.Apply(Plan(10, 4, [Target]));
        _bench.RunFor(11 * Second);
        Assert.Equal(4, _bench.OpenSockets);
        _bench.Apply(Plan(10, 1, [Target]));
        _bench.RunFor(21 * Second);
        Assert.Equal(1, _bench.OpenSockets);
        Assert.Equal(0, Total().Lost);
    }

    [Fact]
    public void Reloads_that_follow_each_other_quickly_lose_sight_of_no_datagram()
    {
        _bench.AddReflector(Target);
        _bench.World.Link = packet => [(200 * Millisecond, packet)];
        _bench.AlignTo(10);

        // Each pace needs more room than the one before, and comes while replies to all of them are still awaited.
        foreach (double cyclesPerSecond in (double[])[10, 500, 2000, 8000])
        {
            _bench.Apply(Plan(cyclesPerSecond, 1, [Target]));
            _bench.RunFor(110 * Millisecond);
        }

        _bench.Apply(Plan(10, 1, [Target]));
        _bench.RunFor(25 * Second);

        Assert.Equal(2, _bench.Reports.Count);
        Assert.Equal(0, Total().Lost);
        Assert.Equal(Total().Sent, Total().Received);
    }

    [Fact]
    public void Plan_whose_socket_cannot_be_opened_leaves_the_other_one_in_force()
    {
        _bench.AddReflector(Target);
        _bench.Apply(Plan(10, 1, [Target]));
        _bench.RunFor(11 * Second);
        ProbingPlan plan = Plan(10, 1, [At(3)]);
        ProbingTest test = plan.Tests[0];
        SourcePort taken = test.Ports[0] with { Address = Target.Address, Port = Target.Port };
        Assert.Throws<System.Net.Sockets.SocketException>(
            () => _bench.Apply(plan with { Tests = [test with { Ports = [test.Ports[0] with { Ordinal = 9 }, taken] }] }));
        _bench.RunFor(11 * Second);

        Assert.Equal(1, _bench.OpenSockets);
        Assert.Equal(Target, _bench.Reports[^1].Summaries.Single().Destination);
    }

    [Fact]
    public void End_withdraws_what_was_still_on_its_way()
    {
        _bench.AddReflector(Target);
        _bench.World.Link = packet => [(200 * Millisecond, packet)];
        _bench.Apply(Plan(10, 1, [Target]));
        _bench.RunFor(4 * Second);
        _bench.Loop.Finish();

        DatagramCounts total = Total();
        Assert.Equal(0, total.Lost);
        Assert.Equal(total.Sent, total.Received);
        Assert.InRange(total.Sent, 30, 40);
    }

    [Fact]
    public void Path_marks_tell_remarking_and_changes_of_length()
    {
        _bench.AddReflector(Target);
        byte ttl = 60;
        _bench.World.Link = packet => [(100_000, packet.To.Port == 8100 ? packet with { Tos = 0x20, Ttl = ttl } : packet with { Ttl = 57 })];
        _bench.AlignTo(10);
        _bench.Apply(Plan(10, 1, [Target]));
        _bench.RunFor(5 * Second);
        ttl = 58;
        _bench.RunFor(6 * Second);

        PathMarks path = _bench.Reports[0].Summaries.Single().Path;
        Assert.Equal((byte)58, path.ForwardTtl);
        Assert.Equal((byte)57, path.ReverseTtl);
        Assert.Equal((byte)0x20, path.ForwardTos);
        Assert.Equal((byte)0, path.ReverseTos);
        Assert.Equal(_bench.Reports[0].Summaries.Single().Counts.Received, path.ForwardRemarked);
        Assert.Equal(0, path.ReverseRemarked);
        Assert.Equal(1, path.ForwardTtlChanges);
    }

    [Fact]
    public void Key_that_differs_leaves_received_and_takes_nothing_the_reflector_says()
    {
        var bench = new Bench(key: new byte[] { 1, 2, 3 });
        bench.AddReflector(Target);
        bench.Apply(Plan(10, 1, [Target]));
        bench.RunFor(25 * Second);
        Assert.All(bench.Summaries, summary => Assert.Null(summary.Counts.LostForward));
        Assert.All(bench.Summaries, summary => Assert.Equal(0, summary.Counts.Lost));
    }

    [Fact]
    public void Shared_key_lets_the_reflector_be_believed()
    {
        byte[] key = [1, 2, 3];
        var bench = new Bench(key);
        bench.AddReflector(Target, options: new() { Key = key, MaxPerSecond = null, MaxPerSecondPerSource = null });
        bench.Apply(Plan(10, 1, [Target]));
        bench.RunFor(25 * Second);
        Assert.All(bench.Summaries, summary => Assert.Equal(0, summary.Counts.LostForward));
        Assert.All(bench.Summaries, summary => Assert.Equal(0, summary.Counts.Lost));
    }

    [Fact]
    public void Thousands_of_targets_are_each_probed_at_their_pace()
    {
        IPEndPoint[] targets = [.. Enumerable.Range(0, 2500).Select(i => new IPEndPoint(new IPAddress([10, 1, (byte)(i / 250), (byte)(i % 250 + 1)]), 8100))];
        foreach (IPEndPoint target in targets) _bench.AddReflector(target, options: new() { MaxPerSecond = null, MaxPerSecondPerSource = null });
        Run(cyclesPerSecond: 0.1, flows: 4, seconds: 65, targets: targets, intervalSeconds: 30);

        Assert.Equal(2500, _bench.Reports[1].Summaries.Count);
        Assert.All(_bench.Reports[1].Summaries, summary => Assert.Equal(12, summary.Counts.Sent));
        Assert.Equal(0, Total().Lost);
    }

    private static IEnumerable<double> Gaps(IEnumerable<(long Nanos, ushort From, ulong To)> sent) =>
        sent.Zip(sent.Skip(1), (earlier, later) => (double)(later.Nanos - earlier.Nanos));

    private static bool Involves(Packet packet, int host) =>
        Equals(packet.To.ToIPAddress(), At(host).Address) || Equals(packet.From.ToIPAddress(), At(host).Address);

    /// <summary>Rewrites the reflector's receive counts as if it had begun to count anew.</summary>
    private static Link Renumber(Link link, uint fromReceives) => packet => link(packet).Select(copy =>
    {
        if (copy.Packet.To.Port == 8100) return copy;
        byte[] payload = [.. copy.Packet.Payload];
        Span<byte> receives = payload.AsSpan(27 + 32, 4);
        uint count = System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(receives);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(receives, count - fromReceives);
        return (copy.DelayNanos, copy.Packet with { Payload = payload });
    });

    private void Run(
        double cyclesPerSecond, int flows, int seconds, IPEndPoint[]? targets = null, int intervalSeconds = 10, int timeoutMillis = 500)
    {
        _bench.AlignTo(intervalSeconds);
        ProbingPlan plan = Plan(cyclesPerSecond, flows, targets ?? [Target], intervalSeconds, timeoutMillis);
        _bench.Apply(plan with { Tests = [] });
        _bench.RunFor(intervalSeconds * Second / 2);
        _started = _bench.Clock.Wall.ToDateTimeOffset();
        _bench.Apply(plan);
        _bench.RunFor(seconds * Second);

        // Nothing more is sent, and what was sent is judged.
        _stopped = _bench.Clock.Wall.ToDateTimeOffset();
        _bench.Apply(plan with { Tests = [] });
        _bench.RunFor((2 * intervalSeconds + 5) * Second);
    }

    /// <summary>Loses every so many datagrams in each direction; 0 loses none.</summary>
    private void LoseEvery(int forward, int reverse)
    {
        int there = 0, back = 0;
        _bench.World.Link = packet =>
        {
            bool isForward = packet.To.Port == 8100;
            int every = isForward ? forward : reverse;
            return every > 0 && ++(isForward ? ref there : ref back) % every == 0 ? Lose(packet) : [(100_000, packet)];
        };
    }

    private IEnumerable<(long DelayNanos, Packet Packet)> Lose(Packet packet)
    {
        bool isForward = packet.To.Port == 8100;
        _losses.Add((_bench.Clock.Wall.ToDateTimeOffset(), isForward ? packet.From.Port : packet.To.Port, isForward));
        return [];
    }

    /// <summary>
    /// Every flow of every interval that was probed to its end tells the directions of its losses: exactly, or, where losses of
    /// both kinds lie together across the end of an interval, within <paramref name="tolerance"/>.
    /// </summary>
    private void AssertDirections(int tolerance)
    {
        IntervalReport[] reports = [.. _bench.Reports.Where(report => report.End < _stopped && report.Summaries.Count > 0)];
        Assert.True(reports.Length > 2);
        foreach (IntervalReport report in reports)
        {
            foreach (FlowSummary flow in report.Summaries.SelectMany(summary => summary.Flows))
            {
                int expected = _losses.Count(loss =>
                    loss.Forward && loss.At >= report.Start && loss.At < report.End && loss.Port == flow.SourcePort);
                Assert.Equal(expected, flow.Counts.LostForward!.Value, (double)tolerance);
                Assert.Equal(flow.Counts.Lost, flow.Counts.LostForward + flow.Counts.LostReverse);
            }
        }
    }

    /// <summary>Summaries of the intervals that were probed from their beginning to their end.</summary>
    private IEnumerable<Summary> WholeIntervals() => _bench.Reports
        .Where(report => report.Start > _started + TimeSpan.FromSeconds(1) && report.End < _stopped)
        .SelectMany(report => report.Summaries);

    private DatagramCounts Total() => new()
    {
        Sent = _bench.Summaries.Sum(summary => summary.Counts.Sent),
        Received = _bench.Summaries.Sum(summary => summary.Counts.Received),
        Lost = _bench.Summaries.Sum(summary => summary.Counts.Lost),
        LostForward = _bench.Summaries.Sum(summary => summary.Counts.LostForward),
        LostReverse = _bench.Summaries.Sum(summary => summary.Counts.LostReverse),
        Late = _bench.Summaries.Sum(summary => summary.Counts.Late),
        Duplicates = _bench.Summaries.Sum(summary => summary.Counts.Duplicates),
        Reordered = _bench.Summaries.Sum(summary => summary.Counts.Reordered),
    };
}
