using System.Diagnostics;
using System.Text;
using Llama.Storage.Spooling;

namespace Llama.Tests.Storage.Spooling;

public sealed class SpoolTests : IDisposable
{
    private static readonly SpoolLimits Limits = new();

    private readonly SpoolFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_checksum_is_that_of_its_standard() => Assert.Equal(0xE3069283u, Crc32C.Of("123456789"u8));

    [Fact]
    public void A_new_reader_begins_at_the_end_and_a_known_one_where_it_was()
    {
        using (Spool spool = _folder.Open(Limits, "old"))
        {
            for (int i = 0; i < 3; i++) spool.Append(SpoolFolder.Record(i, 10));
            spool.Reader("old").Acknowledge(spool.Reader("old").Read(2, 1000)!.Starts[1], "note"u8);
        }

        using Spool again = _folder.Open(Limits, "old", "new");
        again.Append(SpoolFolder.Record(3, 10));

        Assert.Equal("note", Encoding.ASCII.GetString(again.Reader("old").Note));
        Assert.Equal([1, 2, 3], SpoolFolder.ReadAll(again.Reader("old")));
        Assert.Empty(again.Reader("new").Note.ToArray());
        Assert.Equal([3], SpoolFolder.ReadAll(again.Reader("new")));
        Assert.Throws<KeyNotFoundException>(() => again.Reader("other"));
    }

    [Fact]
    public void Readers_that_are_not_named_any_more_are_forgotten_and_hold_nothing_back()
    {
        var limits = new SpoolLimits { SegmentBytes = 100 };
        using (Spool spool = _folder.Open(limits, "kept", "gone", "../a/b"))
        {
            for (int i = 0; i < 5; i++) spool.Append(SpoolFolder.Record(i, 60));
            SpoolFolder.ReadAll(spool.Reader("kept"), acknowledge: true);
            Assert.Equal(5, SpoolFolder.Segments(_folder.Path).Count);
            Assert.Equal(3, Directory.GetFiles(_folder.Path, "*.place").Length);
        }

        using (Spool spool = _folder.Open(limits, "kept"))
        {
            Assert.Equal(0, spool.Bytes);
            Assert.Empty(SpoolFolder.Segments(_folder.Path));
            Assert.Equal("kept.place", Path.GetFileName(Assert.Single(Directory.GetFiles(_folder.Path, "*.place"))));
            spool.Append(SpoolFolder.Record(5, 60));
        }

        using Spool again = _folder.Open(limits, "kept", "gone");
        Assert.Equal([5], SpoolFolder.ReadAll(again.Reader("kept")));
        Assert.Empty(SpoolFolder.ReadAll(again.Reader("gone")));
    }

    [Fact]
    public void A_reader_that_lags_loses_the_oldest_segments_and_counts_their_records()
    {
        using Spool spool = _folder.Open(new SpoolLimits { MaxBytes = 8000, SegmentBytes = 1000 }, "lags", "keeps-up");
        for (int i = 0; i < 100; i++)
        {
            spool.Append(SpoolFolder.Record(i, 168));
            Assert.Equal([i], SpoolFolder.ReadAll(spool.Reader("keeps-up"), acknowledge: true));
        }

        // Five of 200 octets to a segment, and eight segments.
        SpoolState state = spool.Reader("lags").State;
        Assert.Equal(8000, spool.Bytes);
        Assert.Equal(new SpoolState(40, 8000, TimeSpan.Zero, 60), state);
        Assert.Equal(new SpoolState(0, 0, TimeSpan.Zero, 0), spool.Reader("keeps-up").State);
        Assert.Equal(Enumerable.Range(60, 40), SpoolFolder.ReadAll(spool.Reader("lags")));
    }

