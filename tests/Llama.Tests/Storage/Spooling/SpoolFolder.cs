using System.Buffers.Binary;
using Llama.Storage.Spooling;

namespace Llama.Tests.Storage.Spooling;

/// <summary>A place for spools that is gone after the test, and records that can be told from each other.</summary>
internal sealed class SpoolFolder : IDisposable
{
    private const string InMemory = "/dev/shm";

    private int _copies;

    /// <summary>Where there is a file system in memory, hundreds of spools need not wait for the disk.</summary>
    public DirectoryInfo Root { get; } = Directory.Exists(InMemory)
        ? Directory.CreateDirectory(System.IO.Path.Combine(InMemory, $"llama-spool-{Guid.NewGuid():N}"))
        : Directory.CreateTempSubdirectory("llama-spool-");

    public string Path => System.IO.Path.Combine(Root.FullName, "spool");

    public FakeTime Time { get; } = new();

    public List<string> Warnings { get; } = [];

    /// <summary>Its first four octets say which it is, and the rest follows from that.</summary>
    public static byte[] Record(int index, int length)
    {
        byte[] record = new byte[Math.Max(4, length)];
        for (int i = 4; i < record.Length; i++) record[i] = (byte)(index * 31 + i * 7);
        BinaryPrimitives.WriteInt32LittleEndian(record, index);
        return record;
    }

    public static int IndexOf(ReadOnlyMemory<byte> record) => BinaryPrimitives.ReadInt32LittleEndian(record.Span);

    /// <summary>All that a reader has before it, as the numbers of records; each is checked to the last octet.</summary>
    public static List<int> ReadAll(SpoolReader reader, bool acknowledge = false, int maxRecords = int.MaxValue, int maxBytes = 1 << 20)
    {
        List<int> read = [];
        while (reader.Read(maxRecords, maxBytes) is { } batch)
        {
            foreach (ReadOnlyMemory<byte> record in batch.Records)
            {
                Assert.Equal(Record(IndexOf(record), record.Length), record.Span);
                read.Add(IndexOf(record));
            }

            if (acknowledge) reader.Acknowledge(batch.End);
        }

        return read;
    }

    public Spool Open(SpoolLimits limits, params string[] readers) => OpenAt(Path, limits, readers);

    public Spool OpenAt(string path, SpoolLimits limits, params string[] readers) => Spool.Open(path, readers, limits, Time, Warnings.Add);

    /// <summary>What a process would find that comes after one that was killed now.</summary>
    public string Copy(string? path = null)
    {
        string copy = Directory.CreateDirectory(System.IO.Path.Combine(Root.FullName, $"copy-{_copies++}")).FullName;
        foreach (string file in Directory.EnumerateFiles(path ?? Path).Where(file => System.IO.Path.GetFileName(file) != "lock"))
        {
            File.Copy(file, System.IO.Path.Combine(copy, System.IO.Path.GetFileName(file)));
        }

        return copy;
    }

    public static List<string> Segments(string path) => [.. Directory.EnumerateFiles(path, "*.segment").Order()];

    public void Dispose() => Root.Delete(recursive: true);
}
