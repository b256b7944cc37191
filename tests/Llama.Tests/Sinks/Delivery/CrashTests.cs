using Llama.Server.Sinks.Delivery;
using Llama.Server.Sinks.Views;
using Llama.Storage.Spooling;
using Llama.Tests.Server;

namespace Llama.Tests.Sinks.Delivery;

/// <summary>Processes that die while they deliver, and what sinks have in the end.</summary>
public sealed class CrashTests
{
    private const int Lives = 6;

    [Fact]
    public async Task However_often_and_wherever_a_process_dies_each_sink_has_everything_and_the_order_holds()
    {
        for (int seed = 0; seed < 25; seed++) await LiveAndDieAsync(seed);
    }

    private static async Task LiveAndDieAsync(int seed)
    {
        var random = new Random(seed);
        DirectoryInfo directory = Directory.CreateTempSubdirectory("llama-crash-");
        try
        {
            ScriptedSink[] sinks = [new("db"), new("other")];
            var accepted = new List<string>();
            int next = 0;
            for (int life = 0; life < Lives; life++)
            {
                bool isLast = life == Lives - 1;
                await using var process = new Process(directory.FullName, sinks, random);
                for (int step = random.Next(1, 6); step > 0 && !process.IsDead; step--)
                {
                    for (int i = random.Next(40); i > 0; i--)
                    {
                        DateTimeOffset end = Reports.Noon.AddSeconds(++next);
                        process.Spool.Append(DeliveryWorld.Record(end, pairs: 1 + next % 3).Span);
                        accepted.AddRange(Enumerable.Range(0, 1 + next % 3).Select(pair => $"g/a {end:HH:mm:ss} host{pair}"));
                    }

                    if (!isLast && random.Next(3) == 0) process.DieAt(random.Next(sinks.Length), taken: random.Next(2) == 0);
                    await process.PassAsync(random.Next(4));
                }

                if (isLast) await process.UntilAsync(() => sinks.All(sink => sink.Lines.Distinct().Count() == accepted.Count), seed);
            }

            foreach (ScriptedSink sink in sinks) Assert.Equal(accepted, sink.Lines.Distinct());
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    /// <summary>A process that delivers until it dies: from then on nothing of it goes on.</summary>
    private sealed class Process : IAsyncDisposable
    {
        private readonly FakeTime _time = new();
        private readonly CancellationTokenSource _end = new();
        private readonly ScriptedSink[] _sinks;
        private readonly TaskCompletionSource[] _died;
        private readonly Task[] _pumps;

        public Process(string directory, ScriptedSink[] sinks, Random random)
        {
            _sinks = sinks;
            _died = [.. sinks.Select(_ => new TaskCompletionSource())];
            foreach (ScriptedSink sink in sinks) (sink.Before, sink.After) = (_ => Task.CompletedTask, _ => Task.CompletedTask);
            Spool = Spool.Open(Path.Combine(directory, "sinks"), [.. sinks.Select(sink => sink.Name)], new SpoolLimits { SegmentBytes = 4096 }, _time, _ => { });
            var options = new SinkPumpOptions { Directory = directory, Time = _time, Random = random };
            _pumps = [.. sinks.Select(sink => new SinkPump(sink.Name, sink, new SinkView(new SinkViewOptions(), _time), Spool.Reader(sink.Name), options).RunAsync(_end.Token, _end.Token))];
        }

        public Spool Spool { get; }

        public bool IsDead => _died.Any(died => died.Task.IsCompleted);

        /// <summary>The process dies in a sink's next call: before the sink has taken anything, or behind.</summary>
        public void DieAt(int sink, bool taken)
        {
            Task Never(CancellationToken cancellation)
            {
                _died[sink].TrySetResult();
                return new TaskCompletionSource().Task;
            }

            if (taken) _sinks[sink].After = Never;
            else _sinks[sink].Before = Never;
        }

        public async Task PassAsync(int seconds)
        {
            for (int i = 0; i <= seconds && !IsDead; i++)
            {
                await Task.Run(() => _time.Pass(TimeSpan.FromSeconds(1)));
                await Task.Delay(1);
            }
        }

        public async Task UntilAsync(Func<bool> holds, int seed)
        {
            for (int i = 0; !holds(); i++)
            {
                Assert.True(i < 1000, $"Something never came, seed {seed}.");
                await PassAsync(1);
            }
        }

        public async ValueTask DisposeAsync()
        {
            await _end.CancelAsync();
            await Task.WhenAll(_pumps.Zip(_died, (pump, died) => Task.WhenAny(pump, died.Task)));
            Spool.Dispose();
            _end.Dispose();
        }
    }
}
