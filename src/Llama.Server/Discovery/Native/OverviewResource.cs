using System.Buffers;
using System.Security.Cryptography;
using System.Text.Json;
using Llama.Mesh;
using Llama.Mesh.Membership;
using Llama.Mesh.Plans;
using Llama.Server.Collecting;
using Llama.Server.Discovery.Access;
using Llama.Server.Hosting;
using Llama.Server.Intake;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Llama.Server.Discovery.Native;

/// <summary><c>/api/v2/overview</c>: how each group does now. Any thread may call it.</summary>
internal sealed class OverviewResource(Registry registry, SummaryIntake intake, DiscoveryOptions options, AccessRules access, TimeProvider time)
{
    private const int MostGroups = 1000;
    private const int UsualWorst = 10;

    /// <summary>A probe that has just joined waits for its configuration, then for the end of an interval, then for the last deadline of it.</summary>
    private static readonly TimeSpan TimeToSettle = TimeSpan.FromMinutes(1);

    private readonly long _startedAt = time.GetTimestamp();

    /// <summary>Answers.</summary>
    public async Task GetAsync(HttpContext context)
    {
        if (context.IsRefused(access.MayRead(context), Problems.ReadToken, out Task refusal))
        {
            await refusal;
            return;
        }

        if (Parameters.Limit(context, UsualWorst) is not { } limit)
        {
            await context.ReplyBadParameterAsync("limit", Parameters.LimitForm);
            return;
        }

        string[] names = NamesOfAll();
        if (context.Request.Query["group"].ToString() is { Length: > 0 } wanted)
        {
            if (!names.Contains(wanted, StringComparer.Ordinal))
            {
                await GroupResource.ReplyUnknownAsync(context, wanted);
                return;
            }

            names = [wanted];
        }

        var groups = new List<GroupStanding>(names.Length);
        foreach (string name in names) groups.Add(await StandingOfAsync(name, limit, context.RequestAborted));
        await SendAsync(context, groups);
    }

    private string[] NamesOfAll() =>
        [.. registry.Groups.Select(group => group.Name).Union(options.Configuration.Groups.Keys).Union(intake.GroupNames).Order(StringComparer.Ordinal)];

    private async Task<GroupStanding> StandingOfAsync(string name, int mostWorst, CancellationToken cancellation)
    {
        GroupSettings settings = options.Configuration.Of(name);
        GroupPlan? plan = (await registry.PlanOfAsync(name, cancellation))?.Plan;
        GroupSnapshot? members = registry.Find(name);
        TimeSpan grace = 3 * settings.Interval + TimeToSettle;

        // Right after its start the server has heard nothing of anybody, and blames nobody.
        DateTimeOffset settledBefore = time.GetElapsedTime(_startedAt) > grace ? time.GetUtcNow() - grace : DateTimeOffset.MinValue;
        GroupTally tally = intake.Tally(name, members, settledBefore, mostWorst);
        return new GroupStanding(name, members?.Members.Count ?? 0, (plan?.Pairs ?? 0) * settings.Classes.Count, tally);
    }

    private Task SendAsync(HttpContext context, IReadOnlyList<GroupStanding> groups)
    {
        // Of more groups than anybody reads, those are told that are in trouble.
        IEnumerable<GroupStanding> told = groups.Count <= MostGroups
            ? groups
            : groups.OrderByDescending(group => group.Loss).ThenByDescending(group => group.Tally.SilentCount).Take(MostGroups)
                .OrderBy(group => group.Name, StringComparer.Ordinal);
        byte[] list = ListOf(told);

        // The list itself is what it is known by: it changes with results, members and plans, and with time alone when something becomes stale.
        string tag = Convert.ToHexStringLower(SHA256.HashData(list).AsSpan(0, 12));
        if (context.IsUnchanged(new EntityTagHeaderValue($"\"{tag}\"", isWeak: true))) return Task.CompletedTask;
        return context.ReplyObjectAsync(StatusCodes.Status200OK, json =>
        {
            json.WriteTime("now"u8, time.GetUtcNow());
            json.WriteNumber("groups_left_out"u8, Math.Max(0, groups.Count - MostGroups));
            json.WritePropertyName("groups"u8);
            json.WriteRawValue(list, skipInputValidation: true);
        });
    }

    private static byte[] ListOf(IEnumerable<GroupStanding> groups)
    {
        var list = new ArrayBufferWriter<byte>(4096);
        using var json = new Utf8JsonWriter(list);
        json.WriteStartArray();
        foreach (GroupStanding group in groups) group.Write(json);
        json.WriteEndArray();
        json.Flush();
        return list.WrittenSpan.ToArray();
    }

    /// <summary>A group as it is told of.</summary>
    private sealed record GroupStanding(string Name, int Probes, long PairsExpected, GroupTally Tally)
    {
        public long Loss { get; } = PairValues.Ratio(Tally.Lost, Tally.Sent);

        public void Write(Utf8JsonWriter json)
        {
            json.WriteStartObject();
            json.WriteString("name"u8, Name);
            json.WriteNumber("probes"u8, Probes);
            json.WriteNumber("reporting"u8, Tally.Reporting);
            json.WriteStartArray("silent"u8);
            foreach (string name in Tally.Silent) json.WriteStringValue(name);
            json.WriteEndArray();
            json.WriteNumber("silent_count"u8, Tally.SilentCount);
            json.WriteNumber("pairs_expected"u8, PairsExpected);
            json.WriteNumber("pairs_measured"u8, Tally.Measured);
            json.WriteNumber("pairs_lossy"u8, Tally.Lossy);
            json.WriteNumber("pairs_suspect"u8, Tally.Suspect);
            json.WriteNumber("pairs_stale"u8, Tally.Stale);
            json.WriteNumber("sent"u8, Tally.Sent);
            json.WriteNumber("lost"u8, Tally.Lost);
            WriteRatio(json, "loss", Loss);
            SummaryJson.WriteTime(json, "newest", Tally.Newest);
            json.WriteStartArray("worst"u8);
            foreach (LossyPair pair in Tally.Worst) Write(json, pair);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        private static void Write(Utf8JsonWriter json, LossyPair pair)
        {
            json.WriteStartObject();
            json.WriteString("source"u8, pair.Source);
            json.WriteString("destination"u8, pair.Destination);
            json.WriteNumber("class"u8, pair.Class);
            json.WriteString("class_name"u8, TrafficClass.Name(pair.Class));
            WriteRatio(json, "loss", pair.Loss);
            WriteRatio(json, "loss_forward", pair.LossForward);
            WriteRatio(json, "loss_reverse", pair.LossReverse);
            json.WriteBoolean("suspect"u8, pair.IsSuspect);
            json.WriteEndObject();
        }

        /// <summary>A share as the matrix writes it.</summary>
        private static void WriteRatio(Utf8JsonWriter json, string name, long parts)
        {
            Span<byte> text = stackalloc byte[MatrixMetrics.LongestText];
            int length = MatrixMetric.Loss.Write(parts, text);
            json.WritePropertyName(name);
            if (length > 0) json.WriteRawValue(text[..length], skipInputValidation: true);
            else json.WriteNullValue();
        }
    }
}
