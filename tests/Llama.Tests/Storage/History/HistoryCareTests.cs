using System.Text;
using Llama.Storage;
using Llama.Storage.History;
using static Llama.Tests.Storage.History.HistoryRig;

namespace Llama.Tests.Storage.History;

public sealed class HistoryCareTests : IDisposable
{
    private readonly HistoryRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Fact]
    public async Task A_backup_is_whole_while_writing_goes_on()
    {
        string copy = Path.Combine(_rig.Parent, "copy", "history.db");
        Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
        await using SqliteHistoryStore store = _rig.Open();
        for (int i = 0; i < 40; i++) await store.AppendAsync(Report("a", Noon.AddSeconds(30 * i), ("b", 10, 1)), default);
        _rig.Time.Pass(TimeSpan.FromMinutes(12));

        Task backup = store.BackupAsync(copy, default);
        for (int i = 40; i < 60; i++) await store.AppendAsync(Report("a", Noon.AddSeconds(30 * i), ("b", 10, 1)), default);
        await backup;

        IOException refused = await Assert.ThrowsAsync<IOException>(() => store.BackupAsync(copy, default));
        Assert.Contains("is there already", refused.Message, StringComparison.Ordinal);
        Assert.Equal([copy], Directory.GetFiles(Path.GetDirectoryName(copy)!));
        _rig.Data = Path.GetDirectoryName(copy)!;
        await using SqliteHistoryStore copied = _rig.Open();
        (long sent, long lost) = await SumAsync(copied);
        Assert.Equal(sent, 10 * lost);
        Assert.InRange(lost, 40, 60);
        Assert.Empty(_rig.Warnings);
        Assert.Equal((600, 60), await SumAsync(store));
    }

    [Fact]
    public async Task A_backup_that_is_given_up_or_fails_leaves_no_file()
    {
        await using SqliteHistoryStore store = _rig.Open();
        await store.AppendAsync(Report("a", Noon, ("b", 10, 1)), default);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => store.BackupAsync(Path.Combine(_rig.Parent, "copy"), new CancellationToken(canceled: true)));
        IOException refused = await Assert.ThrowsAsync<IOException>(() => store.BackupAsync(Path.Combine(_rig.Parent, "nowhere", "copy"), default));

        Assert.Contains("no such directory", refused.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_rig.Parent));
    }

    [Fact]
    public async Task Pruning_drops_what_is_older_and_makes_the_file_smaller()
    {
        await using SqliteHistoryStore store = _rig.Open();
        (string, int, int)[] pairs = [.. Enumerable.Range(0, 300).Select(number => ($"d{number}", 10, 1))];
        for (int hour = 0; hour < 8; hour++)
            for (int i = 0; i < 10; i++) await store.AppendAsync(Report("a", Noon.AddHours(hour).AddSeconds(30 * i), pairs), default);
        _rig.Time.Pass(TimeSpan.FromHours(9));
        long version = store.Version("g", Noon.AddHours(1)), before = (await store.StatisticsAsync(default)).FileBytes;

        long octets = await store.PruneAsync(Noon.AddHours(6), HistoryLevel.Raw, default);

        Assert.True(octets > 0, $"{octets}");
        Assert.NotEqual(version, store.Version("g", Noon.AddHours(1)));
        HistoryStatistics statistics = await store.StatisticsAsync(default);
        Assert.True(statistics.FileBytes < before, $"{before} {statistics.FileBytes}");
        Assert.Equal(0, statistics.FreeBytes);
        Assert.Equal([Noon.AddHours(6), Noon, Noon, Noon, Noon.AddHours(-12)], statistics.Levels.Select(level => level.Oldest));
        Assert.Equal((240_000, 24_000), await SumAsync(store));

        await store.PruneAsync(Noon.AddHours(7), null, default);
        Assert.Equal(30_000, _rig.Level(HistoryLevel.Hour).Values.Sum(one => one.Sent));
        Assert.Equal(240_000, _rig.Level(HistoryLevel.Day).Values.Sum(one => one.Sent));
        Assert.False(await store.AppendAsync(Report("a", Noon, ("b", 10, 1)), default));
    }

    [Fact]
    public async Task A_history_is_read_and_pruned_beside_the_process_that_writes_it()
    {
        await using SqliteHistoryStore store = _rig.Open();
        for (int i = 0; i < 20; i++) await store.AppendAsync(Report("a", Noon.AddSeconds(30 * i), ("b", 10, 1)), default);
        _rig.Time.Pass(TimeSpan.FromHours(1));
        await store.AppendAsync(Report("a", Noon.AddHours(1), ("b", 10, 1)), default);

        await using (SqliteHistoryStore beside = SqliteHistoryStore.OpenBeside(_rig.Data, _rig.Time))
        {
            Assert.Equal((210, 21), await SumAsync(beside));
            await Assert.ThrowsAsync<InvalidOperationException>(async () => await beside.AppendAsync(Report("x", Noon, ("b", 10, 1)), default));
            await beside.PruneAsync(Noon.AddMinutes(10), HistoryLevel.Raw, default);
            Assert.Null(beside.Fault);
        }

        await store.AppendAsync(Report("a", Noon.AddMinutes(8), ("c", 1, 0)), default);
        await store.AppendAsync(Report("a", Noon.AddMinutes(61), ("b", 10, 1)), default);
        _rig.Time.Pass(TimeSpan.FromHours(1));
        Assert.Equal((1, 20), (_rig.Level(HistoryLevel.Raw).Count, _rig.Level(HistoryLevel.Raw).Values.Sum(one => one.Sent)));
        Assert.Equal((220, 22), await SumAsync(store));
    }

    [Fact]
    public void Where_there_is_no_history_none_is_opened_beside()
    {
        IOException refused = Assert.Throws<IOException>(() => { SqliteHistoryStore.OpenBeside(_rig.Data); });
        Assert.Contains("there is no history", refused.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_rig.Data));
    }

    [Fact]
    public async Task A_file_of_a_newer_version_is_refused_and_left_alone()
    {
        await _rig.Open().DisposeAsync();
        _rig.Run("PRAGMA user_version = 99");
        byte[] before = File.ReadAllBytes(_rig.Database);

        Assert.Contains("newer llama", Assert.Throws<IOException>(() => { _rig.Open(); }).Message, StringComparison.Ordinal);
        Assert.Contains("newer llama", Assert.Throws<IOException>(() => { SqliteHistoryStore.OpenBeside(_rig.Data); }).Message, StringComparison.Ordinal);

        Assert.Equal(before, File.ReadAllBytes(_rig.Database));
        Assert.Empty(_rig.Warnings);
    }

    [Fact]
    public void A_file_of_an_older_version_is_brought_forward_step_by_step()
    {
        string path = Path.Combine(_rig.Parent, "file.db");
        var first = new SqliteLayout("PRAGMA journal_mode = WAL", 1, ["CREATE TABLE one (a INTEGER); INSERT INTO one VALUES (1)"]);
        SqliteFile.Open(path, first).Dispose();
        SqliteLayout second = first with { Steps = [.. first.Steps, "ALTER TABLE one ADD b INTEGER; UPDATE one SET b = a + 1", "CREATE TABLE two AS SELECT b FROM one"] };

        Assert.Contains("older llama", Assert.Throws<IOException>(() => { SqliteFile.ConnectToRead(path, second); }).Message, StringComparison.Ordinal);
        using (SqliteFile file = SqliteFile.Open(path, second)) Assert.Equal((2, 3), (file.Number("SELECT b FROM two"), file.Number("PRAGMA user_version")));

        Assert.Contains("newer llama (version 3 of its tables, this one knows 1)", Assert.Throws<IOException>(() => { SqliteFile.Open(path, first); }).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_step_forward_that_fails_leaves_the_file_as_it_was()
    {
        string path = Path.Combine(_rig.Parent, "file.db");
        var first = new SqliteLayout("PRAGMA journal_mode = WAL", 1, ["CREATE TABLE one (a INTEGER)"]);
        SqliteFile.Open(path, first).Dispose();

        Assert.Throws<IOException>(() => { SqliteFile.Open(path, first with { Steps = [.. first.Steps, "CREATE TABLE two (a INTEGER); CREATE TABLE one (a INTEGER)"] }); });

        using SqliteFile file = SqliteFile.Open(path, first);
        Assert.Equal((1, 1), (file.Number("SELECT count(*) FROM sqlite_master"), file.Number("PRAGMA user_version")));
    }

    [Theory]
    [InlineData("garbage")]
    [InlineData("torn")]
    [InlineData("empty")]
    public async Task A_damaged_file_is_set_aside_and_told(string damage)
    {
        await using (SqliteHistoryStore store = _rig.Open())
        {
            (string, int, int)[] pairs = [.. Enumerable.Range(0, 300).Select(number => ($"d{number}", 10, 1))];
            for (int i = 0; i < 10; i++) await store.AppendAsync(Report("a", Noon.AddSeconds(30 * i), pairs), default);
        }

        byte[] whole = File.ReadAllBytes(_rig.Database);
        byte[] damaged = damage switch
        {
            "garbage" => Encoding.UTF8.GetBytes(new string('?', 5000)),
            "torn" => [.. whole[..32768], .. new byte[whole.Length - 32768]],
            _ => [.. new byte[whole.Length]],
        };
        File.WriteAllBytes(_rig.Database, damaged);

        await using (SqliteHistoryStore store = _rig.Open())
        {
            Assert.Empty(store.Groups);
            Assert.True(await store.AppendAsync(Report("a", Noon, ("b", 10, 1)), default));
        }

        string aside = Path.Combine(_rig.Data, "history-damaged-1.db");
        Assert.Equal(damaged, File.ReadAllBytes(aside));
        Assert.Contains(aside, Assert.Single(_rig.Warnings), StringComparison.Ordinal);
        await using SqliteHistoryStore again = _rig.Open();
        Assert.Equal((10, 1), await SumAsync(again));
    }

    [Fact]
    public async Task A_large_file_is_judged_by_its_length_and_a_sample_of_its_rows()
    {
        await using (SqliteHistoryStore store = _rig.Open())
        {
            for (int i = 0; i < 10; i++) await store.AppendAsync(Report($"s{i}", Noon, ("b", 10, 1)), default);
            _rig.Time.Pass(TimeSpan.FromMinutes(20));
        }

        Assert.Null(Fault());
        _rig.Run("UPDATE minute SET counts = CAST(substr(counts, 1, length(counts) - 1) || x'ff' AS BLOB) WHERE key = (SELECT max(key) FROM minute)");
        Assert.Contains("table minute", Fault(), StringComparison.Ordinal);
        using (var file = new FileStream(_rig.Database, FileMode.Open)) file.SetLength(file.Length - 16384);
        Assert.Contains("damaged", Fault(), StringComparison.Ordinal);

        string? Fault() => SqliteFile.FaultOf(_rig.Database, connection => HistoryCheck.FaultOf(connection, maxReadWhole: 0));
    }

    [Fact]
    public async Task Damaged_rows_and_reports_are_put_aside_and_stop_nothing()
    {
        await using SqliteHistoryStore store = _rig.Open();
        await store.AppendAsync(Report("a", Noon, ("b", 10, 1)), default);
        _rig.Time.Pass(TimeSpan.FromMinutes(20));
        await store.AppendAsync(Report("a", Noon.AddSeconds(30), ("b", 20, 2)), default);
        await store.AppendAsync(Report("a", Noon.AddSeconds(60), ("b", 40, 4)), default);
        _rig.Run("UPDATE hour SET counts = x'00', detail = x''; UPDATE journal SET counts = x'01' WHERE id = (SELECT max(id) FROM journal)");

        _rig.Time.Pass(TimeSpan.FromMinutes(20));

        Assert.Contains("2 of its entries were damaged", Assert.Single(_rig.Warnings), StringComparison.Ordinal);
        Assert.Equal((1, 2, 30, 3), Assert.Single(_rig.Level(HistoryLevel.TenMinutes)).Value);
        Assert.Equal((1, 1, 20, 2), Assert.Single(_rig.Level(HistoryLevel.Hour)).Value);
        Assert.Equal(2, _rig.Ask("SELECT count(*) FROM damaged"));
        Assert.Equal(0, (await store.StatisticsAsync(default)).JournalReports);
        Assert.Null(store.Fault);
    }
}
