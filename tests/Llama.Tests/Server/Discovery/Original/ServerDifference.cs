using System.Globalization;
using System.Text.Json;

namespace Llama.Tests.Server.Discovery.Original;

/// <summary>Where the answer here is another than the recorded one: the row of docs/compatibility.md that says why, and what it is.</summary>
/// <param name="Row">The row's first cell.</param>
/// <param name="Check">Fails when the answer is not what it is to be.</param>
internal sealed record ServerDifference(string Row, Action<RawReply> Check)
{
    private const string Home = "`/`";
    private const string OwnEntry = "what a registration is answered with";
    private const string Forwarded = "X-Forwarded-For";
    private const string Tagless = "a probe without tags";
    private const string Tags = "tags in a configuration";
    private const string Doubled = "two probes of a group with one short name";
    private const string Expired = "an expired probe";
    private const string Defaults = "APP_GROUP or APP_KEEPALIVE not given";
    private const string Keepalive = "a keepalive that is none";
    private const string LongKeepalive = "a very long keepalive";
    private const string Port = "a port that is none";
    private const string Address = "an address that is none";
    private const string SixAmongHosts = "a probe at an IPv6 address";
    private const string Refusal = "why a registration is refused";
    private const string Settings = "LLAMA_INTERVAL or APP_KEEPALIVE that is none";
    private const string Nameless = "a group without a name";

    private const string A1 = "127.0.0.1:8100";

    /// <summary>By pair.</summary>
    public static IReadOnlyDictionary<string, ServerDifference> All { get; } = Stated().ToDictionary(one => one.Pair, one => one.Difference);

