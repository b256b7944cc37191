using System.Text;
using Llama.Storage.Registry;
using Microsoft.Data.Sqlite;

namespace Llama.Tests.Storage;

public sealed class SqliteRegistryStoreTests : IDisposable
{
    private static readonly DateTimeOffset At = new(2026, 11, 22, 12, 0, 0, 123, TimeSpan.Zero);

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("llama-registry-");
    private readonly List<string> _warnings = [];

    private string Data => Path.Combine(_directory.FullName, "some", "data");

    private string Database => Path.Combine(Data, "registry.db");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public async Task What_was_committed_is_there_after_a_restart()
    {
        await using (SqliteRegistryStore store = Open())
        {
            await store.CommitAsync([Put("g", "a", "1"), Put("g", "b", "2"), Put("h", "a", "3")], default);
            await store.CommitAsync([Put("g", "a", "4"), Drop("g", "b")], default);
            await store.RecordRenewalsAsync([new(new("h", "a"), At.AddSeconds(30)), new(new("gone", "a"), At)], default);
        }

        Assert.Equal(["g/a 4 12:00:00.123", "h/a 3 12:00:30.123"], await ReadAsync());
        Assert.Empty(_warnings);
    }

    [Fact]
    public async Task The_last_change_of_a_name_in_a_commit_counts()
    {
        await using (SqliteRegistryStore store = Open())
            await store.CommitAsync([Put("g", "a", "1"), Drop("g", "a"), Put("g", "a", "2"), Put("g", "b", "3"), Drop("g", "b")], default);

        Assert.Equal(["g/a 2 12:00:00.123"], await ReadAsync());
    }

    [Fact]
    public async Task Names_and_documents_are_data_whatever_they_hold()
    {
        string[] names = ["'; DROP TABLE registration; --", "\"", "ä\u0001\u202E", "a\0b", "🦙", "", "A", "a", "a ", "%", "_"];
        await using (SqliteRegistryStore store = Open())
            await store.CommitAsync([.. names.Select(name => Put(name, name, name))], default);
        await using SqliteRegistryStore again = Open();

        Assert.Equal(names, (await again.LoadAsync(default)).Select(stored => stored.Key.Name));
    }

    [Fact]
    public async Task Calls_from_many_threads_take_turns()
    {
        await using (SqliteRegistryStore store = Open())
            await Task.WhenAll(Enumerable.Range(0, 50).Select(i => Task.Run(() => store.CommitAsync([Put("g", $"{i}", "x"), Put("g", "all", $"{i}")], default))));

        Assert.Equal(51, (await ReadAsync()).Count);
    }

    [Fact]
    public async Task A_directory_belongs_to_one_server_at_a_time()
    {
        await using (SqliteRegistryStore first = Open())
        {
            IOException refused = Assert.Throws<IOException>(Open);
            Assert.Contains("another llama server has it", refused.Message, StringComparison.Ordinal);
            Assert.Contains("--data", refused.Message, StringComparison.Ordinal);
        }

        await Open().DisposeAsync();
    }

    [Fact]
    public async Task A_file_of_a_newer_version_is_refused_and_left_alone()
    {
        await Open().DisposeAsync();
        Run("PRAGMA user_version = 99");
        byte[] before = File.ReadAllBytes(Database);

        IOException refused = Assert.Throws<IOException>(Open);

        Assert.Contains("newer llama", refused.Message, StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllBytes(Database));
        Run("PRAGMA user_version = 1");
        await Open().DisposeAsync();
    }

    [Theory]
    [InlineData("garbage")]
    [InlineData("torn")]
    [InlineData("empty")]
    public async Task A_damaged_file_is_set_aside_and_told(string damage)
    {
        await using (SqliteRegistryStore store = Open())
            await store.CommitAsync([.. Enumerable.Range(0, 500).Select(i => Put("g", $"{i}", new string('x', 300)))], default);
        byte[] whole = File.ReadAllBytes(Database);
        byte[] damaged = damage switch
        {
            "garbage" => Encoding.UTF8.GetBytes(new string('?', 5000)),
            "torn" => [.. whole[..8192], .. new byte[whole.Length - 8192]],
            _ => [.. new byte[whole.Length]],
        };
        File.WriteAllBytes(Database, damaged);

        Assert.Empty(await ReadAsync());

        string aside = Path.Combine(Data, "registry-damaged-1.db");
        Assert.Equal(damaged, File.ReadAllBytes(aside));
        Assert.Contains(aside, Assert.Single(_warnings), StringComparison.Ordinal);
        File.WriteAllBytes(Database, damaged);
        Assert.Empty(await ReadAsync());
        Assert.True(File.Exists(Path.Combine(Data, "registry-damaged-2.db")));
    }

    [Fact]
    public void A_directory_that_cannot_be_made_is_told()
    {
        string file = Path.Combine(_directory.FullName, "file");
        File.WriteAllText(file, "");

        IOException refused = Assert.Throws<IOException>(() => SqliteRegistryStore.Open(Path.Combine(file, "data"), _warnings.Add));

        Assert.Contains("--data", refused.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_full_disk_refuses_and_goes_on_once_there_is_room()
    {
        using SmallDisk disk = SmallDisk.Mount(_directory.FullName, kilobytes: 512);
        string big = new('x', 2000);
        await using SqliteRegistryStore store = SqliteRegistryStore.Open(Path.Combine(disk.Path, "data"), _warnings.Add);
        int stored = 0;
        IOException? full = null;
        while (full is null && stored < 10_000)
        {
            try
            {
                await store.CommitAsync([Put("g", $"{stored}", big)], default);
                stored++;
            }
            catch (IOException error)
            {
                full = error;
            }
        }

        Assert.Contains("the disk is full; make room", full!.Message, StringComparison.Ordinal);
        Assert.Equal(stored, (await store.LoadAsync(default)).Count);
        await Assert.ThrowsAsync<IOException>(() => store.CommitAsync([Put("g", "big", new string('x', 1_000_000))], default));

        disk.Resize(kilobytes: 8192);
        await store.CommitAsync([Put("g", "after", big)], default);
        Assert.Equal(stored + 1, (await store.LoadAsync(default)).Count);
        await store.DisposeAsync();
        await using SqliteRegistryStore again = SqliteRegistryStore.Open(Path.Combine(disk.Path, "data"), _warnings.Add);
        Assert.Equal(stored + 1, (await again.LoadAsync(default)).Count);
        Assert.Empty(_warnings);
    }

    private static RegistryChange Put(string group, string name, string document) =>
        new(new(group, name), new StoredRegistration(new(group, name), Encoding.UTF8.GetBytes(document), At));

    private static RegistryChange Drop(string group, string name) => new(new(group, name), null);

    private SqliteRegistryStore Open() => SqliteRegistryStore.Open(Data, _warnings.Add);

    private async Task<IReadOnlyList<string>> ReadAsync()
    {
        await using SqliteRegistryStore store = Open();
        return [.. (await store.LoadAsync(default)).Select(stored =>
            $"{stored.Key.Group}/{stored.Key.Name} {Encoding.UTF8.GetString(stored.Document.Span)} {stored.RenewedAt:HH:mm:ss.fff}")];
    }

    private void Run(string statement)
    {
        using var connection = new SqliteConnection($"Data Source={Database};Pooling=False");
        connection.Open();
        using SqliteCommand command = connection.CreateCommand();
#pragma warning disable CA2100 // Written above.
        command.CommandText = statement;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }
}
