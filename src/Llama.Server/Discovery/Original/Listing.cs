using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Llama.Mesh.Membership;
using Llama.Server.Hosting;
using Microsoft.AspNetCore.Http;

namespace Llama.Server.Discovery.Original;

/// <summary>Probes as the original lists them: what each said of itself, by id, with the date it was last heard of.</summary>
/// <param name="registry">The probes.</param>
/// <param name="localTime">The zone that dates are written in.</param>
internal sealed class Listing(Registry registry, TimeZoneInfo localTime)
{
    private const string Json = "application/json";

    // What is longer goes out as it is written, without its length.
    private const int PortionBytes = 1 << 20;

    private static readonly string[] OwnMembers = ["group", "ip", "keepalive", "port", "tags"];

    /// <summary>Answers with all groups.</summary>
    public async Task SendAllAsync(HttpContext context)
    {
        var output = new ArrayBufferWriter<byte>(1024);
        output.Write("{"u8);
        bool first = true;
        foreach (GroupSnapshot group in registry.Groups.OrderBy(group => group.Name, FlaskJson.KeyOrder))
        {
            FlaskJson.WriteKey(output, group.Name, ref first);
            await WriteGroupAsync(context, output, group);
        }

        output.Write("}\n"u8);
        await FinishAsync(context, output);
    }

    /// <summary>Answers with one group.</summary>
    public async Task SendAsync(HttpContext context, GroupSnapshot group)
    {
        var output = new ArrayBufferWriter<byte>(1024);
        await WriteGroupAsync(context, output, group);
        output.Write("\n"u8);
        await FinishAsync(context, output);
    }

    /// <summary>One probe alone, within its group.</summary>
    public ReadOnlyMemory<byte> WriteOne(Registration probe)
    {
        var output = new ArrayBufferWriter<byte>(512);
        bool first = true;
        output.Write("{"u8);
        FlaskJson.WriteKey(output, probe.Group, ref first);
        first = true;
        output.Write("{"u8);
        WriteEntry(output, probe, ref first);
        output.Write("}}\n"u8);
        return output.WrittenMemory;
    }

    private async Task WriteGroupAsync(HttpContext context, ArrayBufferWriter<byte> output, GroupSnapshot group)
    {
        output.Write("{"u8);
        bool first = true;
        foreach (Registration probe in group.Members.Select(member => member.Registration).OrderBy(probe => probe.Id, FlaskJson.KeyOrder))
        {
            WriteEntry(output, probe, ref first);
            if (output.WrittenCount < PortionBytes || HttpMethods.IsHead(context.Request.Method)) continue;
            context.Response.ContentType = Json;
            await context.Response.BodyWriter.WriteAsync(output.WrittenMemory, context.RequestAborted);
            output.ResetWrittenCount();
        }

        output.Write("}"u8);
    }

    private static Task FinishAsync(HttpContext context, ArrayBufferWriter<byte> output) => context.Response.HasStarted
        ? context.Response.BodyWriter.WriteAsync(output.WrittenMemory, context.RequestAborted).AsTask()
        : context.ReplyAsync(StatusCodes.Status200OK, Json, output.WrittenMemory);

    private void WriteEntry(IBufferWriter<byte> output, Registration probe, ref bool first)
    {
        FlaskJson.WriteKey(output, probe.Id, ref first);
        using JsonDocument? said = probe.OriginalJson is { } json ? JsonDocument.Parse(json) : null;
        var members = new SortedDictionary<string, JsonElement>(FlaskJson.KeyOrder) { ["create_date"] = default, ["id"] = default };
        if (said is null)
            foreach (string key in OwnMembers) members[key] = default;
        else
            foreach (JsonProperty property in said.RootElement.EnumerateObject()) members[property.Name] = property.Value;

        output.Write("{"u8);
        bool firstMember = true;
        foreach ((string key, JsonElement value) in members)
        {
            FlaskJson.WriteKey(output, key, ref firstMember);
            if (value.ValueKind == JsonValueKind.Undefined) WriteMember(output, key, probe);
            else FlaskJson.WriteValue(output, value);
        }

        output.Write("}"u8);
    }

    /// <summary>What the server says of a probe, and what the original's probes would have said themselves.</summary>
    private void WriteMember(IBufferWriter<byte> output, string key, Registration probe)
    {
        switch (key)
        {
            case "create_date":
                FlaskJson.WriteString(output, DateOf(registry.Find(probe.Group, probe.Name)?.HeardOfAt ?? probe.RegisteredAt));
                break;
            case "id":
                FlaskJson.WriteString(output, probe.Id);
                break;
            case "group":
                FlaskJson.WriteString(output, probe.Group);
                break;
            case "ip":
                FlaskJson.WriteString(output, probe.Address.ToString());
                break;
            case "keepalive":
                FlaskJson.WriteNumber(output, probe.Keepalive.TotalSeconds);
                break;
            case "port":
                FlaskJson.WriteNumber(output, probe.Port);
                break;
            default:
                WriteTags(output, OriginalTags.Own(probe));
                break;
        }
    }

    /// <summary>
    /// Local time with six digits behind the point, as Python writes it. The last three are zeros: between two readings the clocks
    /// wander by less than that, and a date that nothing has changed is to stay as it is.
    /// </summary>
    private string DateOf(DateTimeOffset at) =>
        TimeZoneInfo.ConvertTime(at, localTime).ToString("yyyy-MM-ddTHH:mm:ss.fff000", CultureInfo.InvariantCulture);

    private static void WriteTags(IBufferWriter<byte> output, OrderedDictionary<string, string> tags)
    {
        output.Write("{"u8);
        bool first = true;
        foreach ((string key, string value) in tags.OrderBy(tag => tag.Key, FlaskJson.KeyOrder))
        {
            FlaskJson.WriteKey(output, key, ref first);
            FlaskJson.WriteString(output, value);
        }

        output.Write("}"u8);
    }
}
