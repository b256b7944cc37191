using FsCheck;
using FsCheck.Fluent;
using Llama.Server.Intake;
using static Llama.Tests.Server.Reports;

namespace Llama.Tests.Server.Intake;

public sealed class KnownStartsTests
{
    [Fact]
    public void It_knows_what_was_added_and_nothing_else() => Prop.ForAll(
        Gen.Zip(Gen.Choose(0, 60), Gen.Elements(1, 2, 5)).ListOf().ToArbitrary(),
        added =>
        {
            var starts = new KnownStarts();
            var truth = new HashSet<int>();
            foreach ((int second, int length) in added)
            {
                Assert.Equal(truth.Contains(second), starts.Contains(Noon.AddSeconds(second)));
                if (truth.Add(second)) starts.Add(Noon.AddSeconds(second), TimeSpan.FromSeconds(length));
            }

            Assert.All(Enumerable.Range(-5, 70), second => Assert.Equal(truth.Contains(second), starts.Contains(Noon.AddSeconds(second))));
            Assert.All(truth, second => Assert.False(starts.Contains(Noon.AddSeconds(second + 0.5))));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(500));

    [Fact]
    public void A_day_of_intervals_in_whatever_order_is_one_run_and_forgets_nothing()
    {
        const int intervals = 8640;
        var starts = new KnownStarts();

        foreach (int i in Enumerable.Range(0, intervals).OrderBy(i => i / 20 * 7919 % 432)) starts.Add(Noon.AddSeconds(10 * i), TimeSpan.FromSeconds(10));

        Assert.All(Enumerable.Range(0, intervals), i => Assert.True(starts.Contains(Noon.AddSeconds(10 * i))));
        Assert.False(starts.Contains(Noon.AddSeconds(-10)));
        Assert.False(starts.Contains(Noon.AddSeconds(10 * intervals)));
    }

    [Fact]
    public void What_it_has_forgotten_counts_as_known_so_that_nothing_counts_twice()
    {
        var starts = new KnownStarts();

        for (int i = 0; i < 2 * KnownStarts.MaxRuns; i++) starts.Add(Noon.AddSeconds(100 * i), TimeSpan.FromSeconds(10));

        Assert.All(Enumerable.Range(0, 2 * KnownStarts.MaxRuns), i => Assert.True(starts.Contains(Noon.AddSeconds(100 * i))));
        Assert.True(starts.Contains(Noon.AddSeconds(-1)));
        Assert.False(starts.Contains(Noon.AddSeconds(100 * 2 * KnownStarts.MaxRuns)));
    }
}
