using Llama.Mesh.Plans;
using Llama.Server.Discovery;
using Llama.Server.Discovery.Access;
using Microsoft.AspNetCore.Http;

namespace Llama.Tests.Server.Discovery.Access;

public sealed class AccessRulesTests
{
    private static readonly AccessRules Guarded = new(new DiscoveryOptions
    {
        RegisterToken = "join",
        ReadToken = "look",
        AdminToken = "rule",
        Configuration = new ServerConfiguration
        {
            Groups = new Dictionary<string, GroupSettings>
            {
                ["lab"] = new() { RegisterToken = "join-lab" },
                ["hall"] = new() { Flows = 1 },
            },
        },
    });

    [Theory]
    [InlineData(null)]
    [InlineData("Bearer anything")]
    public void Without_tokens_everybody_may_do_everything(string? header)
    {
        var rules = new AccessRules(new DiscoveryOptions());
        HttpContext caller = Caller(header);

        Assert.True(rules.IsOpen);
        Assert.Equal(Verdict.Allowed, rules.MayRegister(caller, "g"));
        Assert.Equal(Verdict.Allowed, rules.MayRead(caller));
        Assert.Equal(Verdict.Allowed, rules.MayReadConfig(caller, "g"));
        Assert.Equal(Verdict.Allowed, rules.MayRemove(caller));
        Assert.False(rules.HoldsRegisterToken(caller, "g"));
    }

    [Theory]
    [InlineData("join", "default", "Allowed")]
    [InlineData("join", "hall", "Allowed")]
    [InlineData("join", "lab", "Forbidden")]
    [InlineData("join-lab", "lab", "Allowed")]
    [InlineData("join-lab", "default", "Forbidden")]
    [InlineData("look", "default", "Forbidden")]
    [InlineData("look", "lab", "Forbidden")]
    [InlineData("rule", "default", "Allowed")]
    [InlineData("rule", "lab", "Allowed")]
    [InlineData("guess", "default", "Unknown")]
    [InlineData(null, "default", "Unknown")]
    [InlineData(null, "lab", "Unknown")]
    public void Registering_takes_the_token_of_the_group_or_else_of_the_server(string? token, string group, string verdict)
    {
        HttpContext caller = Bearer(token);

        Assert.Equal(verdict, Guarded.MayRegister(caller, group).ToString());
        Assert.Equal(verdict == "Allowed", Guarded.HoldsRegisterToken(caller, group));
    }

    [Theory]
    [InlineData("look", "Allowed")]
    [InlineData("rule", "Allowed")]
    [InlineData("join", "Forbidden")]
    [InlineData("join-lab", "Forbidden")]
    [InlineData("guess", "Unknown")]
    [InlineData(null, "Unknown")]
    public void Reading_takes_the_token_for_reading(string? token, string verdict) =>
        Assert.Equal(verdict, Guarded.MayRead(Bearer(token)).ToString());

    [Theory]
    [InlineData("look", "lab", "Allowed")]
    [InlineData("rule", "lab", "Allowed")]
    [InlineData("join-lab", "lab", "Allowed")]
    [InlineData("join", "lab", "Forbidden")]
    [InlineData("join", "default", "Allowed")]
    [InlineData("join-lab", "default", "Forbidden")]
    [InlineData("guess", "default", "Unknown")]
    [InlineData(null, "default", "Unknown")]
    public void A_configuration_can_be_read_by_who_may_join_its_group(string? token, string group, string verdict) =>
        Assert.Equal(verdict, Guarded.MayReadConfig(Bearer(token), group).ToString());

    [Theory]
    [InlineData("rule", "Allowed")]
    [InlineData("join", "Forbidden")]
    [InlineData("look", "Forbidden")]
    [InlineData("guess", "Unknown")]
    [InlineData(null, "Unknown")]
    public void Removing_takes_the_token_of_the_administrator(string? token, string verdict) =>
        Assert.Equal(verdict, Guarded.MayRemove(Bearer(token)).ToString());

