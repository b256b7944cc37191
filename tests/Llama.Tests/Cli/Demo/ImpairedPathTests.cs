using System.Net;
using FsCheck;
using FsCheck.Fluent;
using Llama.Cli.Demo;

namespace Llama.Tests.Cli.Demo;

public class ImpairedPathTests
{
    private const long Millisecond = 1_000_000;

    [Fact]
    public void An_unimpaired_path_passes_everything_at_once()
    {
        ImpairedPath path = Through(Impairment.None);
        for (long at = 0; at < 1000; at++) Assert.Equal(at, path.Pass(at));
    }

    [Fact]
    public void A_delay_is_exact_where_there_is_no_jitter()
    {
        ImpairedPath path = Through(new Impairment { Delay = TimeSpan.FromMilliseconds(40) });
        for (long at = 0; at < 1000; at++) Assert.Equal(at * Millisecond + 40 * Millisecond, path.Pass(at * Millisecond));
    }

    [Fact]
    public void Jitter_is_spread_over_all_of_its_width()
    {
        ImpairedPath path = Through(new Impairment { Delay = TimeSpan.FromMilliseconds(40), Jitter = TimeSpan.FromMilliseconds(4) });
        long[] delays = [.. Enumerable.Range(0, 10_000).Select(i => i * 100 * Millisecond).Select(at => path.Pass(at)!.Value - at)];
        Assert.InRange(delays.Min(), 40 * Millisecond, 40.1 * Millisecond);
        Assert.InRange(delays.Max(), 43.9 * Millisecond, 44 * Millisecond);
        Assert.InRange(delays.Average(), 41.9 * Millisecond, 42.1 * Millisecond);
    }

    [Fact]
    public void The_share_of_loss_is_as_told()
    {
        ImpairedPath path = Through(new Impairment { Loss = 0.08 });
        Assert.InRange(Enumerable.Range(0, 100_000).Count(at => path.Pass(at) is null), 7_700, 8_300);
    }

    [Fact]
    public void All_or_nothing_is_lost_where_that_is_told()
    {
        ImpairedPath none = Through(new Impairment { Loss = 0 });
        ImpairedPath all = Through(new Impairment { Loss = 1 });
        for (int at = 0; at < 10_000; at++)
        {
            Assert.NotNull(none.Pass(at));
            Assert.Null(all.Pass(at));
        }
    }

    [Fact]
    public void A_flow_can_have_a_loss_of_its_own()
    {
        var impairment = new Impairment
        {
            LossOfFlow = (source, flow) => source.Equals(IPAddress.Loopback) && flow == 2 ? 1 : null,
        };
        Assert.Null(new ImpairedPath(impairment, IPAddress.Loopback, 2, 1).Pass(0));
        Assert.NotNull(new ImpairedPath(impairment, IPAddress.Loopback, 1, 1).Pass(0));
        Assert.NotNull(new ImpairedPath(impairment, IPAddress.Parse("192.0.2.1"), 2, 1).Pass(0));
    }

    [Fact]
    public void The_same_seed_decides_the_same_and_another_one_otherwise()
    {
        var impairment = new Impairment { Jitter = TimeSpan.FromMilliseconds(4), Loss = 0.5 };
        long?[] Fates(int seed)
        {
            var path = new ImpairedPath(impairment, IPAddress.Loopback, 0, seed);
            return [.. Enumerable.Range(0, 100).Select(at => path.Pass(at * Millisecond))];
        }

        Assert.Equal(Fates(1), Fates(1));
        Assert.NotEqual(Fates(1), Fates(2));
    }

    [Fact]
    public void Datagrams_of_a_flow_never_overtake_each_other() =>
        Prop.ForAll<int, PositiveInt[]>((seed, gaps) =>
        {
            var path = new ImpairedPath(new Impairment { Jitter = TimeSpan.FromMilliseconds(5), Loss = 0.2 }, IPAddress.Loopback, 0, seed);
            long at = 0, last = long.MinValue;
            foreach (PositiveInt gap in gaps)
            {
                at += gap.Get * 1000L;
                if (path.Pass(at) is not { } due) continue;
                if (due < last || due < at) return false;
                last = due;
            }

            return true;
        }).QuickCheckThrowOnFailure();

    private static ImpairedPath Through(Impairment impairment) => new(impairment, IPAddress.Loopback, 0, seed: 1);
}
