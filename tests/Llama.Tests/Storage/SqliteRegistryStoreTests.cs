using System.Text;
using Llama.Storage.Registry;

namespace Llama.Tests.Storage;

public sealed class SqliteRegistryStoreTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("llama-registry-");
    private readonly List<string> _warnings = [];

    private string Data => Path.Combine(_directory.FullName, "data");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public async Task What_was_committed_is_there_after_a_restart()
    {
        DateTimeOffset at = new(2026, 11, 22, 12, 0, 0, 123, TimeSpan.Zero);
        await using (SqliteRegistryStore store = Open())
        {
            await store.CommitAsync([Put("g", "a", "1", at), Put("g", "b", "2", at), Put("h", "a", "3", at)], default);
            await store.CommitAsync([Put("g", "a", "4", at), new RegistryChange(new("g", "b"), null)], default);
            await store.RecordRenewalsAsync([new(new("h", "a"), at.AddSeconds(30)), new(new("gone", "a"), at)], default);
        }

        await using SqliteRegistryStore again = Open();
        IReadOnlyList<StoredRegistration> all = await again.LoadAsync(default);

        Assert.Equal(["g/a 4 12:00:00.123", "h/a 3 12:00:30.123"], all.Select(Text));
        Assert.Empty(_warnings);
    }

    private static RegistryChange Put(string group, string name, string document, DateTimeOffset at) =>
        new(new(group, name), new StoredRegistration(new(group, name), Encoding.UTF8.GetBytes(document), at));

    private static string Text(StoredRegistration stored) =>
        $"{stored.Key.Group}/{stored.Key.Name} {Encoding.UTF8.GetString(stored.Document.Span)} {stored.RenewedAt:HH:mm:ss.fff}";

    private SqliteRegistryStore Open() => SqliteRegistryStore.Open(Data, _warnings.Add);
}