    [Theory]
    [InlineData("join")]
    [InlineData("guess")]
    [InlineData(null)]
    public void Nobody_removes_where_there_are_tokens_and_none_for_that(string? token) =>
        Assert.Equal(Verdict.Forbidden, new AccessRules(new DiscoveryOptions { RegisterToken = "join" }).MayRemove(Bearer(token)));

    [Theory]
    [InlineData(null, "Unknown")]
    [InlineData("guess", "Unknown")]
    [InlineData("join", "Allowed")]
    [InlineData("join-lab", "Allowed")]
    public void Who_could_push_for_no_group_is_sent_away_before_anything_is_read(string? token, string verdict) =>
        Assert.Equal(verdict, Guarded.MayPushSomewhere(Bearer(token)).ToString());

    [Fact]
    public void Where_some_group_takes_pushes_without_a_token_the_body_has_to_say_which()
    {
        var rules = new AccessRules(new DiscoveryOptions
        {
            Configuration = new ServerConfiguration { Groups = new Dictionary<string, GroupSettings> { ["lab"] = new() { RegisterToken = "join-lab" } } },
        });

        Assert.Equal(Verdict.Allowed, rules.MayPushSomewhere(Bearer(null)));
    }

    [Fact]
    public void A_token_for_one_thing_leaves_the_others_open()
    {
        HttpContext nobody = Bearer(null);
        var joining = new AccessRules(new DiscoveryOptions { RegisterToken = "join" });
        var reading = new AccessRules(new DiscoveryOptions { ReadToken = "look" });

        Assert.Equal(Verdict.Unknown, joining.MayRegister(nobody, "g"));
        Assert.Equal(Verdict.Allowed, joining.MayRead(nobody));
        Assert.Equal(Verdict.Allowed, joining.MayReadConfig(nobody, "g"));
        Assert.Equal(Verdict.Allowed, reading.MayRegister(nobody, "g"));
        Assert.Equal(Verdict.Unknown, reading.MayRead(nobody));
        Assert.Equal(Verdict.Unknown, reading.MayReadConfig(nobody, "g"));
        Assert.False(reading.IsOpen);
    }

    [Fact]
    public void The_defaults_of_groups_can_have_a_token()
    {
        var rules = new AccessRules(new DiscoveryOptions
        {
            Configuration = new ServerConfiguration { Defaults = new GroupSettings { RegisterToken = "anywhere" } },
        });

        Assert.Equal(Verdict.Allowed, rules.MayRegister(Bearer("anywhere"), "any"));
        Assert.Equal(Verdict.Unknown, rules.MayRegister(Bearer(null), "any"));
    }

    [Theory]
    [InlineData("bearer look", nameof(Verdict.Allowed))]
    [InlineData("BEARER   look ", nameof(Verdict.Allowed))]
    [InlineData("Bearer look2", nameof(Verdict.Unknown))]
    [InlineData("Bearer loo", nameof(Verdict.Unknown))]
    [InlineData("Bearer LOOK", nameof(Verdict.Unknown))]
    [InlineData("Bearer", nameof(Verdict.Unknown))]
    [InlineData("Bearer ", nameof(Verdict.Unknown))]
    [InlineData("Basic look", nameof(Verdict.Unknown))]
    [InlineData("look", nameof(Verdict.Unknown))]
    public void The_header_is_read_as_RFC_6750_writes_it(string header, string verdict) =>
        Assert.Equal(verdict, Guarded.MayRead(Caller(header)).ToString());

    [Fact]
    public void Two_headers_are_none() =>
        Assert.Equal(Verdict.Unknown, Guarded.MayRead(Caller("Bearer look", "Bearer look")));

    private static HttpContext Bearer(string? token) => Caller(token is null ? null : "Bearer " + token);

    private static DefaultHttpContext Caller(params string?[] headers)
    {
        var context = new DefaultHttpContext();
        if (headers[0] is not null) context.Request.Headers.Authorization = headers;
        return context;
    }
}
