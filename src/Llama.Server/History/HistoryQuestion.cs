using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Llama.Mesh;
using Llama.Server.Hosting;
using Llama.Server.Intake;
using Llama.Storage.History;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Llama.Server.History;

/// <summary>What a request asks of a history: its parameters, read. Each member is read, and refused, when it is asked for. Belongs to its request.</summary>
/// <param name="context">The request.</param>
/// <param name="store">The history.</param>
/// <param name="memberGroups">The groups that have probes at present.</param>
/// <param name="now">The server's clock.</param>
internal sealed class HistoryQuestion(HttpContext context, IHistoryStore store, IEnumerable<string> memberGroups, DateTimeOffset now)
{
    /// <summary>The parameters whose answer goes by the tags of probes.</summary>
    public static readonly IReadOnlyList<string> TagParameters = ["by", "source_by", "destination_by", "source", "destination"];

    private const int MostGroupsNamed = 100;
    private const int MostSelectors = 50;
    private const int LongestSelector = 512;

    private static readonly TimeSpan NowStep = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan RetentionStep = TimeSpan.FromMinutes(10);

    // Tells answers from those before a restart.
    private static readonly string Process = Guid.NewGuid().ToString("N", CultureInfo.InvariantCulture)[..8];

    private readonly IQueryCollection _query = context.Request.Query;
    private HistoryGroup? _group;

    /// <summary>The server's clock.</summary>
    public DateTimeOffset Now => now;

    /// <summary>What <c>now</c> stands for: it goes in steps, so that answers can be kept for that long.</summary>
    public DateTimeOffset CoarseNow { get; } = Floor(now, NowStep);

    /// <summary>The group that is named, or the only one; one that nothing is known of yet is empty.</summary>
    public HistoryGroup Group => _group ??= FindGroup();

    /// <summary>True when no parameter of this name is there.</summary>
    public bool Lacks(string name) => _query[name].Count == 0;

    /// <summary>The class, null for all of them together; by default the lowest one that was measured.</summary>
    public byte? Class => _query["class"].ToString() switch
    {
        "" => Group.Classes is [var lowest, ..] ? lowest : (byte)0,
        "all" => null,
        string text => TrafficClass.Parse(text) ?? throw Bad("class", "the name of a DSCP such as EF, an octet from 0 to 255, or all"),
    };

    /// <summary>The metrics, each once.</summary>
    public IReadOnlyList<MatrixMetric> Metrics(IReadOnlyList<MatrixMetric> unlessTold) => _query["metrics"].ToString() is { Length: > 0 } list
        ? MatrixMetrics.Parse(list) ?? throw Bad("metrics", $"a list of these, with commas between them, or all: {string.Join(", ", MatrixMetrics.All.Select(metric => metric.Name()))}")
        : unlessTold;

    /// <summary>How the answer is written.</summary>
    public MatrixFormat Format(bool hasText = false) => MatrixFormats.Of(context.Request, hasText)
        ?? throw (_query["format"].Count > 0
            ? Bad("format", hasText ? "json, csv or text" : "json or csv")
            : new QueryRefusedException(StatusCodes.Status406NotAcceptable, $"The answer comes as application/json{(hasText ? ", text/csv or text/plain" : " or text/csv")}."));

    /// <summary>A moment; null where the parameter is not there.</summary>
    public DateTimeOffset? Time(string name, bool isEnd = false) =>
        _query[name].ToString() is { Length: > 0 } text ? TimePoint.Parse(text, CoarseNow, isEnd) ?? throw Bad(name, TimePoint.Form) : null;

    /// <summary>A length of time above zero; null where the parameter is not there.</summary>
    public TimeSpan? Length(string name) => _query[name].ToString() is { Length: > 0 } text
        ? TimeStep.Parse(text) is { } length && length > TimeSpan.Zero ? length : throw Bad(name, "a time such as 90s, 5m or 1h, from a second on")
        : null;

