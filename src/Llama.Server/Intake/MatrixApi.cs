using System.Globalization;
using Llama.Mesh;
using Llama.Mesh.Membership;
using Llama.Server.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Llama.Server.Intake;

/// <summary>The answers of /api/v2/matrix. Any thread may call it.</summary>
internal sealed class MatrixApi(NewestPairs newest, IntakeOptions options, TimeProvider time)
{
    private const int MostGroupsNamed = 100;

    // About; a null is four, and a comma goes with it.
    private const int BytesOfValue = 5;

    // Tells answers from those before a restart.
    private readonly string _process = Guid.NewGuid().ToString("N", CultureInfo.InvariantCulture)[..8];

    /// <summary>Answers a GET or HEAD.</summary>
    public async Task AnswerAsync(HttpContext context)
    {
        IQueryCollection query = context.Request.Query;
        string name = query["group"].ToString();
        if (name.Length == 0)
        {
            string[] names = GroupNames();
            if (names.Length != 1)
            {
                await RefuseAsync(context, names.Length == 0 ? StatusCodes.Status404NotFound : StatusCodes.Status400BadRequest, names);
                return;
            }

            name = names[0];
        }

        GroupSnapshot? members = options.FindGroup(name);
        PairGroup? group = newest.Find(name);
        if (members is null && group is not { HasRecentSources: true })
        {
            await RefuseAsync(context, StatusCodes.Status404NotFound, GroupNames());
            return;
        }

        group ??= new PairGroup(options.MaxOtherColumns);
        IReadOnlyList<byte> classes = group.Classes;
        byte? @class = query["class"].ToString() is { Length: > 0 } wanted ? TrafficClass.Parse(wanted) : classes is [var lowest, ..] ? lowest : (byte)0;
        IReadOnlyList<MatrixMetric>? metrics = query["metrics"].ToString() is { Length: > 0 } list ? MatrixMetrics.Parse(list) : MatrixMetrics.Default;
        if (Refusal(@class, metrics, out MatrixFormat format) is { } refusal)
        {
            await context.ReplyProblemAsync(refusal.Status, refusal.Detail);
            return;
        }

        // The version is read first: results that come meanwhile may be shown, and are fetched once more.
        long version = group.Version;
        MatrixFrame frame = group.Frame(members);
        long values = (long)frame.Rows.Count * frame.Columns.Count * metrics!.Count;
        if (values > options.MaxValues)
        {
            await context.ReplyProblemAsync(
                StatusCodes.Status422UnprocessableEntity,
                string.Create(CultureInfo.InvariantCulture, $"That would be {values:#,0} values, and an answer has at most {options.MaxValues:#,0}: ask for fewer metrics, or divide the group."));
            return;
        }

        context.Response.Headers.Vary = LargeBody.Vary;
        string parts = string.Join('.', metrics.Select(metric => (int)metric));
        string tag = string.Create(CultureInfo.InvariantCulture, $"\"{_process}-{frame.Number}-{version}-{@class}-{parts}-{format}\"");
        if (context.IsUnchanged(new EntityTagHeaderValue(tag, isWeak: true))) return;
        context.Response.ContentType = format.ContentType();
        context.Response.Headers.XContentTypeOptions = "nosniff";
        if (HttpMethods.IsHead(context.Request.Method)) return;
        DateTimeOffset now = time.GetUtcNow();
        var matrix = new MatrixView(name, @class, classes, metrics, new NewestCells(frame, @class!.Value, now), now);
        await context.SendBodyAsync(values * BytesOfValue, output => matrix.WriteAsync(format, output, context.RequestAborted));

        (int Status, string Detail)? Refusal(byte? @class, IReadOnlyList<MatrixMetric>? metrics, out MatrixFormat format)
        {
            format = default;
            if (@class is null) return (StatusCodes.Status400BadRequest, "The parameter class is the name of a DSCP such as EF, or an octet from 0 to 255.");
            if (metrics is null)
            {
                string all = string.Join(", ", MatrixMetrics.All.Select(metric => metric.Name()));
                return (StatusCodes.Status400BadRequest, $"The parameter metrics is a list of these, with commas between them, or all: {all}.");
            }

            if (MatrixFormats.Of(context.Request) is not { } known)
            {
                return query["format"].Count > 0
                    ? (StatusCodes.Status400BadRequest, "The parameter format is json, csv or text.")
                    : (StatusCodes.Status406NotAcceptable, "The matrix comes as application/json, text/csv or text/plain.");
            }

            format = known;
            return null;
        }
    }

    private string[] GroupNames() => [.. options.Groups().Select(group => group.Name).Union(newest.GroupNames()).Order(StringComparer.Ordinal)];

    private static Task RefuseAsync(HttpContext context, int status, string[] names)
    {
        string listed = string.Join(", ", names.Take(MostGroupsNamed)) + (names.Length > MostGroupsNamed ? ", ..." : "");
        string detail = names.Length == 0 ? "No probe has registered yet." : $"Say which group, as in /api/v2/matrix?group=NAME. There are: {listed}.";
        return context.ReplyProblemAsync(status, status == StatusCodes.Status404NotFound && names.Length > 0 ? $"There is no such group. {detail}" : detail);
    }
}
