using System.Net;
using System.Net.Sockets;
using Llama.Wire.Clocks;
using Llama.Wire.Sockets;
using Llama.Wire.Sockets.Linux;
using Llama.Wire.Sockets.Portable;

namespace Llama.Tests.Wire.Sockets;

/// <summary>Opening, waiting and waking, over real loopback sockets.</summary>
public sealed class DatagramNetworkTests
{
    private const long Forever = -1;
    private const long OneMilli = 1_000_000;

    [Fact]
    public void The_batched_calls_are_taken_on_Linux_unless_the_portable_ones_are_wanted()
    {
        using IDatagramNetwork network = DatagramNetwork.Create();
        using IDatagramNetwork portable = DatagramNetwork.Create(portable: true);
        Assert.Equal(OperatingSystem.IsLinux(), network is LinuxDatagramNetwork);
        Assert.IsType<PortableDatagramNetwork>(portable);
    }

    [Theory]
    [ClassData(typeof(AllBackends))]
    public void A_port_in_use_is_refused(Backend backend)
    {
        using IDatagramNetwork network = backend.Open();
        using IDatagramSocket first = network.Open(Exchange.Options(IPAddress.Loopback));
        var error = Assert.Throws<SocketException>(() => network.Open(new() { Bind = first.LocalEndPoint }));
        Assert.Equal(SocketError.AddressAlreadyInUse, error.SocketErrorCode);
        Assert.Contains(first.LocalEndPoint.ToString(), error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [ClassData(typeof(AllBackends))]
    public void A_wildcard_port_in_use_is_refused(Backend backend)
    {
        using IDatagramNetwork network = backend.Open();
        using IDatagramSocket first = network.Open(Exchange.Options(IPAddress.Any));
        var taken = new IPEndPoint(IPAddress.Any, first.LocalEndPoint.Port);
        var error = Assert.Throws<SocketException>(() => network.Open(new() { Bind = taken }));
        Assert.Equal(SocketError.AddressAlreadyInUse, error.SocketErrorCode);
    }

    [Theory]
    [ClassData(typeof(AllBackends))]
    public void An_address_of_another_host_is_refused(Backend backend)
    {
        using IDatagramNetwork network = backend.Open();
        var error = Assert.Throws<SocketException>(() => network.Open(Exchange.Options(IPAddress.Parse("192.0.2.9"))));
        Assert.Equal(SocketError.AddressNotAvailable, error.SocketErrorCode);
        Assert.Contains("192.0.2.9", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [ClassData(typeof(AllBackends))]
    public void A_shared_port_takes_a_second_socket_and_each_flow_sticks_to_one(Backend backend)
    {
        using IDatagramNetwork network = backend.Open();
        using IDatagramSocket first = network.Open(Exchange.Options(IPAddress.Loopback) with { ReusePort = true });
        using IDatagramSocket second = network.Open(new() { Bind = first.LocalEndPoint, ReusePort = true });
        UdpEndpoint target = UdpEndpoint.From(first.LocalEndPoint);
        var seen = new DatagramBatch(4, 100);
        for (int flow = 0; flow < 8; flow++)
        {
            using IDatagramSocket sender = network.Open(Exchange.Options(IPAddress.Loopback));
            Assert.Equal(4, sender.Send(Exchange.BatchTo(target, 4)));
            int atFirst = first.Receive(seen);
            int atSecond = second.Receive(seen);
            Assert.Equal((0, 4), (Math.Min(atFirst, atSecond), Math.Max(atFirst, atSecond)));
        }
    }

    [Theory]
    [ClassData(typeof(AllBackends))]
    public void Wait_tells_which_sockets_can_be_read(Backend backend)
    {
        using IDatagramNetwork network = backend.Open();
        IDatagramSocket[] sockets = [.. Enumerable.Range(0, 20).Select(_ => network.Open(Exchange.Options(IPAddress.Loopback)))];
        foreach (int index in new[] { 3, 17 })
            sockets[0].Send(Exchange.BatchTo(UdpEndpoint.From(sockets[index].LocalEndPoint), 1));

        IDatagramSocket?[] ready = new IDatagramSocket?[20];
        int count = network.Wait(ready, Forever);
        Assert.Equal([sockets[3], sockets[17]], ready.Take(count).OrderBy(s => Array.IndexOf(sockets, s)));
    }

    [Theory]
    [ClassData(typeof(AllBackends))]
    public void Wait_fills_no_more_than_it_is_given(Backend backend)
    {
        using IDatagramNetwork network = backend.Open();
        IDatagramSocket[] sockets = [.. Enumerable.Range(0, 4).Select(_ => network.Open(Exchange.Options(IPAddress.Loopback)))];
        foreach (IDatagramSocket socket in sockets)
            sockets[0].Send(Exchange.BatchTo(UdpEndpoint.From(socket.LocalEndPoint), 1));
        Assert.Equal(2, network.Wait(new IDatagramSocket?[2], Forever));
        Assert.Equal(0, network.Wait([], 0));
    }

    [Theory]
    [ClassData(typeof(AllBackends))]
    public void Wait_lasts_at_least_as_long_as_it_was_told(Backend backend)
    {
        using IDatagramNetwork network = backend.Open();
        foreach (long timeout in new[] { 1, 50_000, OneMilli, 3 * OneMilli / 2 })
        {
            MonotonicTime start = Clock.System.Monotonic;
            Assert.Equal(0, network.Wait(new IDatagramSocket?[1], timeout));
            Assert.True(Clock.System.Monotonic - start >= timeout);
        }
        Assert.Equal(0, network.Wait(new IDatagramSocket?[1], 0));
    }

    [Theory]
    [ClassData(typeof(AllBackends))]
    public void A_wake_ends_the_next_wait_and_no_other(Backend backend)
    {
        using IDatagramNetwork network = backend.Open();
        IDatagramSocket?[] ready = new IDatagramSocket?[1];
        network.Wake();
        network.Wake();
        Assert.Equal(0, network.Wait(ready, Forever));
        MonotonicTime start = Clock.System.Monotonic;
        Assert.Equal(0, network.Wait(ready, OneMilli));
        Assert.True(Clock.System.Monotonic - start >= OneMilli);
    }

    [Theory]
    [ClassData(typeof(AllBackends))]
    public async Task A_wake_ends_the_current_wait(Backend backend)
    {
        using IDatagramNetwork network = backend.Open();
        Task<int> waiting = Task.Factory.StartNew(
            () => network.Wait(new IDatagramSocket?[1], Forever), default, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        network.Wake();
        Assert.Equal(0, await waiting.WaitAsync(TimeSpan.FromSeconds(10)));
    }

    [Theory]
    [ClassData(typeof(AllBackends))]
    public async Task Disposing_ends_the_wait_of_another_thread(Backend backend)
    {
        for (int round = 0; round < 50; round++)
        {
            IDatagramNetwork network = backend.Open();
            network.Open(Exchange.Options(IPAddress.Loopback));
            Task waiting = Task.Factory.StartNew(
                () =>
                {
                    IDatagramSocket?[] ready = new IDatagramSocket?[1];
                    Assert.Throws<ObjectDisposedException>(WaitOn);

                    void WaitOn()
                    {
                        while (true)
                            network.Wait(ready, Forever);
                    }
                },
                default, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            network.Dispose();
            await waiting.WaitAsync(TimeSpan.FromSeconds(10));
            network.Wake();
            network.Dispose();
        }
    }

    [Theory]
    [ClassData(typeof(AllBackends))]
    public void A_closed_socket_gives_its_port_back_and_is_waited_for_no_more(Backend backend)
    {
        using IDatagramNetwork network = backend.Open();
        IDatagramSocket socket = network.Open(Exchange.Options(IPAddress.Loopback));
        socket.Send(Exchange.BatchTo(UdpEndpoint.From(socket.LocalEndPoint), 1));
        socket.Dispose();
        socket.Dispose();
        Assert.Equal(0, network.Wait(new IDatagramSocket?[1], 0));
        using IDatagramSocket again = network.Open(new() { Bind = socket.LocalEndPoint });
        Assert.Equal(socket.LocalEndPoint, again.LocalEndPoint);
    }
}
