using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;
using Llama.Server.Joining;
using Llama.Storage;

namespace Llama.Cli.Joining;

/// <summary>
/// Reports that wait for the server, oldest first: each a gzip file of its own, so that what is delivered is never packed again and a
/// stop in the middle of writing costs the last one at most. The oldest are dropped, and counted, when there are too many or when
/// they have waited too long. Any thread may call it.
/// </summary>
internal sealed class ReportSpool
{
    private const string Suffix = ".json.gz";
    private const string TornSuffix = ".torn";

    // Where nothing can be written: memory is for work.
    private const long MostBytesInMemory = 8 << 20;

    private readonly Lock _gate = new();
    private readonly Queue<SpooledReport> _reports = [];
    private readonly string? _directory;
    private readonly SpoolLimits _limits;
    private readonly JoiningCounters _counters;
    private readonly TimeProvider _time;
    private readonly Log _log;
    private readonly long _opened;
    private long _next;
    private long _bytes;
    private long _memoryBytes;
    private bool _toldOfWriting;

    /// <summary>Opens it, with what an earlier process left.</summary>
    /// <param name="directory">Where its files are; null keeps a few reports in memory alone.</param>
    /// <param name="limits">How much may wait, and how long.</param>
    /// <param name="counters">Learn what waits and what was dropped.</param>
    /// <param name="time">How long something has waited goes by this.</param>
    /// <param name="log">What the operator is told.</param>
    public ReportSpool(string? directory, SpoolLimits limits, JoiningCounters counters, TimeProvider time, Log log)
    {
        _directory = directory;
        _limits = limits;
        _counters = counters;
        _time = time;
        _log = log;
        _opened = time.GetTimestamp();
        if (directory is not null) TakeOver(directory);
        Tell();
    }

    /// <summary>Puts a report behind the others.</summary>
    /// <param name="gzip">The report's JSON, packed.</param>
    public void Add(ReadOnlySpan<byte> gzip)
    {
        lock (_gate)
        {
            long sequence = _next++;
            string? path = Save(sequence, gzip);
            byte[]? content = path is null ? gzip.ToArray() : null;
            _memoryBytes += content?.Length ?? 0;
            Enqueue(new SpooledReport { Path = path, Content = content, Length = gzip.Length, Since = Age, IsSound = true });
            DropWhatIsTooMuch();
            Tell();
        }
    }

    /// <summary>The oldest reports, as many as go into one batch; null when none waits.</summary>
    public SpooledBatch? Peek(int mostReports)
    {
        lock (_gate)
        {
            DropWhatIsTooMuch();
            List<SpooledReport> reports = [];
            List<byte[]> contents = [];
            long bytes = 0, expanded = 0;
            foreach (SpooledReport report in _reports.Take(mostReports).ToList())
            {
                byte[]? content = report.Content ?? Load(report);
                if (content is null) continue;
                (bytes, expanded) = (bytes + content.Length, expanded + ExpandedLength(content));
                if (reports.Count > 0 && (bytes > _limits.MostBatchBytes || expanded > _limits.MostExpandedBatchBytes)) break;
                reports.Add(report);
                contents.Add(content);
            }

            Tell();
            return reports.Count == 0 ? null : new SpooledBatch(reports, contents);
        }
    }

    /// <summary>Takes out what was delivered, or never will be.</summary>
    public void Remove(SpooledBatch batch)
    {
        lock (_gate)
        {
            // What has been dropped meanwhile was in front as well.
            var done = batch.Reports.ToHashSet();
            while (_reports.TryPeek(out SpooledReport? first) && done.Contains(first)) Dequeue();
            Tell();
        }
    }

    private TimeSpan Age => _time.GetElapsedTime(_opened);