    [Fact]
    public void What_was_dropped_is_not_counted_again_after_a_restart()
    {
        var limits = new SpoolLimits { MaxBytes = 8000, SegmentBytes = 1000 };
        using (Spool spool = _folder.Open(limits, "lags"))
        {
            for (int i = 0; i < 100; i++) spool.Append(SpoolFolder.Record(i, 168));
            Assert.Equal(60, spool.Reader("lags").State.DroppedRecords);
        }

        using (Spool again = _folder.Open(limits, "lags")) Assert.Equal(0, again.Reader("lags").State.DroppedRecords);

        using Spool smaller = _folder.Open(limits with { MaxBytes = 4000 }, "lags");
        Assert.Equal(20, smaller.Reader("lags").State.DroppedRecords);
        Assert.Equal(Enumerable.Range(80, 20), SpoolFolder.ReadAll(smaller.Reader("lags")));
    }

    [Fact]
    public void What_is_older_than_the_limit_goes_and_steps_of_the_wall_clock_drop_nothing()
    {
        using (Spool spool = _folder.Open(Limits, "a"))
        {
            spool.Append(SpoolFolder.Record(0, 10));
            _folder.Time.Pass(TimeSpan.FromHours(12));
            spool.Append(SpoolFolder.Record(1, 10));
            Assert.Equal(TimeSpan.FromHours(12), spool.Reader("a").State.OldestAge);
            _folder.Time.StepWall(TimeSpan.FromDays(400));
            spool.Append(SpoolFolder.Record(2, 10));
            Assert.Equal(0, spool.Reader("a").State.DroppedRecords);
            _folder.Time.StepWall(TimeSpan.FromDays(-500));
            Assert.Equal(TimeSpan.Zero, spool.Reader("a").State.OldestAge);
            _folder.Time.StepWall(TimeSpan.FromDays(100));
            _folder.Time.Pass(TimeSpan.FromHours(13));
            spool.Append(SpoolFolder.Record(3, 10));
            Assert.Equal(1, spool.Reader("a").State.DroppedRecords);
            Assert.Equal([1, 2, 3], SpoolFolder.ReadAll(spool.Reader("a")));
        }

        // Nobody was there while the last of it became too old.
        _folder.Time.Pass(TimeSpan.FromHours(25));
        using Spool again = _folder.Open(Limits, "a");
        Assert.Equal((0, 0), (again.Bytes, again.Reader("a").State.WaitingRecords));
        Assert.Equal(3, again.Reader("a").State.DroppedRecords);
    }

    [Fact]
    public void Segments_that_all_have_acknowledged_are_deleted()
    {
        using Spool spool = _folder.Open(new SpoolLimits { SegmentBytes = 1000 }, "a", "b");
        for (int i = 0; i < 50; i++) spool.Append(SpoolFolder.Record(i, 168));
        SpoolFolder.ReadAll(spool.Reader("a"), acknowledge: true);
        Assert.Equal(10_000, spool.Bytes);

        SpoolBatch first = spool.Reader("b").Read(5, 10_000)!, second = spool.Reader("b").Read(5, 10_000)!;
        spool.Reader("b").Acknowledge(second.Starts[4]);
        Assert.Equal(9000, spool.Bytes);
        spool.Reader("b").Acknowledge(second.End);
        Assert.Equal(8000, spool.Bytes);

        // Too late, and no harm.
        spool.Reader("b").Acknowledge(first.End, "n"u8);
        Assert.Equal(("n", 40), (Encoding.ASCII.GetString(spool.Reader("b").Note), spool.Reader("b").State.WaitingRecords));
    }

    [Fact]
    public void A_record_longer_than_anything_passes_alone()
    {
        using Spool spool = _folder.Open(new SpoolLimits { MaxBytes = 100_000, SegmentBytes = 1000 }, "a");
        byte[] empty = [], huge = SpoolFolder.Record(1, 20_000_000);
        spool.Append(empty);
        spool.Append(SpoolFolder.Record(0, 10));
        Assert.Equal([0, 4 + 6], spool.Reader("a").Read(9, 100)!.Records.Select(record => record.Length));

        spool.Append(huge);
        Assert.True(spool.Reader("a").Read(9, 1)!.Records.Single().Span.SequenceEqual(huge));
        Assert.Equal(20_000_032, spool.Bytes);
        Assert.Equal(2, spool.Reader("a").State.DroppedRecords);

        spool.Append(SpoolFolder.Record(2, 10));
        Assert.Equal([2], SpoolFolder.ReadAll(spool.Reader("a")));
        Assert.Equal(42, spool.Bytes);
    }