    /// <summary>The span that is asked for; the last hour unless told.</summary>
    public (DateTimeOffset From, DateTimeOffset To) Span()
    {
        DateTimeOffset to = Time("to", isEnd: true) ?? CoarseNow;
        DateTimeOffset from = Time("from") ?? to - TimeSpan.FromHours(1);
        if (from >= to)
            throw new QueryRefusedException(StatusCodes.Status400BadRequest, $"The parameter from ({Text(from)}) is a time before to ({Text(to)}).");
        return (from, to);
    }

    /// <summary>How long each point of a span is; about 300 of them unless told.</summary>
    public TimeSpan Step(DateTimeOffset from, DateTimeOffset to)
    {
        if (_query["step"].ToString() is not { Length: > 0 } text) return TimeStep.For(to - from);
        TimeSpan step = TimeStep.Parse(text) ?? throw Bad("step", TimeStep.Form);
        double steps = step > TimeSpan.Zero ? (to - from) / step : 0;
        return steps <= HistoryLimits.MostSteps ? step : throw new QueryRefusedException(
            StatusCodes.Status422UnprocessableEntity,
            string.Create(CultureInfo.InvariantCulture, $"That would be {Math.Ceiling(steps):#,0} steps, and there are at most {HistoryLimits.MostSteps:#,0}: ask for a longer step or a shorter span."));
    }

