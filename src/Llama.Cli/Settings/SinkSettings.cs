using System.CommandLine;
using Llama.Server.Sinks.Delivery;
using Llama.Storage.Spooling;

namespace Llama.Cli.Settings;

/// <summary>The settings of where reports go, and of the queue on disk before them: the same for all roles that have reports.</summary>
internal sealed class SinkSettings
{
    private readonly ListSetting _sinks;
    private readonly Setting<string> _spool;
    private readonly Setting<long?> _maxBytes;
    private readonly Setting<TimeSpan?> _maxAge;

    private readonly bool _showsPairs;

    /// <summary>The settings.</summary>
    /// <param name="environment">Reads an environment variable.</param>
    /// <param name="showsPairs">True when /metrics of the role shows pairs without any sink.</param>
    public SinkSettings(Func<string, string?> environment, bool showsPairs)
    {
        _showsPairs = showsPairs;
        _sinks = Sinks(environment, showsPairs);
        _spool = new Setting<string>("spool", "DIR", "Where reports wait for sinks; docs/cli.md has the default.", ValueParser.Text, environment);
        _maxBytes = new Setting<long?>("spool-max-bytes", "SIZE", "How much may wait, as in 500M or 2G; the oldest goes first.", ValueParser.Size, environment, "1G");
        _maxAge = new Setting<TimeSpan?>("spool-max-age", "DURATION", "How long reports may wait, as in 12h.", ValueParser.Duration, environment, "24h");
    }

    /// <summary>All of them, in the order of help.</summary>
    public IReadOnlyList<Option> Options => [_sinks, _spool, _maxBytes, _maxAge];

    /// <summary>The setting of the sinks alone.</summary>
    public static ListSetting Sinks(Func<string, string?> environment, bool showsPairs) => new(
        "sink",
        "sinks",
        "KIND:WHERE",
        "Where reports go, as in influx:http://db:8086/llama; give it again for another. docs/sinks.md has all.",
        sinks => SinkSet.ProblemsOf(sinks, showsPairs),
        environment);

    /// <summary>True where sinks are asked for.</summary>
    public bool AreGiven(ParseResult parsed) => parsed.GetValue(_sinks) is { Count: > 0 };

    /// <summary>The sinks that were asked for; null where none was, and then nothing is written anywhere.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="directory">Where the queue is when nobody says where.</param>
    /// <param name="surroundings">The world around.</param>
    /// <param name="more">Sinks that other settings ask for.</param>
    /// <exception cref="Failure">The queue can't be opened, or a sink can't be made.</exception>
    public SinkSet? Open(ParseResult parsed, string directory, Surroundings surroundings, params IReadOnlyList<string> more)
    {
        IReadOnlyList<string> sinks = [.. parsed.GetValue(_sinks) ?? [], .. more];
        if (sinks.Count == 0) return null;
        return Open(
            new SinkSetOptions
            {
                Sinks = sinks,
                Directory = parsed.GetValue(_spool) is { Length: > 0 } given ? given : directory,
                ShowsPairs = _showsPairs,
                Limits = new SpoolLimits { MaxBytes = parsed.GetValue(_maxBytes)!.Value, MaxAge = parsed.GetValue(_maxAge)!.Value },
            },
            surroundings.Log,
            surroundings.Time);
    }

    /// <summary>Opens sinks and tells the operator of them.</summary>
    /// <param name="options">What was asked for.</param>
    /// <param name="log">What the operator is told.</param>
    /// <param name="time">What waits go by.</param>
    /// <exception cref="Failure">The queue can't be opened, or a sink can't be made.</exception>
    public static SinkSet Open(SinkSetOptions options, Log log, TimeProvider time)
    {
        string directory = Path.GetFullPath(options.Directory);
        try
        {
            SinkSet set = SinkSet.Open(options with { Directory = directory, Time = time, Inform = log.Info, Warn = log.Warn });
            foreach (string sink in set.Descriptions) log.Info($"sink {sink}; what waits for it is in {directory}");
            return set;
        }
        catch (FormatException error)
        {
            throw new Failure(string.Join('\n', error.Message.Split('\n').Select(line => $"--sink: {line}")), error);
        }
        catch (IOException error)
        {
            throw new Failure($"--spool: {error.Message}", error);
        }
    }
}
