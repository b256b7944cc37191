using System.Text;
using Llama.Server.Sinks;
using Llama.Server.Sinks.Records;

namespace Llama.Tests.Sinks.Delivery;

/// <summary>A sink that does as the test says, and outlives the process that delivers to it, as a database does.</summary>
internal sealed class ScriptedSink(string name) : ISink
{
    private readonly Lock _gate = new();
    private readonly List<string> _lines = [];
    private readonly List<byte[]> _records = [];

    public string Name => $"scripted {name}";

    public bool WantsBuckets { get; set; }

    /// <summary>What it throws instead of taking records; null takes them.</summary>
    public Func<IReadOnlyList<string>, Exception?> Instead { get; set; } = _ => null;

    /// <summary>What a call waits for before it does anything.</summary>
    public Func<CancellationToken, Task> Before { get; set; } = _ => Task.CompletedTask;

    /// <summary>What a call waits for once it has taken its records.</summary>
    public Func<CancellationToken, Task> After { get; set; } = _ => Task.CompletedTask;

    /// <summary>Each pair that it took, in the order it took them, as <c>ORIGIN END HOST</c>.</summary>
    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_gate) return [.. _lines];
        }
    }

    /// <summary>Each record that it took.</summary>
    public IReadOnlyList<byte[]> Records
    {
        get
        {
            lock (_gate) return [.. _records];
        }
    }

    public int Calls { get; private set; }

    public int LargestCall { get; private set; }

    public long LargestCallBytes { get; private set; }

    public async Task<long> DeliverAsync(IReadOnlyList<ReadOnlyMemory<byte>> records, CancellationToken cancellation)
    {
        lock (_gate)
        {
            Calls++;
            LargestCall = Math.Max(LargestCall, records.Count);
            LargestCallBytes = Math.Max(LargestCallBytes, records.Sum(record => (long)record.Length));
        }

        await Before(cancellation);
        string[] lines = [.. records.SelectMany(LinesOf)];
        if (Instead(lines) is { } error) throw error;
        lock (_gate)
        {
            _lines.AddRange(lines);
            _records.AddRange(records.Select(record => record.ToArray()));
        }

        await After(cancellation);
        return lines.Length;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static List<string> LinesOf(ReadOnlyMemory<byte> record)
    {
        var reader = new ReportReader(record.Span);
        var lines = new List<string>();
        string head = $"{Encoding.UTF8.GetString(reader.Origin)} {reader.End:HH:mm:ss}";
        while (reader.NextRow()) lines.Add($"{head} {Encoding.UTF8.GetString(reader.Host)}{(reader.Kind == RowKind.Flow ? $" {reader.SourcePort}" : "")}");
        return lines;
    }
}