    [Fact]
    public async Task Waiting_ends_with_a_record_with_time_or_with_cancellation()
    {
        using Spool spool = _folder.Open(Limits, "a");
        SpoolReader reader = spool.Reader("a");

        Task forRecord = reader.WaitAsync(TimeSpan.FromMinutes(1), default);
        Assert.False(forRecord.IsCompleted);
        spool.Append("r"u8);
        await forRecord;
        Assert.True(reader.WaitAsync(TimeSpan.FromMinutes(1), default).IsCompletedSuccessfully);

        SpoolBatch batch = reader.Read(1, 1)!;
        Task forTime = reader.WaitAsync(TimeSpan.FromMinutes(1), default);
        _folder.Time.Pass(TimeSpan.FromSeconds(59));
        Assert.False(forTime.IsCompleted);
        _folder.Time.Pass(TimeSpan.FromSeconds(1));
        await forTime;

        reader.Rewind();
        Assert.True(reader.WaitAsync(TimeSpan.FromMinutes(1), default).IsCompletedSuccessfully);
        reader.Acknowledge(batch.End);
        using var cancellation = new CancellationTokenSource();
        Task forever = reader.WaitAsync(Timeout.InfiniteTimeSpan, cancellation.Token);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => forever);
    }

    [Fact]
    public void Many_append_and_read_at_once_and_nothing_is_lost()
    {
        const int writers = 4, each = 2000;
        using Spool spool = _folder.Open(new SpoolLimits { SegmentBytes = 20_000 }, "a", "b");
        List<int>[] read = [[], []];
        Thread[] threads =
        [
            .. Enumerable.Range(0, writers).Select(writer => new Thread(() =>
            {
                for (int i = 0; i < each; i++) spool.Append(SpoolFolder.Record(writer * each + i, 10 + i % 300));
            })),
            .. read.Select((list, index) => new Thread(() =>
            {
                SpoolReader reader = spool.Reader(index == 0 ? "a" : "b");
                while (list.Count < writers * each)
                {
                    reader.WaitAsync(Timeout.InfiniteTimeSpan, default).Wait();
                    list.AddRange(SpoolFolder.ReadAll(reader, acknowledge: true, maxRecords: 100));
                }
            })),
        ];
        foreach (Thread thread in threads) thread.Start();
        foreach (Thread thread in threads) thread.Join();

        Assert.All(read, list => Assert.Equal(Enumerable.Range(0, writers * each), list.Order()));
        Assert.All(read, list => Assert.All(list.GroupBy(index => index / each), ofWriter => Assert.Equal(ofWriter.Order(), ofWriter)));
        Assert.Equal(read[0], read[1]);
        Assert.True(spool.Bytes <= 20_000);
        Assert.Empty(_folder.Warnings);
    }

    [Fact]
    public void The_directory_belongs_to_one_and_mistakes_are_told()
    {
        using (Spool spool = _folder.Open(Limits, "a"))
        {
            IOException taken = Assert.Throws<IOException>(() => _folder.Open(Limits, "a"));
            Assert.Equal($"{_folder.Path}: another llama has it; stop that one, or name another directory.", taken.Message);
            spool.Append("r"u8);
            Assert.Throws<ArgumentException>(() => spool.Reader("a").Acknowledge(new SpoolPosition(1, 0)));
            Assert.Throws<ArgumentOutOfRangeException>(() => spool.Reader("a").Acknowledge(spool.Reader("a").Read(1, 1)!.End, new byte[65]));
            Assert.Throws<ArgumentOutOfRangeException>(() => spool.Reader("a").Read(0, 1));
        }

        Assert.Throws<ArgumentException>(() => _folder.Open(Limits, "a", "a"));
        Spool closed = _folder.Open(Limits, "a");
        closed.Dispose();
        Assert.Throws<ObjectDisposedException>(() => closed.Append("r"u8));

        File.WriteAllText(Path.Combine(_folder.Root.FullName, "file"), "");
        IOException notOne = Assert.Throws<IOException>(() => _folder.OpenAt(Path.Combine(_folder.Root.FullName, "file"), Limits, "a"));
        Assert.Contains("can't make the directory", notOne.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void A_full_disk_refuses_whole_records_and_goes_on_once_there_is_room()
    {
        using SmallDisk disk = SmallDisk.Mount(_folder.Root.FullName, kilobytes: 512);
        string path = Path.Combine(disk.Path, "spool");
        var limits = new SpoolLimits { SegmentBytes = 100_000 };
        int stored = 0;
        using (Spool spool = _folder.OpenAt(path, limits, "a"))
        {
            IOException? full = null;
            while (full is null && stored < 1000)
            {
                try
                {
                    spool.Append(SpoolFolder.Record(stored, 9000));
                    stored++;
                }
                catch (IOException error)
                {
                    full = error;
                }
            }

            Assert.Contains("make room there", full!.Message, StringComparison.Ordinal);
            Assert.InRange(stored, 40, 60);
            Assert.Throws<IOException>(() => spool.Append(SpoolFolder.Record(stored, 300_000)));
            Assert.Equal(stored, spool.Reader("a").State.WaitingRecords);

            // The place is written all the same, what is acknowledged makes room, and what was refused left nothing behind.
            SpoolBatch batch = spool.Reader("a").Read(20, 1 << 20)!;
            spool.Reader("a").Acknowledge(batch.End);
            spool.Append(SpoolFolder.Record(stored++, 9000));
            spool.Reader("a").Rewind();
            Assert.Equal(Enumerable.Range(batch.Records.Count, stored - batch.Records.Count), SpoolFolder.ReadAll(spool.Reader("a")));
        }

        using Spool again = _folder.OpenAt(path, limits, "a");
        Assert.Equal(stored - 1, SpoolFolder.ReadAll(again.Reader("a"))[^1]);
        Assert.Empty(_folder.Warnings);
    }

    [Fact]
    public void A_killed_process_loses_nothing_that_it_was_told_is_appended_or_acknowledged()
    {
        int appended = 0, acknowledged = 0;
        for (int round = 0; round < 3; round++)
        {
            using (var process = Process.Start(new ProcessStartInfo("dotnet", [typeof(SpoolTests).Assembly.Location, "spool", _folder.Path]) { RedirectStandardOutput = true })!)
            {
                for (int line = 0; line < 2000 + 700 * round; line++) Note(process.StandardOutput.ReadLine()!);
                process.Kill();
                while (process.StandardOutput.ReadLine() is { } line)
                {
                    // The last one may have been cut by the end of the process.
                    if (line.EndsWith('.')) Note(line);
                }

                process.WaitForExit();
            }

            using Spool spool = _folder.Open(SpoolingProcess.Limits, "a");
            List<int> left = SpoolFolder.ReadAll(spool.Reader("a"));
            Assert.Equal(left.Count == 0 ? [] : Enumerable.Range(left[0], left.Count), left);
            Assert.InRange(left.Count == 0 ? appended : left[0], acknowledged, acknowledged + SpoolingProcess.MostInBatch);
            Assert.InRange(left.Count == 0 ? appended : left[^1] + 1, appended, appended + 1);
            Assert.Equal(0, spool.Reader("a").State.DroppedRecords);
            Assert.Empty(_folder.Warnings);

            // The next one goes on where this one was stopped.
            if (left.Count > 0) appended = left[^1] + 1;
        }

        Assert.True(acknowledged > 1000);

        void Note(string line)
        {
            int value = int.Parse(line.AsSpan(1, line.Length - 2), System.Globalization.CultureInfo.InvariantCulture);
            if (line[0] == '+') appended = value;
            else acknowledged = value;
        }
    }
}
