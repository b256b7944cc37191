using System.Text.Json;
using Llama.Cli.Matrix;
using Llama.Server.Joining;
using Spectre.Console.Rendering;

namespace Llama.Cli.Watching;

/// <summary>What a matrix is asked for. Immutable.</summary>
internal sealed record MatrixQuestion
{
    /// <summary>Of which pairs.</summary>
    public required MeshQuestion Pairs { get; init; }

    /// <summary>What cells show.</summary>
    public required IReadOnlyList<string> Metrics { get; init; }

    /// <summary>At which moment, as the API takes it; null for now.</summary>
    public string? At { get; init; }

    /// <summary>Since when; null where it is about a moment.</summary>
    public string? From { get; init; }

    /// <summary>Until when.</summary>
    public string? To { get; init; }

    /// <summary>Median round-trip time from which a pair is slow.</summary>
    public TimeSpan Slow { get; init; } = TimeSpan.FromMilliseconds(150);

    /// <summary>True for the newest interval of each pair.</summary>
    public bool IsNow => At is null && From is null && To is null;

    /// <summary>Path and query of the request.</summary>
    public string Path(IEnumerable<string> metrics, string format) => Pairs.Path(
        "api/v2/matrix", ("at", At), ("from", From), ("to", To), ("metrics", string.Join(',', metrics)), ("format", format));
}

/// <summary>A server's matrix as a picture.</summary>
internal sealed class MatrixPicture(MeshServer server, MatrixQuestion question, TimeProvider time) : ILivePicture
{
    // What is not heard of for three intervals, and a minute for clocks that differ, should have been: as the server marks it.
    private const double UsualIntervalSeconds = 10, IntervalsUntilStale = 3, ClockSkewSeconds = 60;

    // Ages grow without news; where there is none for so long, they are asked for.
    private static readonly TimeSpan AgesAgain = TimeSpan.FromSeconds(10);

    private volatile MatrixAnswer? _answer;
    private long _answeredAt;
    private string? _tag;
    private double? _staleSeconds;
    private string? _kept;

    /// <inheritdoc/>
    public async Task<bool> AskAsync(CancellationToken cancellation)
    {
        string path = question.Path(MatrixAnswer.Needed(question.Metrics, question.IsNow), "json");
        string? known = question.IsNow && time.GetElapsedTime(_answeredAt) >= AgesAgain ? null : _tag;
        ServerAnswer answer = await server.AskAsync(path, question.Pairs.Group, known, cancellation).ConfigureAwait(false);
        if (answer.Body is not { } body) return false;
        bool isNew = _tag is null || answer.Tag != _tag;
        try
        {
            if (question.IsNow) _staleSeconds ??= await StaleSecondsAsync(MatrixAnswer.GroupOf(body), cancellation).ConfigureAwait(false);
            MatrixAnswer read = MatrixAnswer.Read(body, question.Metrics, isMoment: question is { From: null, To: null }, _staleSeconds);
            if (!read.HasPairs && !question.IsNow) _kept ??= await KeptAsync(cancellation).ConfigureAwait(false);
            _answer = read;
        }
        catch (JsonException error)
        {
            throw server.Senseless(error);
        }

        (_tag, _answeredAt) = (answer.Tag, time.GetTimestamp());
        return isNew;
    }

    /// <inheritdoc/>
    public IRenderable Draw(LiveLook look) => new MatrixView(_answer!.Matrix)
    {
        Title = "LLAMA matrix",
        Facts = [.. _answer.Facts, .. look.IsPaused ? ["PAUSED"] : (string[])[]],
        Notice = look.Trouble is { } trouble ? $"Not the newest: {trouble}" : null,
        Verdict = _answer.HasPairs ? null : Nothing(_answer.Group),
        More = "--source, --destination and --by ask for less; --format csv has all of it.",
        Slow = question.Slow,
        MaxHeight = look.Height,
    };

    /// <inheritdoc/>
    public bool Take(char key) => false;

    private string Nothing(string group) =>
        !question.IsNow ? $"Nothing was measured then. {_kept}"
        : question.Pairs.IsPart ? "Nothing was measured of late of what was asked for; try without --source, --destination and --by."
        : _answer!.Matrix.Sources.Count > 1 ? "Nothing was measured of late. Results come with the end of each interval, from probes that push."
        : $"Nothing was measured of late. Two probes make a matrix: LLAMA_SERVER={server.Name} LLAMA_GROUP={group} llama probe";

    private async Task<double> StaleSecondsAsync(string group, CancellationToken cancellation)
    {
        double? interval = await server.TryAskAsync(
            $"api/v2/groups/{Uri.EscapeDataString(group)}", json => MeshJson.Number(json, "interval_s"), cancellation).ConfigureAwait(false);
        return IntervalsUntilStale * (interval ?? UsualIntervalSeconds) + ClockSkewSeconds;
    }

    /// <summary>Of when the server keeps anything, in words.</summary>
    private async Task<string> KeptAsync(CancellationToken cancellation) =>
        await server.TryAskAsync(
            "api/v2/history",
            json =>
            {
                JsonElement[] levels = [.. json.GetProperty("levels").EnumerateArray()];
                DateTimeOffset? oldest = levels.Min(level => MeshJson.Time(level, "oldest")), newest = levels.Max(level => MeshJson.Time(level, "newest"));
                return oldest is null || newest is null ? "The server keeps no history yet." : $"The server keeps {MeshJson.Span(oldest.Value, newest.Value)}.";
            },
            cancellation).ConfigureAwait(false) ?? "";
}
