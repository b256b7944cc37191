using System.Text.Json;
using Llama.Mesh.Membership;
using Llama.Mesh.Plans;
using Llama.Server.Discovery.Access;
using Llama.Server.Hosting;
using Microsoft.AspNetCore.Http;

namespace Llama.Server.Discovery.Native;

/// <summary><c>/api/v2/groups</c> and <c>/api/v2/groups/{group}</c>: groups with probes, and those that are configured. Any thread may call it.</summary>
internal sealed class GroupResource(Registry registry, DiscoveryOptions options, AccessRules access)
{
    /// <summary>Lists groups in the order of their names.</summary>
    public Task ListAsync(HttpContext context, ProbePath path)
    {
        _ = path;
        if (context.IsRefused(access.MayRead(context), Problems.ReadToken, out Task refusal)) return refusal;
        if (Parameters.Limit(context) is not { } limit) return context.ReplyBadParameterAsync("limit", Parameters.LimitForm);
        if (Cursor.Read(context, out Cursor after) is { } problem) return context.ReplyBadParameterAsync("cursor", problem);

        var members = registry.Groups.ToDictionary(group => group.Name);
        List<string> names = [.. members.Keys.Union(options.Configuration.Groups.Keys).Where(after.IsBefore).Order(StringComparer.Ordinal).Take(limit + 1)];
        return context.ReplyObjectAsync(StatusCodes.Status200OK, json =>
        {
            json.WriteStartArray("groups"u8);
            foreach (string name in names.Take(limit))
            {
                json.WriteStartObject();
                Write(json, name, members.GetValueOrDefault(name));
                json.WriteEndObject();
            }

            json.WriteEndArray();
            Cursor.Write(json, names.Count > limit ? new Cursor(names[limit - 1]) : null);
        });
    }

    /// <summary>Shows a group.</summary>
    public Task GetAsync(HttpContext context, ProbePath path)
    {
        if (context.IsRefused(access.MayRead(context), Problems.ReadToken, out Task refusal)) return refusal;
        GroupSnapshot? members = registry.Find(path.Group);
        return members is null && !options.Configuration.Groups.ContainsKey(path.Group)
            ? ReplyUnknownAsync(context, path.Group)
            : context.ReplyObjectAsync(StatusCodes.Status200OK, json => Write(json, path.Group, members));
    }

    /// <summary>Answers that there is no such group.</summary>
    public static Task ReplyUnknownAsync(HttpContext context, string group) =>
        context.ReplyProblemAsync(StatusCodes.Status404NotFound, $"There is no group {group}: it has no probes, and the server's configuration does not name it.");

    private void Write(Utf8JsonWriter json, string name, GroupSnapshot? members)
    {
        GroupSettings settings = options.Configuration.Of(name);
        json.WriteString("name"u8, name);
        json.WriteNumber("probes"u8, members?.Members.Count ?? 0);
        json.WriteString("config_tag"u8, members is null ? null : registry.TagOf(name));
        json.WriteNumber("interval_s"u8, (long)settings.Interval.TotalSeconds);
        json.WriteNumber("cps"u8, settings.CyclesPerSecond);
        json.WriteNumber("flows"u8, settings.Flows);
        json.WriteStartArray("classes"u8);
        foreach (byte @class in settings.Classes) json.WriteNumberValue(@class);
        json.WriteEndArray();
        json.WriteStartArray("sizes"u8);
        foreach (int size in settings.Sizes) json.WriteNumberValue(size);
        json.WriteEndArray();
        json.WriteNumber("timeout_ms"u8, (long)settings.Timeout.TotalMilliseconds);
        if (settings.DontFragment is { } df) json.WriteBoolean("df"u8, df);
        else json.WriteNull("df"u8);
        Write(json, settings.Plan);
        json.WriteStartArray("tests_groups"u8);
        foreach (CrossTest test in options.Configuration.Between.Where(test => test.From == name)) json.WriteStringValue(test.To);
        json.WriteEndArray();
        json.WriteString("echo"u8, settings.Echo switch { EchoRule.Off => "off"u8, EchoRule.Require => "require"u8, _ => "warn"u8 });
        json.WriteBoolean("authenticates_datagrams"u8, !settings.DatagramKey.IsEmpty);
    }

    private static void Write(Utf8JsonWriter json, MeshPlan plan)
    {
        json.WriteStartObject("plan"u8);
        switch (plan)
        {
            case HubPlan hub:
                json.WriteString("kind"u8, "hub"u8);
                json.WriteString("tag"u8, hub.Tag);
                json.WriteString("value"u8, hub.Value);
                break;
            case SamplePlan sample:
                json.WriteString("kind"u8, "sample"u8);
                json.WriteNumber("degree"u8, sample.Degree);
                break;
            case TieredPlan tiered:
                json.WriteString("kind"u8, "tiered"u8);
                json.WriteStartArray("path"u8);
                foreach (string tag in tiered.Path) json.WriteStringValue(tag);
                json.WriteEndArray();
                json.WriteNumber("representatives"u8, tiered.Representatives);
                break;
            default:
                json.WriteString("kind"u8, "full"u8);
                break;
        }

        json.WriteEndObject();
    }
}