    private void TakeOver(string directory)
    {
        try
        {
            Directory.CreateDirectory(directory);
            foreach (string torn in Directory.EnumerateFiles(directory, "*" + TornSuffix)) File.Delete(torn);
            foreach (string unfinished in Directory.EnumerateFiles(directory, "*.new")) File.Delete(unfinished);
            DateTimeOffset now = _time.GetUtcNow();
            foreach (FileInfo file in new DirectoryInfo(directory).EnumerateFiles("*" + Suffix).OrderBy(file => file.Name, StringComparer.Ordinal))
            {
                if (!long.TryParse(file.Name.AsSpan(0, file.Name.Length - Suffix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out long sequence)) continue;
                _next = sequence + 1;

                // The wall clock is all there is to tell how long it waited before this process; it may have been stepped.
                TimeSpan waited = now - new DateTimeOffset(file.LastWriteTimeUtc);
                Enqueue(new SpooledReport { Path = file.FullName, Length = file.Length, Since = -(waited > TimeSpan.Zero ? waited : TimeSpan.Zero) });
            }

            DropWhatIsTooMuch();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            _log.Warn($"can't use {directory}: {error.Message}; reports that the server does not take wait in memory");
        }
    }

    private string? Save(long sequence, ReadOnlySpan<byte> gzip)
    {
        if (_directory is null) return null;
        string path = Path.Combine(_directory, sequence.ToString("D15", CultureInfo.InvariantCulture) + Suffix);
        try
        {
            AtomicFile.Write(path, gzip, durable: false);
            _toldOfWriting = false;
            return path;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            if (!_toldOfWriting) _log.Warn($"can't write to {_directory}: {error.Message}; reports wait in memory");
            _toldOfWriting = true;
            return null;
        }
    }

    /// <summary>Reads a report from disk; one that is not whole, as a machine that lost its power leaves it, is set aside.</summary>
    private byte[]? Load(SpooledReport report)
    {
        try
        {
            byte[] content = File.ReadAllBytes(report.Path!);
            if (report.IsSound || IsWhole(content))
            {
                report.IsSound = true;
                return content;
            }

            File.Move(report.Path!, report.Path + TornSuffix, overwrite: true);
            _log.Warn($"{report.Path} is torn; set aside");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            _log.Warn($"can't read {report.Path}: {error.Message}; leaves it out");
        }

        report.Path = null;
        Discard(report);
        return null;
    }

    private void Discard(SpooledReport lost)
    {
        SpooledReport[] kept = [.. _reports.Where(report => report != lost)];
        _reports.Clear();
        foreach (SpooledReport report in kept) _reports.Enqueue(report);
        _bytes -= lost.Length;
        _counters.Drop(1);
    }

    private static bool IsWhole(byte[] gzip)
    {
        try
        {
            using var unpacked = new GZipStream(new MemoryStream(gzip), CompressionMode.Decompress);
            var block = new byte[16 * 1024];
            long length = 0;
            int read;
            while ((read = unpacked.Read(block)) > 0) length += read;
            return length > 0 && (uint)length == ExpandedLength(gzip);
        }
        catch (InvalidDataException)
        {
            return false;
        }
    }

    // The last four octets (RFC 1952 section 2.3.1, ISIZE).
    private static uint ExpandedLength(byte[] gzip) => gzip.Length < 18 ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(gzip.AsSpan(^4));

    private void Enqueue(SpooledReport report)
    {
        _reports.Enqueue(report);
        _bytes += report.Length;
    }

    private void Dequeue()
    {
        SpooledReport report = _reports.Dequeue();
        _bytes -= report.Length;
        _memoryBytes -= report.Content?.Length ?? 0;
        if (report.Path is null) return;
        try
        {
            File.Delete(report.Path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // The server knows what it was given before, so that another delivery does no harm.
        }
    }

    private void DropWhatIsTooMuch()
    {
        int dropped = 0;
        while (_reports.TryPeek(out SpooledReport? oldest)
            && (_bytes > _limits.MostBytes || _memoryBytes > MostBytesInMemory || Age - oldest.Since > _limits.LongestWait))
        {
            Dequeue();
            dropped++;
        }

        if (dropped > 0) _counters.Drop(dropped);
    }

    private void Tell() => _counters.Wait(_reports.Count, _bytes);
}

/// <summary>How much may wait for the server.</summary>
internal sealed record SpoolLimits
{
    /// <summary>How long a report is worth delivering. Default: a day.</summary>
    public TimeSpan LongestWait { get; init; } = TimeSpan.FromDays(1);

    /// <summary>Bytes of all reports, packed. Default: 256 MiB.</summary>
    public long MostBytes { get; init; } = 256 << 20;

    /// <summary>Bytes of one batch, packed; a single report may be longer. Default: 4 MiB.</summary>
    public long MostBatchBytes { get; init; } = 4 << 20;

    /// <summary>Bytes of one batch once the server has unpacked it. Default: 32 MiB.</summary>
    public long MostExpandedBatchBytes { get; init; } = 32 << 20;
}

/// <summary>A report that waits.</summary>
internal sealed class SpooledReport
{
    /// <summary>Its file; null where it is in memory.</summary>
    public string? Path { get; set; }

    /// <summary>The report where it is in memory.</summary>
    public byte[]? Content { get; init; }

    /// <summary>Its bytes, packed.</summary>
    public long Length { get; init; }

    /// <summary>Since when it waits, on the spool's own clock; below zero from before the start.</summary>
    public TimeSpan Since { get; init; }

    /// <summary>True once it is known to be whole.</summary>
    public bool IsSound { get; set; }
}

/// <summary>Reports that are delivered together.</summary>
internal sealed record SpooledBatch(IReadOnlyList<SpooledReport> Reports, IReadOnlyList<byte[]> Contents);
