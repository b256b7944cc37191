using System.Globalization;

namespace Llama.Storage.Spooling;

/// <summary>
/// The files of a spool: <c>00000000000000000001.segment</c> and following, and <c>NAME.place</c> for each reader. Taken by one process.
/// </summary>
internal sealed class SpoolDirectory : IDisposable
{
    private const string SegmentSuffix = ".segment";
    private const string PlaceSuffix = ".place";

    private const int AtOnce = 4 << 20;

    private readonly string _path;
    private readonly DirectoryLock _lock;

    private SpoolDirectory(string path, DirectoryLock hold)
    {
        _path = path;
        _lock = hold;
    }

    /// <exception cref="IOException">It can't be made or written, or another process has it.</exception>
    public static SpoolDirectory Take(string path) => new(path, DirectoryLock.Take(path, "lock", "llama", "name another directory"));

    public string SegmentPath(long id) => Path.Combine(_path, id.ToString("D20", CultureInfo.InvariantCulture) + SegmentSuffix);

    public PlaceFile OpenPlace(string reader) => PlaceFile.Open(PlacePath(reader));

    public void ForgetPlacesBut(IEnumerable<string> readers)
    {
        var kept = readers.Select(PlacePath).ToHashSet(StringComparer.Ordinal);
        foreach (string place in Directory.EnumerateFiles(_path, "*" + PlaceSuffix))
        {
            if (!kept.Contains(place)) File.Delete(place);
        }
    }

    /// <summary>
    /// What an earlier process left, in order. From all but the last segment only the first sound record is read; the last one is read through,
    /// and cut off behind its last sound record. One without any is deleted.
    /// </summary>
    /// <param name="now">Ages are counted from here.</param>
    /// <param name="warn">Learns what was cut off.</param>
    /// <param name="next">The number that follows on the last record; 1 when there is none.</param>
    public List<Segment> LoadSegments(DateTimeOffset now, Action<string> warn, out long next)
    {
        next = 1;
        List<Segment> segments = [];
        var window = new SegmentWindow();
        List<long> ids = [.. Directory.EnumerateFiles(_path, "*" + SegmentSuffix).Select(IdOf).OfType<long>().Order()];
        foreach (long id in ids)
        {
            string path = SegmentPath(id);
            long length = new FileInfo(path).Length;
            window.Turn(path);
            long offset = 0;
            if (!window.Seek(ref offset, length, new NumberSpan(next, long.MaxValue), wanted: 0, out RecordHeader first, out _))
            {
                if (length > 0) warn($"{path}: holds no sound record; deleted, {length} octets.");
                File.Delete(path);
                continue;
            }

            TimeSpan at = -first.Age(now);
            if (segments.Count > 0) segments[^1].NewestAt = at;
            segments.Add(new Segment { Id = id, Path = path, First = first.Number, OldestAt = at, NewestAt = at, Length = length });
            next = first.Number + 1;
        }

        if (segments.Count > 0) next = CutOff(segments[^1], window, now, warn);
        return segments;
    }

    public void Dispose() => _lock.Dispose();

    private static long CutOff(Segment last, SegmentWindow window, DateTimeOffset now, Action<string> warn)
    {
        window.Turn(last.Path);
        (long offset, long end, long next) = (0, 0, last.First);
        while (window.Seek(ref offset, last.Length, new NumberSpan(next, long.MaxValue), AtOnce, out RecordHeader header, out _))
        {
            offset += RecordHeader.Size + header.Length;
            (end, next, last.NewestAt) = (offset, header.Number + 1, -header.Age(now));
        }

        if (end < last.Length)
        {
            warn($"{last.Path}: its end is torn, as after a loss of power or a full disk; cut off, {last.Length - end} octets.");
            using FileStream file = new(last.Path, FileMode.Open, FileAccess.Write);
            file.SetLength(end);
            last.Length = end;
        }

        return next;
    }

    private static long? IdOf(string path) =>
        long.TryParse(Path.GetFileNameWithoutExtension(path), NumberStyles.None, CultureInfo.InvariantCulture, out long id) ? id : null;

    /// <summary>Names come from the operator, and may hold what the name of a file can't.</summary>
    private string PlacePath(string reader) => Path.Combine(_path, Uri.EscapeDataString(reader) + PlaceSuffix);
}
