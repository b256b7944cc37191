using System.Globalization;
using Llama.Server.Sinks;
using Llama.Server.Sinks.JsonLines;
using Llama.Server.Sinks.Records;
using Llama.Tests.Storage;

namespace Llama.Tests.Sinks.JsonLines;

public sealed class JsonLinesSinkTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("llama-jsonl-");

    public void Dispose() => _directory.Delete(recursive: true);

    private string Path => System.IO.Path.Combine(_directory.FullName, "out.jsonl");

    [Fact]
    public async Task Lines_are_in_the_file_when_the_delivery_ends()
    {
        await using JsonLinesSink sink = Sink(Path);

        Assert.Equal(2, await sink.DeliverAsync([Flow(1), Flow(2)], default));
        Assert.Equal([1, 2], Ports(Path));
        Assert.Equal(1, await sink.DeliverAsync([Flow(3)], default));
        Assert.Equal([1, 2, 3], Ports(Path));
    }

    [Fact]
    public async Task A_file_that_was_moved_away_is_begun_anew()
    {
        await using JsonLinesSink sink = Sink(Path);
        await sink.DeliverAsync([Flow(1)], default);

        File.Move(Path, $"{Path}.1");
        await sink.DeliverAsync([Flow(2)], default);
        Assert.Equal([1], Ports($"{Path}.1"));
        Assert.Equal([2], Ports(Path));

        // As logrotate does it with create, and with copytruncate.
        File.Move(Path, $"{Path}.2");
        File.WriteAllText(Path, "");
        await sink.DeliverAsync([Flow(3)], default);
        Assert.Equal([2], Ports($"{Path}.2"));
        Assert.Equal([3], Ports(Path));
        File.WriteAllText(Path, "");
        await sink.DeliverAsync([Flow(4)], default);
        Assert.Equal([4], Ports(Path));
    }

    [Fact]
    public async Task A_line_that_was_cut_off_stays_by_itself()
    {
        await using JsonLinesSink sink = Sink(Path);
        File.WriteAllText(Path, "{\"kind\":\"fl");

        await sink.DeliverAsync([Flow(1)], default);

        string[] lines = File.ReadAllLines(Path);
        Assert.Equal("{\"kind\":\"fl", lines[0]);
        Assert.Equal([1], Ports(lines[1..]));
    }

    [Fact]
    public async Task A_directory_that_is_not_there_is_waited_for()
    {
        string path = System.IO.Path.Combine(_directory.FullName, "later", "out.jsonl");
        await using JsonLinesSink sink = Sink(path);

        SinkException exception = await Assert.ThrowsAsync<SinkException>(() => sink.DeliverAsync([Flow(1)], default));
        Assert.Equal(SinkFault.Unavailable, exception.Fault);
        Assert.StartsWith($"jsonl {path} can't be written: ", exception.Message, StringComparison.Ordinal);

        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        await sink.DeliverAsync([Flow(1)], default);
        Assert.Equal([1], Ports(path));
    }

    [SkippableFact]
    public async Task A_full_disk_is_waited_for_and_nothing_is_half_written()
    {
        using var disk = SmallDisk.Mount(_directory.FullName, 64);
        string path = System.IO.Path.Combine(disk.Path, "out.jsonl");
        await using JsonLinesSink sink = Sink(path);
        ReadOnlyMemory<byte>[] many = [.. Enumerable.Range(1, 100).Select(Flow)];
        int taken = 0;
        SinkException? exception = null;
        for (; exception is null; taken++) exception = await Record.ExceptionAsync(() => sink.DeliverAsync(many, default)) as SinkException;
        taken--;

        Assert.Equal(SinkFault.Unavailable, exception.Fault);
        Assert.Equal(100 * taken, Ports(path).Length);

        disk.Resize(256);
        await sink.DeliverAsync(many, default);
        Assert.Equal(100 * (taken + 1), Ports(path).Length);
    }

    [Fact]
    public async Task A_pipe_that_nobody_reads_any_more_is_waited_for()
    {
        await using var sink = new JsonLinesSink(JsonLinesOptions.Of(SinkUri.Parse("jsonl:-")), new BrokenPipe());

        SinkException exception = await Assert.ThrowsAsync<SinkException>(() => sink.DeliverAsync([Flow(1)], default));
        Assert.Equal((SinkFault.Unavailable, "jsonl standard output can't be written: Broken pipe."), (exception.Fault, exception.Message));
    }

    [Fact]
    public async Task Standard_output_gets_one_write_for_each_delivery()
    {
        using var output = new CountingStream();
        await using var sink = new JsonLinesSink(JsonLinesOptions.Of(SinkUri.Parse("jsonl:-?buckets=true")), output);

        Assert.Equal(3, await sink.DeliverAsync([Flow(1), Flow(2), Flow(3)], default));
        Assert.Equal(0, await sink.DeliverAsync([], default));

        Assert.True(sink.WantsBuckets);
        Assert.Equal((1, 1), (output.Writes, output.Flushes));
    }

    [Theory]
    [InlineData("jsonl:", "jsonl:FILE")]
    [InlineData("jsonl:-?buckets=1", "true or false")]
    public void A_mistake_is_said_with_what_to_write(string address, string message) =>
        Assert.Contains(message, Assert.Throws<FormatException>(() => JsonLinesOptions.Of(SinkUri.Parse(address))).Message, StringComparison.Ordinal);

    private static JsonLinesSink Sink(string path) => new(JsonLinesOptions.Of(SinkUri.Parse($"jsonl:{path}")));

    private static ReadOnlyMemory<byte> Flow(int port)
    {
        var writer = new ReportWriter();
        Measures measures = default;
        measures[Measure.Sent] = 1;
        writer.Begin(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch, RecordFlags.None, "a"u8);
        writer.EndOriginTags();
        writer.AddFlow(port, measures);
        return writer.Record;
    }

    private static int[] Ports(string path) => Ports(File.ReadAllLines(path));

    private static int[] Ports(string[] lines) => [.. lines.Select(line => int.Parse(
        System.Text.Json.JsonDocument.Parse(line).RootElement.GetProperty("source_port").GetRawText(), CultureInfo.InvariantCulture))];

    private sealed class BrokenPipe : MemoryStream
    {
        public override void Write(ReadOnlySpan<byte> buffer) => throw new IOException("Broken pipe");
    }

    private sealed class CountingStream : MemoryStream
    {
        public int Writes { get; private set; }

        public int Flushes { get; private set; }

        public override void Write(ReadOnlySpan<byte> buffer) => Writes++;

        public override void Flush() => Flushes++;
    }
}
