using System.Collections.Concurrent;
using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Text;
using System.Text.Json;
using Llama.Engine.Summaries;
using Llama.Mesh.Membership;
using Llama.Server.Collecting;
using Llama.Server.Hosting;
using Llama.Server.Intake;
using static Llama.Tests.Server.Reports;

namespace Llama.Tests.Server.Intake;

/// <summary>Bodies of pushes.</summary>
internal static class Pushes
{
    /// <summary>The push of a probe, with reports as collectors write them.</summary>
    public static byte[] Body(string group, string name, string? instance, params IntervalReport[] reports)
    {
        using var body = new MemoryStream();
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteStartObject("probe");
            json.WriteString("group", group);
            json.WriteString("name", name);
            json.WriteString("instance", instance);
            json.WriteEndObject();
            json.WriteStartArray("reports");
            foreach (IntervalReport report in reports)
            {
                json.WriteStartObject();
                SummaryJson.WriteReport(json, report);
                json.WriteStartArray("summaries");
                foreach (Summary summary in report.Summaries) SummaryJson.WriteSummary(json, summary, flows: true, buckets: true);
                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return body.ToArray();
    }

    /// <summary>A report of the interval that begins so many seconds after noon.</summary>
    public static IntervalReport At(double seconds, params Summary[] summaries) =>
        Report(summaries) with { Start = Noon.AddSeconds(seconds), End = Noon.AddSeconds(seconds + 10) };

    /// <summary>What was measured to a probe of this name.</summary>
    public static Summary To(string name, long lost, params long[] rttNanos) =>
        Summary("::", Target("10.0.0.2:8100", "10.0.0.2", ("dst_shortname", name)), lost, rttNanos);

    public static byte[] Gzip(byte[] body)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest)) gzip.Write(body);
        return packed.ToArray();
    }
}

/// <summary>An intake that is served, with members of which it knows. At its end no request may have failed.</summary>
internal sealed class ServedIntake : IAsyncDisposable
{
    private readonly SummaryIntake _intake;
    private readonly HttpServer _server;
    private readonly ConcurrentQueue<string> _faults;
    private readonly HttpClient _client = new();

    private ServedIntake(SummaryIntake intake, HttpServer server, ConcurrentQueue<string> faults)
    {
        _faults = faults;
        _intake = intake;
        _server = server;
    }

    public string Address => _server.Addresses[0];

    public SummaryIntake Intake => _intake;

    /// <summary>Serves an intake whose group <c>g</c> has these members, each with the instance <c>i</c>.</summary>
    public static Task<ServedIntake> StartAsync(TimeProvider time, params string[] members) => StartAsync(time, options => options, Group("g", members));

    public static async Task<ServedIntake> StartAsync(TimeProvider time, Func<IntakeOptions, IntakeOptions> adapt, params GroupSnapshot[] groups)
    {
        var intake = new SummaryIntake(adapt(Options(() => groups)), time);
        var faults = new ConcurrentQueue<string>();
        HttpServer server = await HttpServer.StartAsync(
            "127.0.0.1",
            0,
            (context, path) => intake.Answer(context, path) ?? context.ReplyNotFoundAsync(),
            new HttpLimits { MaxRequestBodyBytes = 16 * 1024 * 1024 },
            new FaultLog(faults.Enqueue, time));
        return new ServedIntake(intake, server, faults);
    }

    public static IntakeOptions Options(Func<IReadOnlyList<GroupSnapshot>> groups) => new()
    {
        Groups = groups,
        FindGroup = name => groups().FirstOrDefault(group => group.Name == name),
        FindMember = (group, name) => groups().FirstOrDefault(g => g.Name == group)?.Members.FirstOrDefault(member => member.Registration.Name == name),
    };

    public static GroupSnapshot Group(string group, params string[] members) => new(group, 1, [.. members.Select(name => Member(group, name, "i"))]);

    public static Member Member(string group, string name, string? instance) => new(
        new Registration
        {
            Group = group,
            Name = name,
            FullName = name,
            Address = IPAddress.Loopback,
            Port = 8100,
            Keepalive = TimeSpan.FromHours(1),
            Instance = instance,
        },
        EchoState.Confirmed);

    /// <summary>Pushes reports of a member of <c>g</c>, and returns what is answered.</summary>
    public async Task<string> PushAsync(string name, params IntervalReport[] reports)
    {
        (HttpStatusCode status, string answer) = await PostAsync(Pushes.Body("g", name, "i", reports));
        Assert.True(status == HttpStatusCode.OK, answer);
        return answer;
    }

    /// <summary>Sends a body as it is.</summary>
    public async Task<(HttpStatusCode Status, string Answer)> PostAsync(byte[] body, string? encoding = null)
    {
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = new("application/json");
        if (encoding is not null) content.Headers.ContentEncoding.Add(encoding);
        using HttpResponseMessage response = await _client.PostAsync(new Uri(Address + SummaryIntake.SummariesPath), content);
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    /// <summary>The detail of the problem that a body gets.</summary>
    public async Task<string> RefusalAsync(string body, HttpStatusCode status = HttpStatusCode.BadRequest)
    {
        (HttpStatusCode answered, string answer) = await PostAsync(Encoding.UTF8.GetBytes(body));
        Assert.True(answered == status, string.Create(CultureInfo.InvariantCulture, $"{answered} {answer}"));
        return JsonDocument.Parse(answer).RootElement.GetProperty("detail").GetString()!;
    }

    public Task<RawReply> GetAsync(string query, params string[] headers) => RawHttp.GetAsync(Address, SummaryIntake.MatrixPath + query, headers);

    /// <summary>The matrix as JSON.</summary>
    public async Task<JsonElement> MatrixAsync(string query = "")
    {
        RawReply reply = await GetAsync(query);
        Assert.True(reply.Status == 200, reply.Body);
        return JsonDocument.Parse(reply.Body).RootElement;
    }

    /// <summary>The raw text of one value of the matrix.</summary>
    public async Task<string> CellAsync(string source, string destination, string metric = "loss", string query = "")
    {
        JsonElement matrix = await MatrixAsync($"?metrics={metric}{query}");
        int row = Names(matrix, "sources").IndexOf(source), column = Names(matrix, "destinations").IndexOf(destination);
        Assert.True(row >= 0 && column >= 0, matrix.GetRawText());
        return matrix.GetProperty("metrics").GetProperty(metric)[row][column].GetRawText();
    }

    public static List<string> Names(JsonElement matrix, string member) => [.. matrix.GetProperty(member).EnumerateArray().Select(name => name.GetString()!)];

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _server.DisposeAsync();
        _intake.Dispose();
        Assert.True(_faults.IsEmpty, string.Join("; ", _faults));
    }
}
