using System.Numerics;
using FsCheck;
using FsCheck.Fluent;
using Llama.Server.Sinks.Records;
using Llama.Server.Sinks.Views;
using Llama.Storage.Spooling;
using static Llama.Tests.Sinks.Rows;

namespace Llama.Tests.Sinks.Views;

/// <summary>
/// A spool, a clock and a loop that reads for a roll-up, run by any list of commands: reports come in any order, the loop stops for
/// long, dies before or after it has delivered, and starts again from what it acknowledged last.
/// </summary>
public sealed class RollUpPropertyTests
{
    private const int Seconds = 30;
    private const int MostOfInterval = 60;

    [Fact]
    public void No_interval_is_lost_or_halved_or_doubled_whatever_happens()
    {
        Gen<Command[]> commands =
            from count in Gen.Choose(10, 400)
            from list in Gen.ArrayOf(
                Gen.Frequency(
                    (5, Gen.Choose(0, 1000).Select(seed => new Command(Act.Append, seed))),
                    (3, Gen.Choose(0, 20).Select(seconds => new Command(Act.Wait, seconds))),
                    (3, Gen.Choose(0, 30).Select(records => new Command(Act.Read, records))),
                    (2, Gen.Constant(new Command(Act.CatchUp, 0))),
                    (1, Gen.Constant(new Command(Act.Acknowledge, 0))),
                    (1, Gen.Choose(0, 12).Select(n => new Command(n < 2 ? Act.Outage : Act.Crash, n)))),
                count)
            select list;
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(400), Prop.ForAll(commands.ToArbitrary(), list => new World().Run(list)));
    }

    private enum Act
    {
        Append,
        Wait,
        Read,
        CatchUp,
        Acknowledge,
        Crash,
        Outage,
    }

    private readonly record struct Command(Act Act, int Argument);

    private sealed class World
    {
        private static readonly SinkViewOptions Options = new() { Rows = SinkRows.RolledUp, By = ["region"] };

        private readonly FakeTime _time = new();
        private readonly List<ReadOnlyMemory<byte>> _spool = [];
        private readonly List<ReadOnlyMemory<byte>> _ready = [];

        /// <summary>Of each interval, which of its records came in time, which came at all, and which were delivered last; bit n is its nth.</summary>
        private readonly Dictionary<int, long> _inTime = [];
        private readonly Dictionary<int, long> _all = [];
        private readonly Dictionary<int, long> _delivered = [];
        private SinkView _view;
        private int _next;
        private int _acknowledged;
        private byte[] _note = [];

        public World() => _view = new SinkView(Options, _time);

        private int Interval => (int)((_time.GetUtcNow() - Start).TotalSeconds / Seconds);

        public bool Run(Command[] commands)
        {
            _time.Pass(TimeSpan.FromMinutes(3));
            foreach (Command command in commands) Do(command);
            for (int i = 0; i < 2; i++)
            {
                CatchUp();
                _time.Pass(TimeSpan.FromHours(1));
            }

            foreach ((int interval, long inTime) in _inTime)
                if ((_delivered.GetValueOrDefault(interval) & inTime) != inTime) throw new InvalidOperationException($"Interval {interval} is not whole.");
            return _view.OldestHeld is null;
        }

        private void Do(Command command)
        {
            switch (command.Act)
            {
                case Act.Append:
                    for (int i = 0; i <= command.Argument % 10; i++) Append((command.Argument + i) % 7 % 4);
                    break;
                case Act.Wait:
                    _time.Pass(TimeSpan.FromSeconds(command.Argument));
                    break;
                case Act.Read:
                    Read(command.Argument);
                    break;
                case Act.CatchUp:
                    CatchUp();
                    break;
                case Act.Acknowledge:
                    Deliver();
                    Acknowledge();
                    break;
                case Act.Crash:
                    // With or without what was given out having been delivered; never with an acknowledgement.
                    if (command.Argument % 2 == 0) Deliver();
                    Restart();
                    break;
                case Act.Outage:
                    for (int i = 0; i < 40; i++)
                    {
                        _time.Pass(TimeSpan.FromSeconds(10));
                        for (int n = 0; n < 3; n++) Append(n % 2);
                    }

                    break;
            }
        }

        /// <summary>A report of one of the last intervals comes.</summary>
        private void Append(int ago)
        {
            int interval = Interval - 1 - ago;
            long all = _all.GetValueOrDefault(interval);
            int number = BitOperations.PopCount((ulong)all);
            if (number == MostOfInterval) return;
            DateTimeOffset start = Start.AddSeconds(interval * Seconds);
            _spool.Add(Record(writer => writer.Pair("10.0.0.2", Counts(1L << number, 0)), start: start));
            _all[interval] = all | (1L << number);
            if (_time.GetUtcNow() < start.AddSeconds(Seconds) + Options.Grace) _inTime[interval] = _inTime.GetValueOrDefault(interval) | (1L << number);
        }

        private void Read(int records)
        {
            for (int i = 0; i < records && _next < _spool.Count; i++, _next++) _view.Take(_spool[_next], new SpoolPosition(1, _next), _ready);
        }

        private void CatchUp()
        {
            Read(int.MaxValue);
            _view.TakeRipe(_ready);
            Deliver();
            Acknowledge();
        }

        private void Deliver()
        {
            foreach (ReadOnlyMemory<byte> record in _ready)
            {
                int interval = (int)((new ReportReader(record.Span).Start - Start).TotalSeconds / Seconds);
                ReadRow row = Assert.Single(Rows.Read(record));
                long sent = row[Measure.Sent]!.Value;
                if (BitOperations.PopCount((ulong)sent) != row[Measure.Pairs] || (sent & ~_all[interval]) != 0)
                    throw new InvalidOperationException($"Interval {interval} counts a record twice.");
                if ((_delivered.GetValueOrDefault(interval) & ~sent) != 0)
                    throw new InvalidOperationException($"Interval {interval} was given out again with less in it.");
                _delivered[interval] = sent;
            }

            _ready.Clear();
        }

        private void Acknowledge()
        {
            _acknowledged = (int)Math.Min(_next, _view.OldestHeld?.Offset ?? _next);
            _note = _view.Note.ToArray();
        }

        private void Restart()
        {
            _ready.Clear();
            _view = new SinkView(Options, _time);
            _view.Restore(_note);
            _next = _acknowledged;
        }
    }
}
