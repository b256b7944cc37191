using System.Text.Json;
using System.Text.RegularExpressions;
using Llama.Tests.House;

namespace Llama.Tests.Server.Discovery.Original;

/// <summary>Every request that the original server was recorded with: the same answer, or one that docs/compatibility.md has the reason of.</summary>
public sealed partial class RecordedServerTests
{
    public static TheoryData<string> Runs() => [.. CapturedRun.All.Keys];

    [Theory]
    [MemberData(nameof(Runs))]
    public async Task Everything_is_answered_as_recorded_or_differs_for_a_reason(string name)
    {
        CapturedRun run = CapturedRun.All[name];
        await using RunningServer server = await RunningServer.StartAsync(run.Options);
        foreach (CapturedPair pair in run.Pairs)
        {
            await server.PassUntilAsync(pair.SecondsAfterStart);
            RawReply reply = await pair.SendAsync(server.Url);
            if (DifferenceOf(pair) is not { } difference)
            {
                Assert.Equal($"{pair.Name}\n{Text(pair.Reply, pair)}", $"{pair.Name}\n{Text(reply, pair)}");
                continue;
            }

            Assert.False(Text(pair.Reply, pair) == Text(reply, pair), $"{pair.Name} does not differ any more");
            try
            {
                difference.Check(reply);
            }
            catch (Xunit.Sdk.XunitException e)
            {
                Assert.Fail($"{pair.Name}: {e.Message}\n{reply.StatusLine}\n{reply.Body}");
            }
        }

        Assert.Empty(server.Warnings);
    }

    [Fact]
    public void Every_difference_is_one_of_a_recorded_answer_and_has_its_reason_in_the_documentation()
    {
        string[] rows = [.. File.ReadLines(Path.Combine(RepositoryRoot.Path, "docs", "compatibility.md")).Where(line => line.StartsWith('|'))];
        HashSet<string> pairs = [.. CapturedRun.All.Values.SelectMany(run => run.Pairs, (_, pair) => pair.Name)];
        Assert.Empty(ServerDifference.All.Keys.Except(pairs));
        foreach (string row in ServerDifference.All.Values.Select(difference => difference.Row).Append(ServerDifference.OwnEntryOnly("", _ => "").Row).Distinct())
            Assert.Contains(rows, line => line.StartsWith($"| {row} |", StringComparison.Ordinal) || line.StartsWith($"| {row},", StringComparison.Ordinal));
    }

    private static ServerDifference? DifferenceOf(CapturedPair pair)
    {
        if (ServerDifference.All.TryGetValue(pair.Name, out ServerDifference? stated)) return stated;
        return OwnEntryOf(pair) is { } own ? ServerDifference.OwnEntryOnly(Mask(own), Mask) : null;
    }

    /// <summary>The recorded database cut down to the probe that registered; null for any other answer.</summary>
    private static string? OwnEntryOf(CapturedPair pair)
    {
        if (!pair.Head.StartsWith("POST /api/v1/register ", StringComparison.Ordinal) || pair.Reply.Status != 200) return null;
        using var database = JsonDocument.Parse(pair.Reply.Body.Replace("NaN", "0", StringComparison.Ordinal));
        if (database.RootElement.EnumerateObject().Sum(one => one.Value.GetPropertyCount()) == 1) return null;
        using var request = JsonDocument.Parse(pair.Content);
        string group = request.RootElement.GetProperty("group").GetString()!;
        string address = request.RootElement.TryGetProperty("ip", out JsonElement ip) && ip.ValueKind == JsonValueKind.String && !ip.ValueEquals("") ? ip.GetString()! : pair.Source;
        string id = $"{address}:{request.RootElement.GetProperty("port")}";
        return $"{{\"{group}\":{{\"{id}\":{database.RootElement.GetProperty(group).GetProperty(id).GetRawText()}}}}}\n";
    }

    /// <summary>All of an answer that says something, without what differs from run to run.</summary>
    private static string Text(RawReply reply, CapturedPair pair)
    {
        IEnumerable<string> headers = reply.Headers
            .Where(header => header.Key is not ("Date" or "Server" or "Connection") && (header.Key != "Content-Length" || pair.IsHead))
            .Select(header => $"{header.Key}: {header.Value}").Order(StringComparer.Ordinal);
        return $"{reply.Status}\n{string.Join('\n', headers)}\n\n{Mask(reply.Body)}";
    }

    private static string Mask(string body) => VariableFigure().Replace(VariableDate().Replace(body, "$1$2(date)\""), "$1(number)");

    [GeneratedRegex(@"(""create_date"":"")\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}""|(""(?:start_time|metrics_timestamp)"":"")\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT""")]
    private static partial Regex VariableDate();

    [GeneratedRegex(@"(""(?:clean_runtime|uptime|database_size_bytes|active_threads)"":)[-+0-9.Ee]+")]
    private static partial Regex VariableFigure();
}
