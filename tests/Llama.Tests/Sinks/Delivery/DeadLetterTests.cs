using System.Text;
using System.Text.Json;
using Llama.Server.Sinks.Delivery;
using Llama.Server.Sinks.Records;
using Llama.Tests.Server;

namespace Llama.Tests.Sinks.Delivery;

public sealed class DeadLetterTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("llama-letters-");
    private readonly SinkCounters _counters = new();
    private readonly List<string> _said = [];
    private readonly FakeTime _time = new();

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void Letters_are_lines_of_json_whatever_is_in_them()
    {
        DeadLetters letters = Letters();
        letters.AddBody("a \"body\"\nof\u0001 lines é"u8, "400: \"no\"\n");
        letters.AddBody([0xFF, 0xFE], "no text");
        letters.AddRecord([1, 2, 3], "damaged");

        JsonElement[] lines = [.. File.ReadLines(letters.Path).Select(line => JsonDocument.Parse(line).RootElement)];
        Assert.Equal("a \"body\"\nof\u0001 lines é", lines[0].GetProperty("body").GetString());
        Assert.Equal("400: \"no\"\n", lines[0].GetProperty("reason").GetString());
        Assert.Equal("2026-11-22T12:00:00Z", lines[0].GetProperty("at").GetString());
        Assert.Equal([0xFF, 0xFE], lines[1].GetProperty("body_base64").GetBytesFromBase64());
        Assert.Equal([1, 2, 3], lines[2].GetProperty("record_base64").GetBytesFromBase64());
        Assert.Equal(3, _counters.Refused);
    }

    [Fact]
    public void The_oldest_are_dropped_and_counted_before_there_are_too_many()
    {
        DeadLetters letters = Letters(maxBytes: 20_000);
        for (int i = 0; i < 300; i++) letters.AddBody(Encoding.UTF8.GetBytes($"body {i} {new string('x', 100)}"), "no");

        string[] files = Directory.GetFiles(_directory.FullName);
        Assert.InRange(files.Sum(file => new FileInfo(file).Length), 10_000, 20_000);
        string[] kept = [.. files.SelectMany(File.ReadLines)];
        Assert.Equal(300, kept.Length + _counters.LettersDropped);
        Assert.Contains(kept, line => line.Contains("body 299 ", StringComparison.Ordinal));
        Assert.DoesNotContain(kept, line => line.Contains("body 0 ", StringComparison.Ordinal));
    }

    [Fact]
    public void A_body_that_is_longer_than_there_is_room_for_is_cut()
    {
        DeadLetters letters = Letters(maxBytes: 12_000);
        letters.AddBody(Encoding.UTF8.GetBytes(new string('\u0001', 5000)), "no");
        JsonElement letter = JsonDocument.Parse(Assert.Single(File.ReadLines(letters.Path))).RootElement;
        Assert.True(letter.GetProperty("cut").GetBoolean());
        Assert.Equal(1000, letter.GetProperty("body").GetString()!.Length);
    }

    [Fact]
    public void What_can_not_be_written_is_counted_and_told_once()
    {
        var letters = new DeadLetters(Path.Combine(_directory.FullName, "missing"), "db", _counters, Talk(), _time);
        letters.AddBody("a"u8, "no");
        letters.AddBody("b"u8, "no");
        Assert.Equal((2, 2), (_counters.Refused, _counters.LettersDropped));
        Assert.Contains("can't write dead letters", Assert.Single(_said), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2, false)]
    [InlineData(7, true)]
    [InlineData(100, true)]
    public void A_record_comes_apart_into_two_that_say_the_same(int pairs, bool flows)
    {
        ReadOnlyMemory<byte> record = DeliveryWorld.Record(Reports.Noon, pairs, flows);
        (ReadOnlyMemory<byte> first, ReadOnlyMemory<byte> second) = RecordHalves.Of(record.Span)!.Value;
        Assert.Equal(Rows(record), Rows(first).Concat(Rows(second)));
        Assert.Equal(Head(record), Head(first));
        Assert.Equal(Head(record), Head(second));
        Assert.Equal(pairs / 2, Rows(first).Count(row => row.StartsWith("Pair", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_single_pair_does_not_come_apart() => Assert.Null(RecordHalves.Of(DeliveryWorld.Record(Reports.Noon, 1, flows: true).Span));

    private static List<string> Rows(ReadOnlyMemory<byte> record)
    {
        var reader = new ReportReader(record.Span);
        var rows = new List<string>();
        while (reader.NextRow()) rows.Add($"{reader.Kind} {Convert.ToHexString(reader.Row)}");
        return rows;
    }

    private static string Head(ReadOnlyMemory<byte> record)
    {
        var reader = new ReportReader(record.Span);
        return $"{reader.Start:O} {reader.End:O} {reader.Flags} {Encoding.UTF8.GetString(reader.Origin)} {Encoding.UTF8.GetString(reader.OriginTags.Find("site"u8))}";
    }

    private SinkTalk Talk() => new("db", _said.Add, _said.Add, _time);

    private DeadLetters Letters(long maxBytes = DeadLetters.DefaultMaxBytes) =>
        new(_directory.FullName, "db", _counters, Talk(), _time) { MaxBytes = maxBytes };
}
