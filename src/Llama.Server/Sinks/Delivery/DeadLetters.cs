using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;
using Llama.Server.Collecting;

namespace Llama.Server.Sinks.Delivery;

/// <summary>
/// What a sink will never take, with the reason: a line of JSON for each in <c>NAME.refused.jsonl</c>. When that is half of what
/// there may be it becomes <c>NAME.refused.old.jsonl</c>, and the one that had this name before is dropped. Belongs to one pump.
/// </summary>
/// <remarks>
/// <c>{"at":...,"sink":...,"reason":...}</c> and one of <c>body</c>, what was sent, as text; <c>body_base64</c>, the same where it is no
/// text; <c>record_base64</c>, a record of the spool that never became a body. <c>"cut":true</c> where it was longer than there is room for.
/// </remarks>
internal sealed class DeadLetters(string directory, string sink, SinkCounters counters, SinkTalk talk, TimeProvider time)
{
    /// <summary>Most octets of both files, when nobody says otherwise.</summary>
    public const long DefaultMaxBytes = 64L << 20;

    private static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly string _old = System.IO.Path.Combine(directory, $"{sink}.refused.old.jsonl");
    private readonly ArrayBufferWriter<byte> _line = new(4096);
    private bool _cannotWrite;

    /// <summary>The file that is written to.</summary>
    public string Path { get; } = System.IO.Path.Combine(directory, $"{sink}.refused.jsonl");

    /// <summary>Most octets of both files.</summary>
    public long MaxBytes { get; init; } = DefaultMaxBytes;

    /// <summary>Puts away a body that was refused.</summary>
    public void AddBody(ReadOnlySpan<byte> body, string reason) => Add(body, reason, isRecord: false);

    /// <summary>Puts away a record that was refused or can't be read.</summary>
    public void AddRecord(ReadOnlySpan<byte> record, string reason) => Add(record, reason, isRecord: true);

    private void Add(ReadOnlySpan<byte> content, string reason, bool isRecord)
    {
        counters.PutAway();
        Write(content, reason, isRecord);
        try
        {
            MakeRoom(_line.WrittenCount);
            using var file = new FileStream(Path, FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0);
            file.Write(_line.WrittenSpan);
            _cannotWrite = false;
            talk.PutAway(reason, Path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            counters.DropLetters(1);
            if (!_cannotWrite) talk.LostLetter(error.Message);
            _cannotWrite = true;
        }
        finally
        {
            // A body may be big, and is rare.
            if (_line.Capacity > 1 << 20) _line.Clear();
        }
    }

    private void Write(ReadOnlySpan<byte> content, string reason, bool isRecord)
    {
        _line.ResetWrittenCount();
        using var json = new Utf8JsonWriter(_line, Readable);
        json.WriteStartObject();
        SummaryJson.WriteTime(json, "at", time.GetUtcNow());
        json.WriteString("sink"u8, sink);
        json.WriteString("reason"u8, reason);

        // Six octets are what one may become; a letter must fit into a file.
        int most = (int)Math.Min(int.MaxValue, MaxBytes / 2 / 6);
        bool isCut = content.Length > most;
        if (isCut)
        {
            content = content[..most];
            json.WriteBoolean("cut"u8, true);
        }

        if (isRecord) json.WriteBase64String("record_base64"u8, content);
        else if (Utf8.IsValid(content)) json.WriteString("body"u8, content);
        else json.WriteBase64String("body_base64"u8, content);
        json.WriteEndObject();
        json.Flush();
        Encoding.UTF8.GetBytes("\n", _line);
    }

    private void MakeRoom(int length)
    {
        var file = new FileInfo(Path);
        if (!file.Exists || file.Length + length <= MaxBytes / 2) return;
        if (File.Exists(_old)) counters.DropLetters(LinesOf(_old));
        File.Move(Path, _old, overwrite: true);
    }

    private static long LinesOf(string path)
    {
        long lines = 0;
        byte[] portion = new byte[64 * 1024];
        using FileStream file = File.OpenRead(path);
        while (file.Read(portion) is > 0 and var length) lines += portion.AsSpan(0, length).Count((byte)'\n');
        return lines;
    }
}
