using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Llama.Cli.Settings;
using Llama.Mesh.Joining;
using Llama.Storage;

namespace Llama.Cli.Joining;

/// <summary>
/// What a probe remembers over restarts: which instance it is, and what it was told to do. A directory of its own, held by one
/// process at a time; where it can't be written to, nothing is remembered, and that is told once.
/// </summary>
internal sealed class StateDirectory : IDisposable
{
    private const string InstanceFile = "instance";
    private const string ConfigurationFile = "configuration.json";

    private readonly string? _path;
    private readonly Log _log;
    private readonly FileStream? _lock;
    private bool _toldOfWriting;

    private StateDirectory(string? path, FileStream? held, Log log)
    {
        _path = path;
        _lock = held;
        _log = log;
        Instance = ReadInstance();
    }

    /// <summary>Tells this probe from another one of its name.</summary>
    public string Instance { get; }

    /// <summary>Where reports wait; null where nothing can be kept.</summary>
    public string? SpoolPath => _path is null ? null : Path.Combine(_path, "spool");

    /// <summary>Where a probe on this port keeps its state when it is not told.</summary>
    public static string Default(Func<string, string?> environment, int port) => DefaultStatePath.Of(environment, $"probe-{port}");

    /// <summary>Opens a directory, and makes it where it is not there.</summary>
    /// <exception cref="Failure">Another probe holds it.</exception>
    public static StateDirectory Open(string path, Log log)
    {
        try
        {
            if (OperatingSystem.IsWindows()) Directory.CreateDirectory(path);
            else Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return Without(path, error, log);
        }

        string file = Path.Combine(path, "lock");
        try
        {
            return new StateDirectory(path, new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None), log);
        }
        catch (UnauthorizedAccessException error)
        {
            return Without(path, error, log);
        }
        catch (IOException error)
        {
            if (!File.Exists(file)) return Without(path, error, log);
            throw new Failure($"--data: another probe of this host uses {path}; end it, or give this one a directory of its own", error);
        }
    }

    /// <summary>A directory that keeps nothing.</summary>
    public static StateDirectory None(Log log) => new(null, null, log);

    /// <summary>What the probe was last told to do; null where that is not known, or was for another one.</summary>
    public KeptConfiguration? Configuration(ProbeIdentity self)
    {
        if (_path is null) return null;
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(_path, ConfigurationFile)));
            JsonElement kept = json.RootElement;
            if (kept.GetProperty("group").GetString() != self.Group || kept.GetProperty("name").GetString() != self.Name) return null;
            return new KeptConfiguration(
                kept.GetProperty("tag").GetString() ?? "",
                Enum.Parse<ConfigurationForm>(kept.GetProperty("form").GetString() ?? ""),
                kept.GetProperty("body").GetBytesFromBase64());
        }
        catch (FileNotFoundException)
        {
            return null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or JsonException or KeyNotFoundException
            or InvalidOperationException or FormatException or ArgumentException)
        {
            _log.Warn($"the configuration kept in {_path} can't be read: {error.Message}; waits for the server's");
            return null;
        }
    }

    /// <summary>Keeps what the probe is told to do.</summary>
    public void Keep(ProbeIdentity self, KeptConfiguration configuration)
    {
        if (_path is null) return;
        using var content = new MemoryStream();
        using (var json = new Utf8JsonWriter(content))
        {
            json.WriteStartObject();
            json.WriteString("group"u8, self.Group);
            json.WriteString("name"u8, self.Name);
            json.WriteString("tag"u8, configuration.Tag);
            json.WriteString("form"u8, configuration.Form.ToString());
            json.WriteBase64String("body"u8, configuration.Body.Span);
            json.WriteEndObject();
        }

        Write(ConfigurationFile, content.ToArray());
    }

    /// <inheritdoc/>
    public void Dispose() => _lock?.Dispose();

    private static StateDirectory Without(string path, Exception error, Log log)
    {
        log.Warn($"can't keep anything in {path}: {error.Message}; goes on without, so a restart needs the server (--data names another directory)");
        return None(log);
    }

    private string ReadInstance()
    {
        string fresh = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        if (_path is null) return fresh;
        try
        {
            string kept = File.ReadAllText(Path.Combine(_path, InstanceFile)).Trim();
            if (kept.Length is > 0 and <= 64 && kept.All(char.IsAsciiLetterOrDigit)) return kept;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // A new one is written below.
        }

        Write(InstanceFile, Encoding.ASCII.GetBytes(fresh));
        return fresh;
    }

    private void Write(string name, ReadOnlySpan<byte> content)
    {
        try
        {
            AtomicFile.Write(Path.Combine(_path!, name), content, durable: true);
            _toldOfWriting = false;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            if (!_toldOfWriting) _log.Warn($"can't write to {_path}: {error.Message}; a restart will go by what was kept before");
            _toldOfWriting = true;
        }
    }
}

/// <summary>A configuration as the server wrote it.</summary>
/// <param name="Tag">What it is known by.</param>
/// <param name="Form">What it is written in.</param>
/// <param name="Body">The configuration.</param>
internal sealed record KeptConfiguration(string Tag, ConfigurationForm Form, ReadOnlyMemory<byte> Body);
