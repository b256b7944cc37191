using System.IO.Compression;
using System.Text;
using Llama.Cli;
using Llama.Cli.Joining;
using Llama.Server.Joining;

namespace Llama.Tests.Cli.Joining;

public sealed class ReportSpoolTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("llama-spool-");
    private readonly FakeTime _time = new();
    private readonly StringWriter _said = new();
    private JoiningCounters _counters = new();

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void Reports_come_out_in_the_order_they_went_in()
    {
        ReportSpool spool = Open();
        for (int i = 0; i < 5; i++) spool.Add(Packed($"r{i}"));
        Assert.Equal(["r0", "r1", "r2"], Texts(spool.Peek(3)));
        spool.Remove(spool.Peek(3)!);
        Assert.Equal(["r3", "r4"], Texts(spool.Peek(3)));
        spool.Remove(spool.Peek(3)!);
        Assert.Null(spool.Peek(3));
        Assert.Equal((0L, 0L), (_counters.Waiting, _counters.WaitingBytes));
    }

    [Fact]
    public void What_an_earlier_process_left_goes_first_and_in_order()
    {
        ReportSpool before = Open();
        for (int i = 0; i < 12; i++) before.Add(Packed($"r{i}"));
        before.Remove(before.Peek(1)!);
        ReportSpool after = Open();
        after.Add(Packed("new"));
        Assert.Equal([.. Enumerable.Range(1, 11).Select(i => $"r{i}"), "new"], Texts(after.Peek(100)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(17)]
    [InlineData(-1)]
    public void A_file_that_is_torn_is_set_aside_and_costs_no_other(int length)
    {
        ReportSpool before = Open();
        for (int i = 0; i < 3; i++) before.Add(Packed($"report {i}"));
        string last = Directory.GetFiles(_directory.FullName).Max(StringComparer.Ordinal)!;
        byte[] content = File.ReadAllBytes(last);
        File.WriteAllBytes(last, content[..(length < 0 ? content.Length + length : length)]);

        ReportSpool after = Open();
        Assert.Equal(["report 0", "report 1"], Texts(after.Peek(100)));
        Assert.Equal((2, 1), (_counters.Waiting, _counters.Dropped));
        Assert.Contains("is torn; set aside", _said.ToString(), StringComparison.Ordinal);
        after.Remove(after.Peek(100)!);
        after.Add(Packed("next"));
        Assert.Equal(["next"], Texts(after.Peek(100)));
    }

    [Fact]
    public void The_oldest_are_dropped_and_counted_when_there_are_too_many_bytes()
    {
        byte[] report = Packed("0123456789");
        ReportSpool spool = Open(new SpoolLimits { MostBytes = 10 * report.Length });
        for (int i = 0; i < 25; i++) spool.Add(Packed($"012345678{i % 10}"));
        Assert.Equal((10, 15), (_counters.Waiting, _counters.Dropped));
        Assert.Equal("0123456785", Texts(spool.Peek(1))[0]);
        Assert.Equal(10, Directory.GetFiles(_directory.FullName).Length);
    }

    [Fact]
    public void Reports_are_dropped_once_they_have_waited_a_day_however_the_wall_clock_is_stepped()
    {
        ReportSpool spool = Open();
        spool.Add(Packed("first"));
        _time.Pass(TimeSpan.FromHours(20));
        spool.Add(Packed("second"));
        _time.StepWall(TimeSpan.FromDays(400));
        _time.Pass(TimeSpan.FromHours(3));
        Assert.Equal(["first", "second"], Texts(spool.Peek(9)));
        _time.StepWall(TimeSpan.FromDays(-800));
        _time.Pass(TimeSpan.FromHours(2));
        Assert.Equal(["second"], Texts(spool.Peek(9)));
        Assert.Equal(1, _counters.Dropped);
    }

    [Fact]
    public void A_batch_is_as_large_as_a_server_takes_and_holds_one_report_at_least()
    {
        byte[] report = Packed(new string('x', 1000));
        ReportSpool spool = Open(new SpoolLimits { MostExpandedBatchBytes = 2500 });
        for (int i = 0; i < 5; i++) spool.Add(report);
        Assert.Equal(2, spool.Peek(100)!.Reports.Count);
        spool.Remove(spool.Peek(100)!);
        spool.Remove(spool.Peek(100)!);
        spool.Add(Packed(new string('x', 9000)));
        spool.Remove(spool.Peek(1)!);
        Assert.Single(spool.Peek(100)!.Reports);
    }

    [Fact]
    public void Where_nothing_can_be_written_reports_wait_in_memory_and_that_is_told_once()
    {
        string file = Path.Combine(_directory.FullName, "file");
        File.WriteAllText(file, "");
        ReportSpool spool = Open(directory: Path.Combine(file, "spool"));
        for (int i = 0; i < 3; i++) spool.Add(Packed($"r{i}"));
        Assert.Equal(["r0", "r1", "r2"], Texts(spool.Peek(9)));
        Assert.Equal(1, _said.ToString().Split('\n').Count(line => line.Contains("can't write", StringComparison.Ordinal)));
    }

    [Fact]
    public void What_is_dropped_while_it_is_delivered_takes_nothing_else_with_it()
    {
        byte[] report = Packed("0123456789");
        ReportSpool spool = Open(new SpoolLimits { MostBytes = 3 * report.Length });
        for (int i = 0; i < 3; i++) spool.Add(Packed($"012345678{i}"));
        SpooledBatch underWay = spool.Peek(2)!;
        spool.Add(Packed("0123456783"));
        spool.Remove(underWay);
        Assert.Equal(["0123456782", "0123456783"], Texts(spool.Peek(9)));
    }

    private ReportSpool Open(SpoolLimits? limits = null, string? directory = null)
    {
        _counters = new JoiningCounters();
        return new ReportSpool(directory ?? _directory.FullName, limits ?? new SpoolLimits(), _counters, _time, new Log(_said, _time));
    }

    private static byte[] Packed(string text)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true)) gzip.Write(Encoding.UTF8.GetBytes(text));
        return packed.ToArray();
    }

    private static List<string> Texts(SpooledBatch? batch) => [.. (batch?.Contents ?? []).Select(content =>
    {
        using var reader = new StreamReader(new GZipStream(new MemoryStream(content), CompressionMode.Decompress));
        return reader.ReadToEnd();
    })];
}