    private static IEnumerable<(string Pair, ServerDifference Difference)> Stated()
    {
        // Where the original says hello.
        foreach (string step in (string[])["basic/home", "influx_down/home"]) yield return (step, new(Home, WebPage(hasBody: true)));
        yield return ("basic/method HEAD /", new(Home, WebPage(hasBody: false)));

        // Whose word counts.
        foreach (string step in (string[])["xff", "xff list", "xff twice", "xff empty", "xff not an address"])
            yield return ($"basic/my ip {step}", new(Forwarded, Body("{\"ip\":\"127.0.0.1\"}\n")));
        foreach (string step in (string[])["xff", "xff_list", "xff_empty"]) yield return ($"register/{step}", new(Forwarded, Entry("g1", A1)));
        yield return ("register/xff_list scraper", new(Forwarded, Body("\n127.0.0.1")));

        // What is not given.
        yield return ("register/minimal_no_defaults", new(Defaults, Entry("default", A1, "86400")));
        yield return ("register/keepalive_missing", new(Defaults, Entry("g1", A1, "86400")));
        yield return ("register/group_missing", new(Defaults, Entry("default", A1)));
        foreach (string run in (string[])["LLAMA_INTERVAL=30", "LLAMA_INTERVAL=0", "--interval 45", "--interval beats env", "APP_VERBOSE=true", "APP_VERBOSE=True", "APP_LOADTEST=False", "abbreviated flag --int 5"])
            yield return ($"settings/{run}//api/v1/register", new(Defaults, Entry("default", A1, "86400")));
        yield return ("settings/APP_GROUP only//api/v1/register", new(Defaults, Entry("dg", A1, "86400")));
        yield return ("settings/APP_KEEPALIVE only//api/v1/register", new(Defaults, Entry("default", A1, "120")));
        yield return ("settings/LLAMA_INTERVAL=-5//api/v1/register", new(Defaults, Entry("default", A1, "86400")));
        yield return ("settings/LLAMA_INTERVAL=-5//api/v1/interval", new(Settings, Body("10")));
        yield return ("settings/APP_KEEPALIVE=0//api/v1/register", new(Settings, Entry("dg", A1, "86400")));

        // What is refused.
        foreach (string wrong in (string[])["port_fraction", "port_zero", "port_negative", "port_huge"]) yield return ($"register/{wrong}", new(Port, Page(400, "port is no whole number from 1 to 65535")));
        foreach (string wrong in (string[])["port_string", "port_null", "port_bool", "all_wrong"]) yield return ($"register/{wrong}", new(Refusal, Page(400, "port is no whole number from 1 to 65535")));
        yield return ("register/port_missing", new(Refusal, Page(400, "port is missing")));
        foreach (string whole in (string[])["port_float", "port_exp"]) yield return ($"register/{whole}", new(Port, Entry("g1", A1)));
        yield return ("register/port_float config/g1?llamaport=8100", new(Port, Contains(200, "          port: 8100\n")));
        yield return ("register/port_float config/g1?llamaport=8100.0", new(Port, Body("{\"error\":\"unknown probe '127.0.0.1:8100.0', please register\"}\n", 404)));
        foreach (string wrong in (string[])["ip_number", "ip_list", "ip_text"]) yield return ($"register/{wrong}", new(Address, Page(400, "ip is no IPv4 or IPv6 address")));
        foreach (string wrong in (string[])["ip_number", "ip_list", "ip_text"]) yield return ($"register/{wrong} scraper", new(Address, Body("\n127.0.0.1")));
        yield return ("register/ip_v6 scraper", new(SixAmongHosts, Body("\n127.0.0.1")));
        yield return ("register/ip_number list", new(Address, Body("{}\n")));
        yield return ("register/ip_number config/g1?llamaport=8100&srcip=5", new(Address, Body("{\"error\":\"unknown group 'g1'\"}\n", 404)));
        foreach (string wrong in (string[])["keepalive_zero", "keepalive_negative"]) yield return ($"register/{wrong}", new(Keepalive, Page(400, "keepalive is no number of seconds above 0")));
        foreach (string wrong in (string[])["keepalive_string", "keepalive_null", "keepalive_null_with_default"])
            yield return ($"register/{wrong}", new(Refusal, Page(400, "keepalive is no number of seconds above 0")));
        yield return ("register/keepalive_nan", new(Keepalive, Page(400, "could not understand")));
        yield return ("register/keepalive_nan list", new(Keepalive, Body("{}\n")));
        foreach (string much in (string[])["keepalive_huge", "keepalive_1e400", "keepalive_1e400 list"]) yield return ($"register/{much}", new(LongKeepalive, Entry("g1", A1, "315360000")));
        foreach (string wrong in (string[])["group_number", "group_null"]) yield return ($"register/{wrong}", new(Refusal, Page(400, "group is no text")));
        foreach (string step in (string[])["group_empty", "group_empty list"]) yield return ($"register/{step}", new(Nameless, Entry("default", A1)));
        foreach (string wrong in (string[])["tags_null", "tags_list"]) yield return ($"register/{wrong}", new(Refusal, Page(400, "tags is no JSON object")));
        foreach (string wrong in (string[])["tags_empty", "tags_without_version"]) yield return ($"register/{wrong}", new(Refusal, Page(400, "tags has no version")));
        yield return ("register/tags_without_probe_shortname", new(Refusal, Page(400, "tags has no probe_shortname")));
        foreach (string wrong in (string[])["tags_without_probe_name", "tag_probe_name_number"]) yield return ($"register/{wrong}", new(Refusal, Page(400, "tags has no probe_name")));
        foreach (string wrong in (string[])["body_array", "body_string", "body_number"]) yield return ($"register/{wrong}", new(Refusal, Page(400, "The body is no JSON object")));
        yield return ("register/body_surrogate", new("half of a surrogate pair", Page(400, "could not understand")));
        yield return ("register/big_body", new("a large registration", Page(413, "exceeds the capacity limit")));

        // What is data.
        yield return ("register/extra_tags config/g1?llamaport=8100", new(Tags, Contains(200,
            """
                        version: 1.1.0 
                        probe_shortname: a1 
                        probe_name: alpha.example 
                        site: x 
                        rack: 7 
                        up: True 
                        none: None 
                        f: 1.5 
                        list: "[1,\u0022a\u0022]" 
                        obj: "{\u0022k\u0022:\u0022v\u0022}" 
                        "": emptykey 
                        sp ace: a b 
                        uni: "Zürich \u2603" 
                        dst_name: alpha.example 
            """.Replace("\\u0022", "\\\"", StringComparison.Ordinal))));
        yield return ("register/yaml_injection config/g1?llamaport=8100", new(Tags, Contains(200, "            probe_name: \"x             injected: yes\" \n")));
        yield return ("register/yaml_colon config/g1?llamaport=8100", new(Tags, Contains(200, "            probe_shortname: \"# c\" \n            probe_name: \"a: b\" \n")));
        yield return ("register/html_tag config/g1?llamaport=8100", new(Tags, Contains(200, "            src_name: \"<b>&\\\"'</b>\" \n")));

        // Probes without tags.
        foreach (string step in (string[])["minimal_with_defaults config/default?llamaport=8100", "tags_missing config/g1?llamaport=8100"])
            yield return ($"register/{step}", new(Tagless, Contains(200, "          tags: \n            dst_name: \"127.0.0.1:8100\" \n            dst_shortname: \"127.0.0.1:8100\" \n")));
        yield return ("config/now every config of g1 fails", new(Tagless, Contains(200, "        - ip: 127.0.0.6\n          port: 8100\n          tags: \n            dst_name: \"127.0.0.6:8100\" \n")));
        yield return ("tagless_kills_cleaner/after the first clean was due", new(Tagless, Body("{}\n")));
        yield return ("tagless_kills_cleaner/metrics", new(Tagless, Figures(groups: 0, groupsRemoved: 1, probes: 0, probesRemoved: 2)));
        yield return ("tagless_kills_cleaner/after the second clean was due: still nothing removed", new(Tagless, Body("{}\n")));
        yield return ("tagless_kills_cleaner/metrics 2", new(Tagless, Figures(groups: 0, groupsRemoved: 1, probes: 0, probesRemoved: 1)));
        yield return ("config/HEAD", new("comments in configurations", reply => Assert.Equal(200, reply.Status)));
        yield return ("loadtest/list", new("APP_LOADTEST", Body("{}\n")));

        // Age.
        foreach (string step in (string[])["keepalive 0", "keepalive -1"]) yield return ($"stale/{step}", new(Keepalive, Page(400, "keepalive is no number")));
        yield return ("stale/nan keepalive", new(Keepalive, Page(400, "could not understand")));
        yield return ("stale/30 s later everything is still listed, even the expired ones", new(Expired, Listed("g1 127.0.0.2:8100 127.0.0.5:8100 127.0.0.6:8100")));
        yield return ("stale/and still served in configs", new(Expired, Targets("127.0.0.1 k300", "127.0.0.5 k58", "127.0.0.6 k100")));
        yield return ("stale/after the first clean", new(Keepalive, Listed("g1 127.0.0.2:8100 127.0.0.3:8100 127.0.0.6:8100")));
        yield return ("stale/metrics after the first clean", new(Keepalive, Figures(groups: 1, groupsRemoved: 1, probes: 3, probesRemoved: 3)));
        yield return ("stale/after the second clean", new(Keepalive, Listed("g1 127.0.0.2:8100")));
        yield return ("stale/metrics after the second clean", new(Keepalive, Figures(groups: 1, groupsRemoved: 0, probes: 1, probesRemoved: 2)));

        // Names.
        foreach (string step in (string[])["second, same shortname", "its twin", "same address, other port, same shortname (2)", "only one comes back"])
            yield return ($"duplicates/{step}", new(Doubled, Page(409, "that is alive has the name")));
        const string all = "g1 127.0.0.1:8100 127.0.0.3:8100 127.0.0.7:8100; g2 127.0.0.4:8100; g5 127.0.0.5:8100; g6 127.0.0.8:8100";
        yield return ("duplicates/listed until the clean", new(Doubled, Listed(all)));
        const string left = "g1 127.0.0.1:8100 127.0.0.3:8100 127.0.0.7:8100; g2 127.0.0.4:8100; g6 127.0.0.8:8100";
        foreach (string step in (string[])["after the clean", "it stays after the second clean"]) yield return ($"duplicates/{step}", new(Doubled, Listed(left)));
        yield return ("duplicates/metrics", new(Doubled, Figures(groups: 3, groupsRemoved: 1, probes: 5, probesRemoved: 1)));
        yield return ("duplicates/metrics 2", new(Doubled, Figures(groups: 3, groupsRemoved: 0, probes: 5, probesRemoved: 0)));
        yield return ("duplicates/scraper until the clean", new(Doubled, Body("\n127.0.0.1,127.0.0.3,127.0.0.7,127.0.0.4,127.0.0.5,127.0.0.8")));
    }

