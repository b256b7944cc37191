using Llama.Server.Discovery.Native;

namespace Llama.Tests.Server.Discovery.Native;

public sealed class LongPollsTests
{
    private readonly FakeTime _time = new();

    [Fact]
    public async Task News_end_a_wait_and_so_does_time()
    {
        var polls = new LongPolls(10, _time);
        var news = new TaskCompletionSource();

        Task<bool> heard = polls.WaitAsync(cancellation => news.Task.WaitAsync(cancellation), TimeSpan.FromSeconds(30), CancellationToken.None);
        Task<bool> late = polls.WaitAsync(cancellation => Task.Delay(Timeout.Infinite, cancellation), TimeSpan.FromSeconds(30), CancellationToken.None);
        Assert.Equal(2, polls.Waiting);
        news.SetResult();
        Assert.True(await heard);
        _time.Pass(TimeSpan.FromSeconds(29.9));
        Assert.False(late.IsCompleted);
        _time.Pass(TimeSpan.FromSeconds(0.1));

        Assert.False(await late);
        Assert.Equal(0, polls.Waiting);
    }

    [Fact]
    public async Task A_client_that_goes_away_waits_no_longer()
    {
        var polls = new LongPolls(1, _time);
        using var client = new CancellationTokenSource();
        Task<bool> waiting = polls.WaitAsync(cancellation => Task.Delay(Timeout.Infinite, cancellation), TimeSpan.FromSeconds(30), client.Token);
        Assert.True(polls.IsFull);

        await client.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        Assert.False(polls.IsFull);
    }
}
