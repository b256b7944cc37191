using Microsoft.Win32.SafeHandles;

namespace Llama.Server.Sinks.JsonLines;

/// <summary>
/// Appends records as lines of JSON to a file or to standard output: all lines of a delivery with one write, which has handed them to
/// the kernel when the delivery ends. One caller at a time, and one process for each file.
/// </summary>
/// <remarks>
/// The file is opened for each delivery, so that one which was moved away, deleted or cut short is begun anew. A write that fails in the
/// middle is taken back, and a line that a crash has cut off is ended, so that no line is a piece of two. Standard output knows neither.
/// </remarks>
internal sealed class JsonLinesSink : ISink
{
    private const int KeptBytes = 4 * 1024 * 1024;
    private const int StandardOutput = 1;

    private readonly JsonLinesOptions _options;
    private JsonLineWriter _lines;
    private Stream? _output;

    /// <summary>A sink; nothing is opened yet.</summary>
    /// <param name="options">Where to.</param>
    /// <param name="output">What standard output is, for tests.</param>
    public JsonLinesSink(JsonLinesOptions options, Stream? output = null)
    {
        _options = options;
        _output = output;
        _lines = new JsonLineWriter(options.WithBuckets);
    }

    /// <inheritdoc/>
    public string Name => $"jsonl {_options.Path ?? "standard output"}";

    /// <inheritdoc/>
    public bool WantsBuckets => _options.WithBuckets;

    /// <inheritdoc/>
    public async Task<long> DeliverAsync(IReadOnlyList<ReadOnlyMemory<byte>> records, CancellationToken cancellation)
    {
        _lines.Clear();
        foreach (ReadOnlyMemory<byte> record in records) _lines.Write(record.Span);
        int count = _lines.Lines;
        try
        {
            // Whoever reads a pipe may take its time, and a write to one can't be called off: then the sink goes with it.
            if (count > 0) await Task.Run(() => Write(_lines.Text.Span), CancellationToken.None).WaitAsync(cancellation);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new SinkException(SinkFault.Unavailable, $"{Name} can't be written: {HttpAnswers.OneLine(error.Message)}.", inner: error);
        }

        if (_lines.Text.Length > KeptBytes)
        {
            _lines.Dispose();
            _lines = new JsonLineWriter(_options.WithBuckets);
        }

        return count;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _lines.Dispose();
        return _output?.DisposeAsync() ?? ValueTask.CompletedTask;
    }

    private void Write(ReadOnlySpan<byte> lines)
    {
        if (_options.Path is { } path)
        {
            Append(path, lines);
            return;
        }

        _output ??= OpenStandardOutput();
        _output.Write(lines);
        _output.Flush();
    }

    private static void Append(string path, ReadOnlySpan<byte> lines)
    {
        using var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        long end = file.Length;
        bool isCutOff = false;
        if (end > 0)
        {
            file.Position = end - 1;
            isCutOff = file.ReadByte() != '\n';
        }

        try
        {
            if (isCutOff) file.WriteByte((byte)'\n');
            file.Write(lines);
        }
        catch (IOException)
        {
            file.SetLength(end);
            throw;
        }
    }

    /// <summary>
    /// Standard output, unbuffered. The console's stream takes a pipe that nobody reads any more for one that reads all, so a pipe is
    /// written past it; a file is not, since others write to it by the position that the console's stream moves.
    /// </summary>
    private static Stream OpenStandardOutput()
    {
        var direct = new FileStream(new SafeFileHandle(StandardOutput, ownsHandle: false), FileAccess.Write, bufferSize: 0);
        if (!direct.CanSeek) return direct;
        direct.Dispose();
        return Console.OpenStandardOutput();
    }
}
