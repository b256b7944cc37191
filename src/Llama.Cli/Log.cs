using System.Globalization;

namespace Llama.Cli;

/// <summary>What a long-running command tells its operator: one line each, with the time in UTC. Any thread may write.</summary>
internal sealed class Log(TextWriter writer, TimeProvider time)
{
    private readonly Lock _gate = new();

    public void Info(string message) => Write("info", message);

    public void Warn(string message) => Write("warn", message);

    public void Error(string message) => Write("error", message);

    private void Write(string level, string message)
    {
        string at = time.GetUtcNow().ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);
        lock (_gate) writer.WriteLine($"{at} {level} {message.ReplaceLineEndings(" ")}");
    }
}
