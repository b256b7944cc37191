using Llama.Storage.History;
using static Llama.Tests.Storage.History.HistoryRig;

namespace Llama.Tests.Storage.History;

public sealed class HistoryFaultTests : IDisposable
{
    private readonly HistoryRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [SkippableFact]
    public async Task A_full_disk_refuses_keeps_answering_and_goes_on_once_there_is_room()
    {
        using SmallDisk disk = SmallDisk.Mount(_rig.Parent, kilobytes: 3072);
        _rig.Data = Path.Combine(disk.Path, "data");
        await using SqliteHistoryStore store = _rig.Open();
        (string, int, int)[] pairs = [.. Enumerable.Range(0, 300).Select(number => ($"d{number}", 10, 1))];
        int taken = 0;
        IOException? full = null;
        while (full is null && taken < 1000)
        {
            try
            {
                await store.AppendAsync(Report("a", Noon.AddSeconds(30 * taken), pairs), default);
                taken++;
            }
            catch (IOException error)
            {
                full = error;
            }
        }

        Assert.Contains("the disk is full; make room", full!.Message, StringComparison.Ordinal);
        Assert.Equal(full.Message, store.Fault);
        Assert.Equal([full.Message], _rig.Warnings);
        Assert.Equal((3000 * taken, 300 * taken), await SumAsync(store));
        await Assert.ThrowsAsync<IOException>(async () => await store.AppendAsync(Report("b", Noon, ("a", 1, 0)), default));
        _rig.Time.Pass(TimeSpan.FromMinutes(1));
        Assert.NotNull(store.Fault);

        disk.Resize(kilobytes: 65536);
        _rig.Time.Pass(TimeSpan.FromMinutes(1));
        Assert.Null(store.Fault);
        Assert.Contains("can be written again", _rig.Informed[0], StringComparison.Ordinal);
        Assert.True(await store.AppendAsync(Report("a", Noon.AddSeconds(30 * taken), pairs), default));
        Assert.Equal((3000 * (taken + 1), 300 * (taken + 1)), await SumAsync(store));
        Assert.Equal(0, _rig.Ask("SELECT count(*) FROM trial"));

        _rig.Time.Pass(TimeSpan.FromHours(10));
        Assert.Equal(taken + 1, _rig.Level(HistoryLevel.Day).Values.First().Intervals);
        await store.DisposeAsync();
        await using SqliteHistoryStore again = _rig.Open();
        Assert.Equal((3000 * (taken + 1), 300 * (taken + 1)), await SumAsync(again));
    }

    [SkippableFact]
    public async Task Where_there_is_no_room_to_settle_all_stays_in_the_journal_and_is_settled_later()
    {
        using SmallDisk disk = SmallDisk.Mount(_rig.Parent, kilobytes: 65536);
        _rig.Data = Path.Combine(disk.Path, "data");
        await using SqliteHistoryStore store = _rig.Open();
        (string, int, int)[] pairs = [.. Enumerable.Range(0, 300).Select(number => ($"d{number}", 10, 1))];
        for (int i = 0; i < 40; i++) await store.AppendAsync(Report("a", Noon.AddSeconds(30 * i), pairs), default);
        string ballast = Path.Combine(disk.Path, "ballast");
        Fill(ballast);

        _rig.Time.Pass(TimeSpan.FromMinutes(40));

        Assert.Contains("stays in the journal", Assert.Single(_rig.Warnings), StringComparison.Ordinal);
        Assert.Equal((120_000, 12_000), await SumAsync(store));
        Assert.Equal(40, (await store.StatisticsAsync(default)).JournalReports);

        File.Delete(ballast);
        _rig.Time.Pass(TimeSpan.FromMinutes(20));
        Assert.Equal(0, (await store.StatisticsAsync(default)).JournalReports);
        Assert.Equal((120_000, 12_000), await SumAsync(store));
        Assert.Equal(120_000, _rig.Level(HistoryLevel.Day).Values.Sum(one => one.Sent));
    }

    [Fact]
    public async Task What_is_new_of_a_report_that_failed_is_stored_with_the_next_one()
    {
        await using (SqliteHistoryStore store = _rig.Open())
        {
            _rig.Run("ALTER TABLE trial RENAME TO other; ALTER TABLE report RENAME TO elsewhere");
            IOException failed = await Assert.ThrowsAsync<IOException>(async () => await store.AppendAsync(Report("a", Noon, ("b", 10, 1)), default));
            Assert.Equal(failed.Message, store.Fault);
            _rig.Time.Pass(TimeSpan.FromMinutes(1));
            Assert.NotNull(store.Fault);
            _rig.Run("ALTER TABLE other RENAME TO trial; ALTER TABLE elsewhere RENAME TO report");
            _rig.Time.Pass(TimeSpan.FromMinutes(1));
            Assert.Null(store.Fault);
            Assert.True(await store.AppendAsync(Report("a", Noon, ("b", 10, 1)), default));
        }

        await using SqliteHistoryStore again = _rig.Open();
        Assert.Equal((10, 1), await SumAsync(again));
        Assert.Equal(["b"], again.Find("g")!.Destinations.Select(destination => destination.Name));
    }

    [Fact]
    public async Task What_is_closed_takes_nothing_more()
    {
        SqliteHistoryStore store = _rig.Open();
        await store.AppendAsync(Report("a", Noon, ("b", 10, 1)), default);
        await store.DisposeAsync();
        await store.DisposeAsync();

        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await store.AppendAsync(Report("b", Noon, ("b", 10, 1)), default));
        _rig.Time.Pass(TimeSpan.FromHours(1));
        Assert.Empty(_rig.Warnings);
        Assert.Equal(1, _rig.Ask("SELECT count(*) FROM journal"));
    }

    private static void Fill(string path)
    {
        using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        foreach (int octets in (int[])[1 << 20, 1 << 14, 1 << 12])
        {
            try
            {
                while (true) file.Write(new byte[octets]);
            }
            catch (IOException)
            {
                // Full, for pieces of this size.
            }
        }
    }
}
