using FsCheck;
using FsCheck.Fluent;
using Llama.Mesh.Plans;

namespace Llama.Tests.Mesh.Plans;

public class PlanForecastTests
{
    [Fact]
    public void A_full_mesh_with_the_defaults_is_counted_out()
    {
        GroupForecast forecast = Assert.Single(Forecast(new FullPlan(), 10));
        Assert.Equal((10, 90, 360), (forecast.Probes, forecast.Pairs, forecast.Flows));
        Assert.Equal(new Spread(9, 9, 9), forecast.Targets);
        Assert.Equal(new Spread(9, 9, 9), forecast.Testers);
        // Nine targets and nine testers, four flows, two cycles a second.
        Assert.Equal(new Spread(144, 144, 144), forecast.DatagramsPerSecond);
        Assert.Equal(144 * 8 * (1028 + 28), forecast.BitsPerSecondIPv4.Mean);
        Assert.Equal(144 * 8 * (1028 + 48), forecast.BitsPerSecondIPv6.Mean);
        Assert.Equal(459 / 8.0, forecast.LossSeenAfter.TotalSeconds, 6);
        Assert.Equal(459 / 2.0, forecast.FlowLossSeenAfter.TotalSeconds, 6);
        Assert.Equal(1157 / 8.0, forecast.LossToldAfter.TotalSeconds, 6);
    }

    [Fact]
    public void Every_class_and_size_adds_its_own_datagrams()
    {
        var settings = new GroupSettings { Classes = [0, 184], Sizes = [100, 1000], Flows = 3, CyclesPerSecond = 0.5 };
        GroupForecast forecast = PlanForecast.Of(new ServerConfiguration { Defaults = settings }, [Mesh.Group], _ => Mesh.Members(2))[0];
        Assert.Equal((24, 6.0), (forecast.Flows, forecast.PairDatagramsPerSecond));
        Assert.Equal(12 * 8 * (550 + 28), forecast.BitsPerSecondIPv4.Max);
    }

    [Fact]
    public void Hubs_carry_more_than_the_others()
    {
        GroupForecast forecast = Assert.Single(Forecast(new HubPlan("role", "hub"), 100));
        Assert.Equal((2.0, 99.0), (forecast.Targets.Min, forecast.Targets.Max));
        Assert.Equal(forecast.Targets, forecast.Testers);
        Assert.Equal(2 * 99 + 98 * 2, forecast.Pairs);
    }

    [Fact]
    public void A_sample_costs_the_same_whatever_the_size_of_the_group()
    {
        GroupForecast forecast = Assert.Single(Forecast(new SamplePlan(8), 3000));
        Assert.Equal(new Spread(8, 8, 8), forecast.Targets);
        Assert.Equal(8, forecast.Testers.Mean);
        Assert.Equal(24_000, forecast.Pairs);
    }

    [Fact]
    public void A_tiered_plan_is_tried_on_the_tiers_that_are_told()
    {
        var plan = new TieredPlan(["region", "site"], 1);
        GroupForecast told = Assert.Single(Forecast(plan, 120, new ExampleMembers { Count = 120, Tiers = [3, 4] }));
        // Twelve sites of ten; in each region four sites, and three regions, each with one representative to each other.
        Assert.Equal(12 * 10 * 9 + 3 * 4 * 3 + 3 * 2, told.Pairs);

        GroupForecast alike = Assert.Single(Forecast(plan, 1000));
        Assert.Equal(9, alike.Targets.Min);
    }

    [Fact]
    public void Tests_between_groups_count_for_both()
    {
        var configuration = new ServerConfiguration
        {
            Groups = new Dictionary<string, GroupSettings> { ["near"] = new() { CyclesPerSecond = 1, Flows = 1 } },
            Between = [new CrossTest("near", "far", 2)],
        };
        IReadOnlyList<GroupForecast> forecasts = PlanForecast.Of(
            configuration, PlanForecast.GroupsOf(configuration, "default"), group => new ExampleMembers { Count = group == "near" ? 4 : 8 }.Of(group, new FullPlan()));
        Assert.Equal(["near", "far"], forecasts.Select(forecast => forecast.Group));
        Assert.Equal((5.0, 3.0), (forecasts[0].Targets.Mean, forecasts[0].Testers.Mean));
        Assert.Equal((7.0, 8.0), (forecasts[1].Targets.Mean, forecasts[1].Testers.Mean));
        Assert.Equal(14 * 8 + 1, forecasts[1].DatagramsPerSecond.Mean);
    }

    [Fact]
    public void What_is_forecast_is_what_is_planned() =>
        Prop.ForAll(Mesh.AnyMembers(40, "region").ToArbitrary(), Gen.Elements<MeshPlan>(new FullPlan(), new HubPlan("region", "a"), new SamplePlan(5), new TieredPlan(["region"], 2)).ToArbitrary(), (members, plan) =>
        {
            ServerConfiguration configuration = Mesh.Configuration(plan, EchoRule.Require);
            GroupForecast forecast = PlanForecast.Of(configuration, [Mesh.Group], _ => members)[0];
            HashSet<(string From, string To)> pairs = Mesh.Pairs(Mesh.Plan(plan, members, EchoRule.Require), members);
            Assert.Equal(pairs.Count, forecast.Pairs);
            Assert.Equal(pairs.CountBy(pair => pair.From).Select(one => one.Value).DefaultIfEmpty(0).Max(), forecast.Targets.Max);
            Assert.Equal(pairs.CountBy(pair => pair.To).Select(one => one.Value).DefaultIfEmpty(0).Max(), forecast.Testers.Max);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(200));

    [Fact]
    public void A_group_of_nobody_has_nothing_to_do()
    {
        GroupForecast forecast = Assert.Single(Forecast(new FullPlan(), 0));
        Assert.Equal((0L, default(Spread)), (forecast.Pairs, forecast.Targets));
    }

    [Fact]
    public void A_configuration_without_groups_is_tried_on_the_default_group() =>
        Assert.Equal(["lab"], PlanForecast.GroupsOf(ServerConfiguration.Empty, "lab"));

    [Fact]
    public void A_full_mesh_of_thousands_is_counted_without_listing_its_pairs()
    {
        GroupForecast forecast = Assert.Single(Forecast(new FullPlan(), 10_000));
        Assert.Equal(99_990_000, forecast.Pairs);
    }

    private static IReadOnlyList<GroupForecast> Forecast(MeshPlan plan, int probes, ExampleMembers? members = null) =>
        PlanForecast.Of(Mesh.Configuration(plan), [Mesh.Group], group => (members ?? new ExampleMembers { Count = probes }).Of(group, plan));
}
