using System.Text;
using System.Text.Json;
using Llama.Mesh.Plans;
using Llama.Server.Discovery;
using Llama.Server.Discovery.Access;
using Llama.Server.Discovery.Native;
using Llama.Server.Intake;
using Llama.Storage.History;
using Llama.Tests.Server.History;
using Llama.Tests.Server.Intake;
using static Llama.Tests.Server.Discovery.Native.NativeServer;

namespace Llama.Tests.Server.Discovery.Native;

/// <summary>What /openapi/v2.json says is so, and what is so it says.</summary>
public sealed class OpenApiTests
{
    [Fact]
    public async Task Every_resource_is_described_and_nothing_else()
    {
        await using NativeServer server = await StartAsync();
        await using Joining joining = await Joining.StartAsync();
        using var intake = new SummaryIntake(
            new IntakeOptions { FindMember = (_, _) => null, FindGroup = _ => null, Groups = () => [] }, joining.Time);
        var options = new DiscoveryOptions();
        var api = new NativeApi(
            joining.Registry, intake, options, new AccessRules(options), new ClientAddresses([]), new SourceRates(null, joining.Time), 1, joining.Time);
        JsonElement document = (await server.GetAsync("/openapi/v2.json")).Json;

        IEnumerable<string> described = document.GetProperty("paths").EnumerateObject().SelectMany(path => path.Value.EnumerateObject()
            .Where(member => member.Name != "parameters").Select(method => $"{method.Name.ToUpperInvariant()} {path.Name}"));
        IEnumerable<string> there = api.Routes.SelectMany(route => route.Methods.Keys.Select(method => $"{method} {route.Path}"));

        Assert.Equal(there.Order(StringComparer.Ordinal), described.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Every_reference_leads_somewhere_and_every_part_is_used()
    {
        await using NativeServer server = await StartAsync();
        Reply reply = await server.GetAsync("/openapi/v2.json");
        var schema = new JsonSchema(reply.Json);
        var used = new HashSet<string>();

        void Walk(JsonElement element)
        {
            if (element.ValueKind == JsonValueKind.Array)
                foreach (JsonElement item in element.EnumerateArray()) Walk(item);
            if (element.ValueKind != JsonValueKind.Object) return;
            foreach (JsonProperty member in element.EnumerateObject())
            {
                if (member.Name == "$ref") used.Add(member.Value.GetString()!);
                Walk(member.Value);
            }

            schema.Resolve(element);
        }

        Walk(reply.Json);

        JsonElement components = reply.Json.GetProperty("components");
        Assert.Equal("application/json", reply.Type);
        Assert.Equal("3.1.0", reply.Json.GetProperty("openapi").GetString());
        foreach (string kind in new[] { "schemas", "responses" })
            Assert.All(components.GetProperty(kind).EnumerateObject(), part => Assert.Contains($"#/components/{kind}/{part.Name}", used));
    }

    [Fact]
    public async Task Every_example_fits_its_schema()
    {
        await using NativeServer server = await StartAsync();
        JsonElement document = (await server.GetAsync("/openapi/v2.json")).Json;
        var schema = new JsonSchema(document);
        int examples = 0;

        void Walk(JsonElement element, string at)
        {
            if (element.ValueKind == JsonValueKind.Object)
            {
                if (element.TryGetProperty("example", out JsonElement example))
                {
                    examples++;
                    Assert.True(schema.Check(element.GetProperty("schema"), example) is [], $"{at}: {string.Join("; ", schema.Check(element.GetProperty("schema"), example))}");
                }

                foreach (JsonProperty member in element.EnumerateObject()) Walk(member.Value, $"{at}/{member.Name}");
            }
        }

        Walk(document.GetProperty("paths"), "");
        Assert.True(examples >= 10);
    }

    [Fact]
    public async Task Real_answers_fit_their_schemas()
    {
        await using NativeServer server = await StartAsync(configuration: new ServerConfiguration
        {
            Groups = new Dictionary<string, GroupSettings> { ["s"] = new() { Plan = new SamplePlan(1) }, ["t"] = new() { Plan = new TieredPlan(["site"], 1) } },
            Between = [new CrossTest("g", "s", 1)],
        });
        JsonElement document = (await server.GetAsync("/openapi/v2.json")).Json;
        var schema = new JsonSchema(document);

        async Task CheckAsync(string name, Task<Reply> asked)
        {
            Reply reply = await asked;
            IReadOnlyList<string> faults = schema.Check(document.GetProperty("components").GetProperty("schemas").GetProperty(name), reply.Json);
            Assert.True(faults.Count == 0, $"{name}: {string.Join("; ", faults)}: {reply.Text}");
        }

        await CheckAsync("Registered", server.JoinAsync("a", tags: """{"site":"x"}"""));
        await CheckAsync("Registered", server.JoinAsync("a", address: "192.0.2.9"));
        await server.JoinAsync("b", group: "s");
        await CheckAsync("Probe", server.GetAsync("/api/v2/groups/g/probes/a"));
        await CheckAsync("Probes", server.GetAsync("/api/v2/probes?limit=1"));
        await CheckAsync("Probes", server.GetAsync("/api/v2/groups/g/probes"));
        await CheckAsync("Groups", server.GetAsync("/api/v2/groups"));
        await CheckAsync("Group", server.GetAsync("/api/v2/groups/t"));
        await CheckAsync("Configuration", server.GetAsync("/api/v2/groups/g/probes/a/config"));
        await CheckAsync("Events", server.GetAsync("/api/v2/events"));
        await CheckAsync("Matrix", server.GetAsync("/api/v2/matrix?group=g&metrics=all"));
        await CheckAsync("Pushed", server.SendAsync("POST", "/api/v2/summaries", $$"""{"probe":{"group":"g","name":"a","instance":"{{InstanceOf("a")}}"},"reports":[]}"""));
        string report = Encoding.UTF8.GetString(Pushes.Body("g", "a", InstanceOf("a"), Pushes.At(0, Pushes.To("b", 1, 1000))));
        await CheckAsync("Pushed", server.SendAsync("POST", "/api/v2/summaries", report));
        await CheckAsync("Probe", server.GetAsync("/api/v2/groups/g/probes/a"));
        await CheckAsync("Overview", server.GetAsync("/api/v2/overview"));
        await CheckAsync("Problem", server.GetAsync("/api/v2/groups/none"));
        await CheckAsync("Problem", server.SendAsync("PATCH", "/api/v2/groups/none"));
    }

    [Fact]
    public async Task Real_answers_from_history_fit_their_schemas()
    {
        await using Past past = await Past.StartAsync();
        JsonElement document = (await past.Server.GetAsync("/openapi/v2.json")).Json;
        var schema = new JsonSchema(document);
        await past.Server.JoinAsync("a");
        await past.Model.AppendAsync([new HistoryEvent(Past.Noon.AddMinutes(-1), "joined", "g", "a", """{"address":"192.0.2.1","port":8100}"""u8.ToArray())], CancellationToken.None);
        await past.ReportAsync("a", -20, new Pair("b", 10, 5, 1000) { Flows = [(40001, 10, 5)] }, new Pair("c", 0, 0));

        foreach ((string name, string target) in new[]
        {
            ("Matrix", "matrix?at=now&metrics=all"), ("Matrix", "matrix?from=now-1h&by=all&class=all"), ("Matrix", "matrix?at=now-1d"),
            ("Series", "series?metrics=all"), ("Series", "series?step=0"), ("Series", "series?class=EF"), ("Flows", "flows?source=a&destination=b&step=0"),
            ("Worst", "worst"), ("Worst", "worst?metrics=all"), ("Events", "events?from=now-1h"), ("History", "history"),
        })
        {
            Reply reply = await past.Server.GetAsync($"/api/v2/{target}");
            IReadOnlyList<string> faults = schema.Check(document.GetProperty("components").GetProperty("schemas").GetProperty(name), reply.Json);
            Assert.True(faults.Count == 0, $"{target}: {string.Join("; ", faults)}: {reply.Text}");
        }
    }

    [Fact]
    public async Task Other_methods_are_refused_with_those_there_are()
    {
        await using NativeServer server = await StartAsync();
        JsonElement document = (await server.GetAsync("/openapi/v2.json")).Json;

        foreach (JsonProperty path in document.GetProperty("paths").EnumerateObject())
        {
            string target = path.Name.Replace("{group}", "g", StringComparison.Ordinal).Replace("{name}", "a", StringComparison.Ordinal);
            string[] methods = [.. path.Value.EnumerateObject().Where(member => member.Name != "parameters").Select(method => method.Name.ToUpperInvariant())];
            Reply refused = await server.SendAsync("PATCH", target);
            Reply asked = await server.SendAsync("OPTIONS", target);

            refused.Problem(405);
            string[] allowed = refused["Allow"]!.Split(", ");
            Assert.Equal(methods.Append("OPTIONS").Concat(methods.Contains("GET") ? ["HEAD"] : []).Order(), allowed.Order());
            Assert.Equal((204, refused["Allow"]), (asked.Status, asked["Allow"]));
        }
    }

    [Fact]
    public async Task A_matrix_takes_the_read_token_and_a_push_the_register_token()
    {
        await using NativeServer server = await StartAsync(new DiscoveryOptions { RegisterToken = "join", ReadToken = "look" });
        await server.JoinAsync("a", token: "join");
        const string push = """{"probe":{"group":"g","name":"a","instance":"i"},"reports":[]}""";

        (await server.GetAsync("/api/v2/matrix?group=g")).Problem(401);
        (await server.GetAsync("/api/v2/matrix?group=g", "join")).Problem(403);
        foreach (string format in new[] { "json", "csv", "text" })
            Assert.Equal(200, (await server.GetAsync($"/api/v2/matrix?group=g&format={format}", "look")).Status);
        (await server.SendAsync("POST", "/api/v2/summaries", push)).Problem(401);
        (await server.SendAsync("POST", "/api/v2/summaries", push, "look")).Problem(403);
    }
}
