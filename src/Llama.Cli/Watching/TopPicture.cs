using System.Globalization;
using System.Text.Json;
using Llama.Server.Joining;
using Spectre.Console.Rendering;

namespace Llama.Cli.Watching;

/// <summary>What the worst pairs are asked for. Immutable.</summary>
internal sealed record TopQuestion
{
    /// <summary>Of which pairs.</summary>
    public required MeshQuestion Pairs { get; init; }

    /// <summary>What makes them bad.</summary>
    public required string Metric { get; init; }

    /// <summary>Over how long, up to now.</summary>
    public required TimeSpan Last { get; init; }

    /// <summary>How many.</summary>
    public required int Limit { get; init; }

    /// <summary>Path and query of the request.</summary>
    public string Path(string format) => Pairs.Path(
        "api/v2/worst",
        ("metric", Metric),
        ("from", string.Create(CultureInfo.InvariantCulture, $"now-{Math.Max(1, Last.TotalSeconds):0}s")),
        ("limit", Limit.ToString(CultureInfo.InvariantCulture)),
        ("metrics", string.Join(',', TopView.Metrics)),
        ("format", format));
}

/// <summary>A server's worst pairs as a picture.</summary>
internal sealed class TopPicture(MeshServer server, TopQuestion question) : ILivePicture
{
    private volatile WorstAnswer? _answer;
    private volatile TopQuestion _question = question;
    private TopQuestion? _answered;
    private string? _tag;

    /// <inheritdoc/>
    public async Task<bool> AskAsync(CancellationToken cancellation)
    {
        TopQuestion asked = _question;
        string? known = asked == _answered ? _tag : null;
        ServerAnswer answer = await server.AskAsync(asked.Path("json"), asked.Pairs.Group, known, cancellation).ConfigureAwait(false);
        if (answer.Body is not { } body) return false;
        try
        {
            _answer = WorstAnswer.Read(body);
        }
        catch (JsonException error)
        {
            throw server.Senseless(error);
        }

        (_answered, _tag) = (asked, answer.Tag);
        return true;
    }

    /// <inheritdoc/>
    public IRenderable Draw(LiveLook look) => new TopView(_answer!, look)
    {
        Verdict = _question.Pairs.IsPart
            ? "Nothing was measured of what was asked for; try without --source, --destination and --by, or with a longer --last."
            : $"Nothing was measured in the last {_question.Last.TotalSeconds.ToString("0", CultureInfo.InvariantCulture)} s; give a longer --last, or start probes: LLAMA_SERVER={server.Name} llama probe",
    };

    /// <inheritdoc/>
    public bool Take(char key)
    {
        if (TopView.RankOf(key) is not { } metric) return false;
        _question = _question with { Metric = metric };
        return true;
    }
}
