using System.Net;
using System.Text;
using System.Text.Json;
using Llama.Mesh;
using Llama.Mesh.Membership;
using Llama.Mesh.Plans;
using Llama.Server.Discovery;
using Llama.Server.Discovery.Original;
using Microsoft.AspNetCore.Http;

namespace Llama.Fuzz.Rounds;

/// <summary>
/// Registrations as the original's probes send them, mutated from recorded ones. Each is refused with a line, or taken; what is taken
/// says the same when it comes back, and its tags are what a collector reads in the configuration, every one of them.
/// </summary>
internal sealed class RegistrationRound : IRound
{
    private const int RegistrationsToOneConfiguration = 4;

    private static readonly IPAddress Source = IPAddress.Parse("192.0.2.9");
    private static readonly DiscoveryOptions Options = new();

    private static readonly string[] Words =
    [
        "{", "}", "[", "]", "\"", ":", ",", "null", "NaN", "1e999", "-0", "0.1e-5", "123456789012345678901234567890", "\\ud800", "\\udc00", "\\u0000", "\\n",
        "\\u2028", "\u0000", "\u00e9", "[[[[[[[[", "\"tags\":{", "\"ip\":", "\"::1\"", "\"id\":1,", "\"create_date\":{},", "\"port\":8100,", "\"keepalive\":1e-400,",
        "\"<<\":\"x\",", "\"? \":\": \",", "\"src_name\":\"x\",", "\"src_shortname\":5,", "\"a\": \"b: #c\",", "\"null\":null,",
    ];

    private readonly byte[][] _bodies =
        [.. File.ReadLines(Path.Combine(AppContext.BaseDirectory, "fixtures", "server", "register.jsonl")).Select(BodyOf).Where(body => body.Length < 5000)];

    public string Name => "registrations";

    public string Title => "registrations at /api/v1 and the configurations they make";

    public double Share => 0.02;

    public double TimeShare => 0.05;

    public void Run(Campaign campaign)
    {
        var dice = new Dice(0);
        long taken = 0;
        for (; campaign.GoesOn; campaign.Tried++)
        {
            dice.Restart(campaign.Seed, campaign.Tried);
            byte[] body = Mutated(dice);
            try
            {
                if (Check(body) is not { } registration) continue;
                taken++;
                if (dice.OneIn(RegistrationsToOneConfiguration)) CheckConfiguration(registration);
            }
            catch (Exception exception) when (exception is not Violation { Datagram: not null })
            {
                throw new Violation($"{exception.GetType().Name}: {exception.Message}", body);
            }
        }

        campaign.Tell($"{taken:N0} taken");
        Violation.If(campaign.Tried > 10_000 && taken == 0, "no registration was taken: they are too broken to try anything");
    }

    private static Registration? Check(byte[] body)
    {
        Registration? registration = OriginalBody.Read(body, Source, Options, DateTimeOffset.UnixEpoch, out string problem);
        Violation.If(registration is null == (problem.Length == 0) || problem.Any(char.IsControl), $"refused with '{problem}'");
        if (registration is null) return null;
        Registration? again = OriginalBody.Read(Encoding.UTF8.GetBytes(registration.OriginalJson!), Source, Options, DateTimeOffset.UnixEpoch, out _);
        Violation.If(again is null || !registration.SaysTheSameAs(again), "what is listed says something else");
        return registration;
    }

    private static void CheckConfiguration(Registration target)
    {
        Registration asker = target with { Address = IPAddress.Parse("192.0.2.200"), Name = "asker", FullName = "asker" };
        var context = new DefaultHttpContext();
        using var reply = new MemoryStream();
        context.Request.Method = "GET";
        context.Response.Body = reply;
        var plan = new GroupPlan { Group = target.Group, Settings = GroupSettings.Default, Pairs = 0, Tests = [new PlannedTest(target.Group, [target], null)] };
        GroupConfig.Of(plan).SendAsync(context, asker).GetAwaiter().GetResult();

        ConfigurationResult read = CollectorConfigurationReader.Read(Encoding.UTF8.GetString(reply.ToArray()), "f");
        Violation.If(reply.Length != context.Response.ContentLength, "the configuration has another length than it says");
        Violation.If(read.Configuration is null, $"the configuration can't be read: {string.Join("; ", read.Errors)}");
        OrderedDictionary<string, string> expected = OriginalTags.Of(target);
        expected[OriginalTags.SourceName] = expected[OriginalTags.SourceShortName] = "asker";
        IReadOnlyList<KeyValuePair<string, string>> tags = read.Configuration!.Tests[0].Targets[^1].Tags;
        Violation.If(!tags.SequenceEqual(expected), "a collector reads other tags");
    }

    private byte[] Mutated(Dice dice)
    {
        byte[] body = dice.Pick<byte[]>(_bodies);
        for (int edits = dice.Below(5); edits > 0; edits--)
        {
            int at = dice.Below(body.Length + 1), cut = dice.Below(6);
            byte[] put = dice.OneIn(4) ? [] : dice.OneIn(3) ? [(byte)dice.Below(256)] : Encoding.UTF8.GetBytes(dice.Pick<string>(Words));
            body = [.. body.AsSpan(0, at), .. put, .. body.AsSpan(Math.Min(body.Length, at + cut))];
        }

        return body;
    }

    private static byte[] BodyOf(string line)
    {
        using var recorded = JsonDocument.Parse(line);
        JsonElement body = recorded.RootElement.GetProperty("request").GetProperty("body");
        return body.ValueKind == JsonValueKind.String ? Encoding.UTF8.GetBytes(body.GetString()!) : Convert.FromHexString(body.GetProperty("hex").GetString()!);
    }
}
