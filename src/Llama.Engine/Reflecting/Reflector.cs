using System.Net;
using Llama.Wire.Clocks;
using Llama.Wire.Sockets;

namespace Llama.Engine.Reflecting;

/// <summary>
/// Sends datagrams back to where they came from. Holds a thread for each worker, each with a socket of its own on the same port.
/// Its members may be called from any thread.
/// </summary>
public sealed class Reflector : IDisposable
{
    private readonly List<IDatagramNetwork> _networks = [];
    private readonly List<IDatagramSocket> _sockets = [];
    private readonly List<ReflectorWorker> _workers = [];
    private readonly List<Thread> _threads = [];
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _stopping;

    /// <summary>Opens the sockets and starts the workers.</summary>
    /// <param name="newNetwork">Makes a network for each worker; they are disposed with the reflector.</param>
    /// <param name="clock">What it reads time from.</param>
    /// <param name="options">Where it listens and what it refuses.</param>
    /// <exception cref="System.Net.Sockets.SocketException">The address or port can't be bound.</exception>
    public Reflector(Func<IDatagramNetwork> newNetwork, Clock clock, ReflectorOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Workers, 1);
        TokenBucket? bucket = options.MaxPerSecond is { } rate ? new TokenBucket(rate) : null;
        try
        {
            IPEndPoint bind = options.Bind;
            for (int i = 0; i < options.Workers; i++)
            {
                IDatagramNetwork network = newNetwork();
                _networks.Add(network);
                IDatagramSocket socket = network.Open(new DatagramSocketOptions
                {
                    Bind = bind,
                    ReusePort = options.Workers > 1,

                    // A reply that is too long for the way back gets lost, and so is seen. The kernel's default would fragment it
                    // as soon as it has heard of a smaller MTU, from whoever claims so.
                    DontFragment = true,
                });
                _sockets.Add(socket);
                _workers.Add(new ReflectorWorker(socket, clock, options, bucket));

                // With port 0 the kernel chooses once; the other workers join it there.
                bind = new IPEndPoint(bind.Address, socket.LocalEndPoint.Port);
            }
        }
        catch
        {
            Close();
            throw;
        }

        for (int i = 0; i < options.Workers; i++)
        {
            int worker = i;
            var thread = new Thread(() => Run(_networks[worker], _workers[worker])) { IsBackground = true, Name = $"reflector {i}" };
            _threads.Add(thread);
            thread.Start();
        }
    }

    /// <summary>The counters now, over all workers.</summary>
    public ReflectorCounters Counters
    {
        get
        {
            // Verdicts first: the workers go on meanwhile, and no more must seem to have been judged than received.
            long[] byVerdict = [.. Enum.GetValues<ReflectorVerdict>().Select(verdict => _workers.Sum(worker => worker[verdict]))];
            return new ReflectorCounters
            {
                Received = _workers.Sum(worker => worker.Received),
                ByVerdict = byVerdict,
                ReceiveDrops = _workers.Sum(worker => worker.ReceiveDrops),
            };
        }
    }

    /// <summary>The address and port it listens on.</summary>
    public IPEndPoint LocalEndPoint => _sockets[0].LocalEndPoint;

    /// <summary>Bytes of receive buffer the kernel granted each socket.</summary>
    public int ReceiveBufferBytes => _sockets[0].ReceiveBufferBytes;

    /// <summary>Ends when a worker has failed, with its exception; never before <see cref="Dispose"/> otherwise.</summary>
    public Task Completion => _completion.Task;

    /// <summary>
    /// Answers only datagrams that are authenticated with another key from now on, or, with an empty one, all. Datagrams under way meanwhile
    /// are lost.
    /// </summary>
    public void Rekey(ReadOnlySpan<byte> key)
    {
        foreach (ReflectorWorker worker in _workers) worker.Rekey(key);
    }

    /// <summary>Stops the workers and closes the sockets.</summary>
    public void Dispose()
    {
        if (_stopping) return;
        _stopping = true;
        foreach (IDatagramNetwork network in _networks) network.Wake();
        foreach (Thread thread in _threads) thread.Join();
        Close();
        _completion.TrySetResult();
    }

    private void Run(IDatagramNetwork network, ReflectorWorker worker)
    {
        try
        {
            var ready = new IDatagramSocket?[1];
            while (!_stopping)
            {
                if (worker.Step() == 0) network.Wait(ready, -1);
            }
        }
        catch (Exception exception) when (!_stopping)
        {
            _completion.TrySetException(exception);
        }
    }

    private void Close()
    {
        foreach (IDatagramSocket socket in _sockets) socket.Dispose();
        foreach (IDatagramNetwork network in _networks) network.Dispose();
    }
}
