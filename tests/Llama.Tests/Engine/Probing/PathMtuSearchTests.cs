using System.Net;
using Llama.Engine.Probing;
using Llama.Engine.Reflecting;
using Llama.Tests.Engine.Simulation;
using static Llama.Tests.Engine.Simulation.Bench;

namespace Llama.Tests.Engine.Probing;

public sealed class PathMtuSearchTests
{
    private const int Largest = 9216;
    private static readonly IPEndPoint Target = At(2);

    private readonly Bench _bench = new();
    private readonly Random _random = new(7);

    [Theory]
    [InlineData(Largest, Largest, Largest, SizeLimit.None, Largest, SizeLimit.None)]
    [InlineData(1472, 1472, 1472, SizeLimit.Path, 1472, SizeLimit.OtherWay)]
    [InlineData(1372, 9000, 1372, SizeLimit.Path, 1372, SizeLimit.OtherWay)]
    [InlineData(9000, 1372, 9000, SizeLimit.Path, 1372, SizeLimit.Path)]
    [InlineData(1471, 1470, 1471, SizeLimit.Path, 1470, SizeLimit.Path)]
    [InlineData(1473, 1473, 1473, SizeLimit.Path, 1473, SizeLimit.OtherWay)]
    [InlineData(Largest, 84, Largest, SizeLimit.None, 84, SizeLimit.Path)]
    [InlineData(84, 84, 84, SizeLimit.Path, 84, SizeLimit.OtherWay)]
    [InlineData(8972, 8971, 8972, SizeLimit.Path, 8971, SizeLimit.Path)]
    public void Each_way_has_a_limit_of_its_own(int there, int back, int forward, SizeLimit why, int reverse, SizeLimit whyReverse)
    {
        _bench.AddReflector(Target);
        Limit(there, back);

        PathMtu found = Find()!;
        Assert.Equal(new PathLimit(forward, why), found.Forward);
        Assert.Equal(new PathLimit(reverse, whyReverse), found.Reverse);
    }

    [Fact]
    public void A_size_that_the_kernel_refuses_is_the_limit_of_this_host()
    {
        _bench.AddReflector(Target);
        Limit(Largest, 1200);

        PathMtu found = Find(socket => socket.MaxLength = 1472)!;
        Assert.Equal(new PathLimit(1472, SizeLimit.Local), found.Forward);
        Assert.Equal(new PathLimit(1200, SizeLimit.Path), found.Reverse);
    }

    [Theory]
    [InlineData(0.05)]
    [InlineData(0.1)]
    public void Chance_losses_are_not_taken_for_a_limit(double loss)
    {
        _bench.AddReflector(Target);
        Limit(1372, 1272, loss);

        PathMtu found = Find()!;
        Assert.InRange(found.Forward!.Value.Size, 1350, 1372);
        Assert.InRange(found.Reverse.Size, 1250, 1272);
    }

    [Fact]
    public void A_reflector_that_does_not_count_tells_of_the_round_trip_only()
    {
        _bench.AddScripted(Target, packet => [packet.Payload]);
        Limit(1372, 1272);

        PathMtu found = Find()!;
        Assert.Null(found.Forward);
        Assert.Equal(new PathLimit(1272, SizeLimit.Path), found.Reverse);
    }

    [Fact]
    public void Nobody_there_is_found_out() => Assert.Null(Find());

    [Fact]
    public void Replies_are_authenticated_where_there_is_a_key()
    {
        byte[] key = [1, 2, 3];
        _bench.AddReflector(Target, options: new ReflectorOptions { MaxPerSecond = null, MaxPerSecondPerSource = null, Key = key });
        Limit(1372, 1272);

        Assert.Equal(1372, Find(key: key)!.Forward!.Value.Size);
        Assert.Null(Find(key: [3, 2, 1]));
    }

    [Fact]
    public void It_can_be_cancelled()
    {
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();

        Assert.Throws<OperationCanceledException>(() => Find(cancellation: cancelled.Token));
    }

    private void Limit(int there, int back, double loss = 0) =>
        _bench.World.Link = packet =>
            packet.Payload.Length > (packet.To.Port == Target.Port ? there : back) || _random.NextDouble() < loss ? [] : [(100_000, packet)];

    private PathMtu? Find(Action<SimulatedSocket>? prepare = null, byte[]? key = null, CancellationToken cancellation = default)
    {
        SimulatedNetwork network = _bench.World.NewNetwork(_bench.Clock);
        using var search = new PathMtuSearch(
            network, _bench.Clock, new PathMtuOptions { Target = Target, Source = IPAddress.Parse("10.0.0.1"), Key = key ?? [] });
        prepare?.Invoke(network.Sockets[0]);
        return search.Find(cancellation);
    }
}
