using FsCheck;
using FsCheck.Fluent;
using Llama.Server.Scraping;

namespace Llama.Tests.Server.Scraping;

/// <summary>Several scrapers that share collectors.</summary>
public sealed class ShardTests
{
    private static readonly string[] Names = [.. Enumerable.Range(0, 20_000).Select(i => $"10.{i / 250}.7.{i % 250}:8100")];

    [Fact]
    public void Each_collector_is_in_one_share_and_in_no_other() => Prop.ForAll(
        Gen.Choose(1, 40).ToArbitrary(),
        ArbMap.Default.ArbFor<NonNull<string>>(),
        (count, name) => Assert.Single(Enumerable.Range(1, count), index => new Shard(index, count).Has(name.Get))).Check(Config.QuickThrowOnFailure);

    [Fact]
    public void Shares_are_alike_in_size() => Prop.ForAll(
        Gen.Choose(2, 16).ToArbitrary(),
        count =>
        {
            double fair = (double)Names.Length / count;
            Assert.All(Names.CountBy(name => Shard.Of(name, count)), share => Assert.InRange(share.Value / fair, 0.9, 1.1));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(15));

    [Fact]
    public void One_scraper_more_takes_its_part_from_all_and_moves_nothing_else() => Prop.ForAll(
        Gen.Choose(1, 16).ToArbitrary(),
        count =>
        {
            int moved = 0;
            foreach (string name in Names)
            {
                int before = Shard.Of(name, count), after = Shard.Of(name, count + 1);
                if (before == after) continue;
                Assert.Equal(count + 1, after);
                moved++;
            }

            Assert.InRange(moved * (count + 1.0) / Names.Length, 0.9, 1.1);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(15));

    [Theory]
    [InlineData("192.0.2.1:5000", 8, 1)]
    [InlineData("[2001:db8::1]:8100", 8, 7)]
    [InlineData("ams1.example:5000", 8, 8)]
    public void Shares_are_the_same_in_every_process_and_version(string name, int count, int share) => Assert.Equal(share, Shard.Of(name, count));

    [Theory]
    [InlineData("2/8")]
    [InlineData("1/1")]
    [InlineData("1000/1000")]
    public void A_share_is_written_as_its_number_and_how_many_there_are(string text)
    {
        Shard shard = Shard.Parse(text)!;
        Assert.Equal(text, $"{shard.Index}/{shard.Count}");
    }

    [Theory]
    [InlineData("0/8")]
    [InlineData("9/8")]
    [InlineData("1/1001")]
    [InlineData("8")]
    [InlineData("1/2/3")]
    [InlineData("-1/8")]
    [InlineData("a/b")]
    public void What_is_no_share_is_told(string text) => Assert.Null(Shard.Parse(text));
}