    /// <summary>A whole number from 1 on.</summary>
    public int Limit(int unlessTold, int most) => _query["limit"].ToString() switch
    {
        "" => unlessTold,
        string text when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int limit) && limit > 0 => Math.Min(limit, most),
        _ => throw Bad("limit", string.Create(CultureInfo.InvariantCulture, $"a whole number from 1 on, and {most} at most counts")),
    };

    /// <summary>One of some words.</summary>
    public T Word<T>(string name, IReadOnlyList<(string Word, T Value)> words)
    {
        string text = _query[name].ToString();
        if (text.Length == 0) return words[0].Value;
        foreach ((string word, T value) in words)
            if (word == text) return value;
        throw Bad(name, $"one of these: {string.Join(", ", words.Select(word => word.Word))}");
    }

    /// <summary>A name that has to be there.</summary>
    public string Name(string name) => _query[name] is [{ Length: > 0 } text] ? text : throw Bad(name, "the name of one probe or target, as in the matrix");

    /// <summary>A question about the pairs that the request names, put together as it says.</summary>
    public HistoryQuery Query(DateTimeOffset from, DateTimeOffset to, IEnumerable<MatrixMetric> metrics) => new()
    {
        Group = Group.Name,
        From = from,
        To = to,
        Class = Class,
        Sources = Selectors("source"),
        Destinations = Selectors("destination"),
        SourceBy = By("source_by"),
        DestinationBy = By("destination_by"),
        Detail = PairValues.DetailOf(metrics),
    };

    /// <summary>Tells the client what its answer is known by; true when it has that already, or wants no more than to know.</summary>
    /// <param name="to">Before which the intervals of the answer begin.</param>
    /// <param name="format">How it is written.</param>
    /// <param name="parts">What makes it another answer, besides the request itself.</param>
    public bool IsAnswered(DateTimeOffset to, MatrixFormat format, params IEnumerable<object> parts)
    {
        // Tags are those of today, so that later reports may put together the past in another way; and what is old becomes coarse.
        bool goesByTags = TagParameters.Any(name => !Lacks(name));
        long version = store.Version(Group.Name, goesByTags ? DateTimeOffset.MaxValue : to);
        string known = string.Join(
            '\n',
            [context.Request.Path, context.Request.QueryString, Group.Name, string.Join(',', Group.Classes), format, Floor(now, RetentionStep).UtcTicks, .. parts]);
        string hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(known)).AsSpan(0, 8));
        context.Response.Headers.Vary = LargeBody.Vary;
        if (context.IsUnchanged(new EntityTagHeaderValue(string.Create(CultureInfo.InvariantCulture, $"\"{Process}-{version}-{hash}\""), isWeak: true))) return true;
        context.Response.ContentType = format.ContentType();
        context.Response.Headers.XContentTypeOptions = "nosniff";
        return HttpMethods.IsHead(context.Request.Method);
    }

    /// <summary>A time as errors write it.</summary>
    public static string Text(DateTimeOffset time) => time.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.FFF'Z'", CultureInfo.InvariantCulture);

    private static DateTimeOffset Floor(DateTimeOffset time, TimeSpan step) => new(time.UtcTicks - time.UtcTicks % step.Ticks, TimeSpan.Zero);

    private static QueryRefusedException Bad(string name, string wanted) => new(StatusCodes.Status400BadRequest, $"The parameter {name} is {wanted}.");

    private HistoryGroup FindGroup()
    {
        string[] names = [.. store.Groups.Union(memberGroups).Order(StringComparer.Ordinal)];
        string name = _query["group"].ToString() is { Length: > 0 } told ? told : names.Length == 1 ? names[0] : "";
        if (name.Length > 0 && names.Contains(name)) return store.Find(name) ?? new HistoryGroup(name, [], [], []);
        if (names.Length == 0) throw new QueryRefusedException(StatusCodes.Status404NotFound, "Nothing has been measured yet.");
        string listed = string.Join(", ", names.Take(MostGroupsNamed)) + (names.Length > MostGroupsNamed ? ", ..." : "");
        throw name.Length == 0
            ? new QueryRefusedException(StatusCodes.Status400BadRequest, $"Say which group, as in {context.Request.Path}?group=NAME. There are: {listed}.")
            : new QueryRefusedException(StatusCodes.Status404NotFound, $"There is no such group. There are: {listed}.");
    }

    /// <summary>Names with asterisks, or tags and their values: commas and repeating add another one.</summary>
    private List<LabelMatch> Selectors(string parameter)
    {
        var selectors = new List<LabelMatch>();
        foreach (string part in _query[parameter].SelectMany(text => text?.Split(',', StringSplitOptions.RemoveEmptyEntries) ?? []))
        {
            int equals = part.IndexOf('=', StringComparison.Ordinal);
            selectors.Add(equals < 0 ? new LabelMatch(HistoryQuery.ByName, part) : new LabelMatch(part[..equals], part[(equals + 1)..]));
            if (part.Length > LongestSelector || selectors.Count > MostSelectors)
                throw Bad(parameter, string.Create(CultureInfo.InvariantCulture, $"up to {MostSelectors} names or TAG=VALUE, each of up to {LongestSelector} characters"));
        }

        return selectors;
    }

    private string? By(string parameter)
    {
        string label = _query[parameter].ToString() is { Length: > 0 } own ? own : _query["by"].ToString();
        if (label is "" or HistoryQuery.ByName) return HistoryQuery.ByName;
        if (label == "all") return null;
        HashSet<string> known = [.. TagsOf(Group.Sources.Select(source => source.Tags)), .. TagsOf(Group.Destinations.Select(destination => destination.Tags))];
        if (known.Contains(label) || (Group.Sources.Count == 0 && Group.Destinations.Count == 0)) return label;
        string listed = known.Count == 0 ? "The group has no tags" : $"The group has these: {string.Join(", ", known.Order(StringComparer.Ordinal).Take(MostGroupsNamed))}";
        throw new QueryRefusedException(StatusCodes.Status400BadRequest, $"No probe has the tag {Printable.Of(label)} to put pairs together by. {listed}; or take name, or all.");
    }

    /// <summary>The keys of tags, each once, in the order of their names.</summary>
    public static IReadOnlyList<string> TagsOf(IEnumerable<IReadOnlyList<KeyValuePair<string, string>>> tags) =>
        [.. tags.SelectMany(list => list).Select(tag => tag.Key).Distinct().Order(StringComparer.Ordinal)];
}
