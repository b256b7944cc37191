using System.Net;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Llama.Mesh.Membership;
using Llama.Server.Discovery.Access;
using Llama.Server.Intake;
using Microsoft.AspNetCore.Http;

namespace Llama.Server.Discovery.Native;

/// <summary>
/// <c>/api/v2/probes</c> and <c>/api/v2/groups/{group}/probes</c>: probes by group and name, in pages, filtered. Any thread may call it.
/// </summary>
internal sealed class ProbeListing(Registry registry, SummaryIntake intake, AccessRules access)
{
    // Goes with the snapshot it was sorted from.
    private readonly ConditionalWeakTable<GroupSnapshot, Member[]> _sorted = [];

    /// <summary>Lists the probes of all groups.</summary>
    public Task ListAllAsync(HttpContext context, ProbePath path)
    {
        _ = path;
        return context.IsRefused(access.MayRead(context), Problems.ReadToken, out Task refusal) ? refusal : SendAsync(context, registry.Groups);
    }

    /// <summary>Lists the probes of a group.</summary>
    public Task ListAsync(HttpContext context, ProbePath path)
    {
        if (context.IsRefused(access.MayRead(context), Problems.ReadToken, out Task refusal)) return refusal;
        return registry.Find(path.Group) is { } group ? SendAsync(context, [group]) : GroupResource.ReplyUnknownAsync(context, path.Group);
    }

    private Task SendAsync(HttpContext context, IReadOnlyList<GroupSnapshot> groups)
    {
        if (Parameters.Limit(context) is not { } limit) return context.ReplyBadParameterAsync("limit", Parameters.LimitForm);
        if (Cursor.Read(context, out Cursor after) is { } problem) return context.ReplyBadParameterAsync("cursor", problem);
        if (Filter.Read(context) is not { } filter) return context.ReplyBadParameterAsync("tag", "a key, a colon and a value");

        var page = Behind(groups, after).Where(filter.Takes).Take(limit + 1).ToList();
        return context.ReplyObjectAsync(StatusCodes.Status200OK, json =>
        {
            json.WriteStartArray("probes"u8);
            foreach (Member member in page.Take(limit)) Write(json, member);
            json.WriteEndArray();
            Cursor.Write(json, page.Count > limit ? new Cursor(page[limit - 1].Registration.Group, page[limit - 1].Registration.Name) : null);
        });
    }

    private void Write(Utf8JsonWriter json, Member member)
    {
        Registration probe = member.Registration;
        json.WriteStartObject();
        KnownMember known = registry.Find(probe.Group, probe.Name) ?? new KnownMember(member, TimeSpan.Zero, probe.RegisteredAt, null);
        ProbeJson.Write(json, known, intake.HealthOf(probe.Group, probe.Name));
        json.WriteEndObject();
    }

    private IEnumerable<Member> Behind(IReadOnlyList<GroupSnapshot> groups, Cursor after)
    {
        foreach (GroupSnapshot group in groups.Where(group => group.Name == after.Group || after.IsBefore(group.Name)).OrderBy(group => group.Name, StringComparer.Ordinal))
        {
            Member[] members = _sorted.GetValue(group, Sort);
            int first = group.Name == after.Group ? FirstBehind(members, after.Name) : 0;
            for (int i = first; i < members.Length; i++) yield return members[i];
        }
    }

    private static Member[] Sort(GroupSnapshot group)
    {
        Member[] members = [.. group.Members];
        Array.Sort(members, (one, other) => string.CompareOrdinal(one.Registration.Name, other.Registration.Name));
        return members;
    }

    private static int FirstBehind(Member[] members, string? name)
    {
        (int low, int high) = (0, members.Length);
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (string.CompareOrdinal(members[middle].Registration.Name, name) <= 0) low = middle + 1;
            else high = middle;
        }

        return low;
    }

    /// <summary>Which probes are wanted.</summary>
    /// <param name="tags">Tags that all have to be there with these values.</param>
    /// <param name="text">What has to occur in a name, the address, or a tag's value, in either case of letters; empty for anything.</param>
    private sealed class Filter(IReadOnlyList<KeyValuePair<string, string>> tags, string text)
    {
        /// <summary>Reads the parameters <c>tag</c> and <c>q</c>; null when a tag has no value.</summary>
        public static Filter? Read(HttpContext context)
        {
            var tags = new List<KeyValuePair<string, string>>();
            foreach (string? tag in context.Request.Query["tag"])
            {
                if (tag?.Split(':', 2) is not [{ Length: > 0 } key, string value]) return null;
                tags.Add(KeyValuePair.Create(key, value));
            }

            return new Filter(tags, context.Request.Query["q"].ToString());
        }

        public bool Takes(Member member)
        {
            Registration probe = member.Registration;
            foreach ((string key, string value) in tags)
                if (probe.TagOf(key) != value) return false;
            return text.Length == 0 || Has(probe.Name) || Has(probe.FullName) || Has(probe.Address) || probe.Tags.Any(tag => Has(tag.Value));
        }

        private bool Has(string value) => value.Contains(text, StringComparison.OrdinalIgnoreCase);

        private bool Has(IPAddress address) => Has(address.ToString());
    }
}
