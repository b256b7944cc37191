using System.Net;
using System.Text;
using System.Text.Json;
using Llama.Mesh.Membership;
using Llama.Mesh.Plans;
using Llama.Server.Discovery;
using Llama.Server.Discovery.Original;
using Microsoft.AspNetCore.Http;

namespace Llama.Tests.Server.Discovery.Original;

/// <summary>Registrations and configurations without a server around them.</summary>
internal static class Original
{
    /// <summary>What the original's probe says of itself.</summary>
    public static string Body(string name, string address, string group = "g1", IEnumerable<KeyValuePair<string, string>>? tags = null)
    {
        var all = new OrderedDictionary<string, string> { ["version"] = "1.1.0", ["probe_shortname"] = name, ["probe_name"] = $"{name}.example" };
        foreach ((string key, string value) in tags ?? []) all[key] = value;
        return JsonSerializer.Serialize(new { port = 8100, keepalive = 300, group, ip = address, tags = all });
    }

    public static Registration Probe(string name, string address, string group = "g1", IEnumerable<KeyValuePair<string, string>>? tags = null) =>
        Read(Body(name, address, group, tags)) ?? throw new ArgumentException("no registration");

    public static Registration? Read(string body) => Read(Encoding.UTF8.GetBytes(body), out _);

    public static Registration? Read(byte[] body, out string problem) =>
        OriginalBody.Read(body, IPAddress.Loopback, new DiscoveryOptions(), DateTimeOffset.UnixEpoch, out problem);

    /// <summary>The plan of a group of these.</summary>
    public static GroupPlan Plan(GroupSettings settings, params Registration[] probes) => MeshPlanner.Plan(
        "g1",
        new ServerConfiguration { Defaults = settings, Between = [new CrossTest("g1", "g2", null)] },
        group => [.. probes.Where(probe => probe.Group == group).Select(probe => new Member(probe, EchoState.Confirmed))]);

    /// <summary>The configuration of a probe.</summary>
    public static async Task<string> ConfigAsync(GroupPlan plan, Registration probe)
    {
        var context = new DefaultHttpContext();
        using var body = new MemoryStream();
        context.Request.Method = "GET";
        context.Response.Body = body;
        await GroupConfig.Of(plan).SendAsync(context, probe);
        Assert.Equal(body.Length, context.Response.ContentLength);
        return Encoding.UTF8.GetString(body.ToArray());
    }
}