    /// <summary>The answer to a registration of which the recorded one is the whole database.</summary>
    public static ServerDifference OwnEntryOnly(string expected, Func<string, string> mask) =>
        new(OwnEntry, reply => Assert.Equal(expected, mask(reply.Body)));

    private static Action<RawReply> Body(string body, int status = 200) => reply =>
    {
        Assert.Equal(body, reply.Body);
        Assert.Equal(status, reply.Status);
    };

    private static Action<RawReply> WebPage(bool hasBody) => reply =>
    {
        Assert.Equal((200, "text/html; charset=utf-8"), (reply.Status, reply["Content-Type"]));
        Assert.Contains("default-src 'none'", reply["Content-Security-Policy"], StringComparison.Ordinal);
        Assert.Equal(hasBody, reply.Body.Contains("<title>LLAMA", StringComparison.Ordinal));
    };

    private static Action<RawReply> Contains(int status, string part) => reply =>
    {
        Assert.Equal(status, reply.Status);
        Assert.Contains(part, reply.Body, StringComparison.Ordinal);
    };

    private static Action<RawReply> Page(int status, string part) => reply =>
    {
        Assert.Equal(status, reply.Status);
        Assert.Equal("text/html; charset=utf-8", reply["Content-Type"]);
        Assert.StartsWith("<!doctype html>\n", reply.Body, StringComparison.Ordinal);
        Assert.Contains(part, reply.Body, StringComparison.Ordinal);
    };

