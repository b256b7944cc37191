using System.Net;
using Llama.Wire.Sockets;

namespace Llama.Tests.Wire.Sockets;

/// <summary>Two sockets over loopback, and the waiting that tests would repeat.</summary>
internal sealed class Exchange : IDisposable
{
    private const long PatienceNanos = 5_000_000_000;

    internal Exchange(Backend backend, IPAddress to, IPAddress? from = null, DatagramSocketOptions? receiving = null)
    {
        Network = backend.Open();
        Receiver = Network.Open((receiving ?? Options(to)) with { Bind = new IPEndPoint(to, 0) });
        Sender = Network.Open(Options(from ?? to));
    }

    internal IDatagramNetwork Network { get; }

    internal IDatagramSocket Receiver { get; }

    internal IDatagramSocket Sender { get; }

    internal static DatagramSocketOptions Options(IPAddress address) => new() { Bind = new IPEndPoint(address, 0) };

    /// <summary>The receiver's port on an address.</summary>
    internal UdpEndpoint Target(IPAddress address) =>
        UdpEndpoint.From(new IPEndPoint(address, Receiver.LocalEndPoint.Port));

    /// <summary>A batch of datagrams to one peer, each of which starts with its index.</summary>
    internal static DatagramBatch BatchTo(UdpEndpoint to, int count, int length = 64, int maxLength = 2048)
    {
        var batch = new DatagramBatch(count, maxLength) { Count = count };
        for (int i = 0; i < count; i++)
        {
            batch[i] = new Datagram { Remote = to, Length = length };
            batch.Payload(i).Fill((byte)i);
        }
        return batch;
    }

    /// <summary>Takes datagrams until there are enough, in the order in which they came.</summary>
    internal List<Arrival> Take(IDatagramSocket socket, int count, int maxLength = 2048)
    {
        var arrivals = new List<Arrival>();
        var batch = new DatagramBatch(Math.Max(count, 1), maxLength);
        IDatagramSocket?[] ready = new IDatagramSocket?[4];
        while (arrivals.Count < count)
        {
            if (socket.Receive(batch) == 0 && Network.Wait(ready, PatienceNanos) == 0)
                Assert.Fail($"{count - arrivals.Count} of {count} datagrams did not arrive");
            for (int i = 0; i < batch.Count; i++)
                arrivals.Add(new Arrival(batch[i], batch.Payload(i).ToArray()));
        }
        return arrivals;
    }

    public void Dispose() => Network.Dispose();
}

internal sealed record Arrival(Datagram Header, byte[] Bytes);
