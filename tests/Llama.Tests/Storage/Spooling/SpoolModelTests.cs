using FsCheck;
using FsCheck.Fluent;
using Llama.Storage.Spooling;

namespace Llama.Tests.Storage.Spooling;

/// <summary>Whatever is done to a spool in whatever order, it is a list of records and a few numbers.</summary>
public sealed class SpoolModelTests
{
    private const int LongestStep = 10;

    private static readonly Arbitrary<List<(int Step, int Size)>> Steps =
        Gen.Zip(Gen.Choose(0, LongestStep), Gen.Choose(0, 1000)).ListOf().Resize(120).Select(steps => steps.ToList()).ToArbitrary();

    [Fact]
    public void It_reads_what_was_appended_until_it_is_acknowledged() =>
        Prop.ForAll(Steps, steps => Run(steps, new SpoolLimits { SegmentBytes = 3000 })).Check(Config.QuickThrowOnFailure.WithMaxTest(60));

    [Fact]
    public void It_keeps_to_its_limits_and_counts_what_they_cost() => Prop.ForAll(
        Steps,
        steps => Run(steps, new SpoolLimits { MaxBytes = 12_000, SegmentBytes = 3000, MaxAge = TimeSpan.FromMinutes(10) }))
        .Check(Config.QuickThrowOnFailure.WithMaxTest(60));

    private static void Run(List<(int Step, int Size)> steps, SpoolLimits limits)
    {
        using var folder = new SpoolFolder();
        using var model = new SpoolModel(folder, limits);
        foreach ((int step, int size) in steps)
        {
            ModelReader reader = model.Readers[size % model.Readers.Count];
            switch (step)
            {
                case 0 or 1 or 2:
                    model.Append(size);
                    break;
                case 3:
                    model.Append(size * 100);
                    break;
                case 4 or 5:
                    reader.Read(maxRecords: 1 + size % 7, maxBytes: 1 + size * 10);
                    break;
                case 6 or 7:
                    reader.Acknowledge(size);
                    break;
                case 8:
                    reader.Rewind();
                    break;
                case 9:
                    folder.Time.Pass(TimeSpan.FromSeconds(size / 4));
                    break;
                default:
                    model.Reopen(killed: size % 2 == 0);
                    break;
            }

            model.Check();
        }

        model.Reopen(killed: true);
        model.Check();
        foreach (ModelReader reader in model.Readers)
        {
            while (reader.Read(100, 10_000)) reader.Acknowledge(int.MaxValue);
            Assert.Equal(0, reader.Spooled.State.WaitingRecords);
        }

        model.Check();
    }
}

/// <summary>A spool, and what is known of it.</summary>
internal sealed class SpoolModel : IDisposable
{
    private readonly SpoolFolder _folder;
    private readonly SpoolLimits _limits;
    private Spool _spool;
    private string _path;

    public SpoolModel(SpoolFolder folder, SpoolLimits limits)
    {
        (_folder, _limits, _path) = (folder, limits, folder.Path);
        _spool = folder.Open(limits, "a", "b");
        Readers = [new ModelReader(this, "a"), new ModelReader(this, "b")];
    }

    public IReadOnlyList<ModelReader> Readers { get; }

    public List<byte[]> Appended { get; } = [];

    public Spool Spool => _spool;

    public void Append(int length)
    {
        byte[] record = SpoolFolder.Record(Appended.Count, length);
        _spool.Append(record);
        Appended.Add(record);
    }

    public void Reopen(bool killed)
    {
        if (!killed) _spool.Dispose();
        string path = killed ? _folder.Copy(_path) : _path;
        if (killed) _spool.Dispose();
        _path = path;
        foreach (ModelReader reader in Readers) reader.Forget();
        _spool = _folder.OpenAt(_path, _limits, "a", "b");
    }

    public void Check()
    {
        Assert.Empty(_folder.Warnings);
        Assert.True(_spool.Bytes <= Math.Max(_limits.MaxBytes, 32 + Appended.Max(record => (long?)record.Length) ?? 0));
        Assert.Equal(_spool.Bytes, SpoolFolder.Segments(_path).Sum(file => new FileInfo(file).Length));
        foreach (ModelReader reader in Readers) reader.Check();
    }

    public void Dispose() => _spool.Dispose();
}

internal sealed class ModelReader(SpoolModel model, string name)
{
    private readonly List<SpoolPosition> _starts = [];
    private int _first;
    private int _reading;
    private int _acknowledged;
    private long _dropped;
    private byte[] _note = [];

    public SpoolReader Spooled => model.Spool.Reader(name);

    public bool Read(int maxRecords, int maxBytes)
    {
        _reading = Math.Max(_reading, _acknowledged);
        SpoolBatch? batch = Spooled.Read(maxRecords, maxBytes);
        Assert.Equal(_reading == model.Appended.Count, batch is null);
        if (batch is null) return false;
        Assert.InRange(batch.Records.Count, 1, maxRecords);
        Assert.Equal(batch.Records.Count, batch.Starts.Count);
        if (batch.Records.Count > 1) Assert.True(batch.Records.Sum(record => 32 + record.Length) <= maxBytes);
        _starts.Clear();
        _first = _reading;
        for (int i = 0; i < batch.Records.Count; i++)
        {
            Assert.True(batch.Records[i].Span.SequenceEqual(model.Appended[_reading++]));
            Assert.True(_starts.Count == 0 || _starts[^1] < batch.Starts[i]);
            _starts.Add(batch.Starts[i]);
        }

        _starts.Add(batch.End);
        return true;
    }

    /// <summary>Up to some place in the last batch.</summary>
    public void Acknowledge(int place)
    {
        if (_starts.Count == 0) return;
        place = Math.Min(place, _starts.Count - 1);
        _note = [.. Enumerable.Repeat((byte)place, place % 65)];
        Spooled.Acknowledge(_starts[place], _note);
        _acknowledged = Math.Max(_acknowledged, _first + place);
    }

    public void Rewind()
    {
        Spooled.Rewind();
        _reading = _acknowledged;
    }

    /// <summary>What a process does not know of the one before.</summary>
    public void Forget()
    {
        _reading = _acknowledged;
        _starts.Clear();
        _dropped = 0;
    }

    public void Check()
    {
        SpoolState state = Spooled.State;
        int acknowledged = model.Appended.Count - (int)state.WaitingRecords;

        // Only the limits may have moved it further than it was told to, and then they have counted it.
        Assert.Equal(_dropped + acknowledged - _acknowledged, state.DroppedRecords);
        (_acknowledged, _dropped) = (acknowledged, state.DroppedRecords);
        Assert.Equal(model.Appended.Skip(acknowledged).Sum(record => 32L + record.Length), state.WaitingBytes);
        Assert.Equal(_note, Spooled.Note.ToArray());
        Assert.True(state.WaitingRecords > 0 || state.OldestAge == TimeSpan.Zero);
    }
}