    private static Action<RawReply> Entry(string group, string id, string? keepalive = null) => reply =>
    {
        Listed($"{group} {id}")(reply);
        if (keepalive is not null) Assert.Contains($"\"keepalive\":{keepalive},", reply.Body, StringComparison.Ordinal);
    };

    private static Action<RawReply> Listed(string expected) => reply =>
    {
        Assert.Equal(200, reply.Status);
        using var groups = JsonDocument.Parse(reply.Body);
        Assert.Equal(expected, string.Join("; ", groups.RootElement.EnumerateObject().Select(
            group => $"{group.Name} {string.Join(' ', group.Value.EnumerateObject().Select(entry => entry.Name))}")));
    };

    private static Action<RawReply> Targets(params string[] expected) => reply => Assert.Equal(
        expected,
        reply.Body.Split("        - ip: ").Skip(1).Select(target => $"{target.Split('\n')[0]} {target.Split("probe_shortname: ")[1].Split(' ')[0]}"));

    private static Action<RawReply> Figures(int groups, int groupsRemoved, int probes, int probesRemoved) => reply =>
    {
        using var figures = JsonDocument.Parse(reply.Body);
        Assert.Equal(
            (groups, groupsRemoved, probes, probesRemoved),
            (Figure("group_count_active"), Figure("group_count_removed"), Figure("probe_count_active"), Figure("probe_count_removed")));
        int Figure(string name) => int.Parse(figures.RootElement.GetProperty(name).GetRawText(), CultureInfo.InvariantCulture);
    };
}
