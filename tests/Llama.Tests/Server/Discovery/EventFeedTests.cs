using System.Net;
using Llama.Mesh.Membership;
using Llama.Server.Discovery;

namespace Llama.Tests.Server.Discovery;

public class EventFeedTests
{
    private readonly EventFeed _feed = new();

    [Fact]
    public void Events_come_oldest_first_from_where_one_left_off()
    {
        Happen(5);

        Assert.Equal([1, 2, 3, 4, 5], Sequences(0, 100));
        Assert.Equal([3, 4], Sequences(2, 2));
        Assert.Empty(Sequences(5, 100));
        Assert.Equal(5, _feed.Newest);
    }

    [Fact]
    public void Only_the_newest_are_kept()
    {
        Happen(EventFeed.Capacity + 10);

        Assert.Equal([11, 12], Sequences(0, 2));
        Assert.Equal(EventFeed.Capacity, Sequences(0, int.MaxValue).Count());
    }

    [Fact]
    public void A_place_from_before_the_server_started_is_behind_everything()
    {
        Happen(3);

        Assert.Equal([1, 2, 3], Sequences(900, 100));
        Assert.Equal([1, 2, 3], Sequences(-1, 100));
        Assert.Empty(Sequences(0, -1));
    }

    [Fact]
    public async Task Who_waits_hears_of_the_next_event()
    {
        Happen(2);
        await _feed.WaitAsync(1, default);
        Task waits = _feed.WaitAsync(2, default);
        Assert.False(waits.IsCompleted);
        Happen(1);

        await waits.WaitAsync(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task Waiting_can_be_given_up()
    {
        using var stop = new CancellationTokenSource();
        Task waits = _feed.WaitAsync(0, stop.Token);
        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waits);
    }

    private void Happen(int count)
    {
        long from = _feed.Newest;
        _feed.Append([.. Enumerable.Range(1, count).Select(i =>
            new MeshEvent(from + i, DateTimeOffset.UnixEpoch, MeshEventKind.Joined, "g", "a", IPAddress.Loopback, 1, null))]);
    }

    private IEnumerable<long> Sequences(long after, int limit) => _feed.After(after, limit).Select(one => one.Sequence);
}
