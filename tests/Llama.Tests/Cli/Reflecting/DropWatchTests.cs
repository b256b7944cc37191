using Llama.Cli.Reflecting;
using Llama.Engine.Reflecting;

namespace Llama.Tests.Cli.Reflecting;

public sealed class DropWatchTests
{
    [Fact]
    public void Only_what_was_dropped_since_the_last_look_is_told()
    {
        ReflectorCounters before = Counters((ReflectorVerdict.Reflected, 10), (ReflectorVerdict.Malformed, 5));
        ReflectorCounters now = Counters((ReflectorVerdict.Reflected, 99), (ReflectorVerdict.Malformed, 7), (ReflectorVerdict.RateLimited, 30));
        Assert.Equal("dropped in the last minute: 2 malformed, 30 above --max-pps", DropWatch.Describe(before, now));
        Assert.Null(DropWatch.Describe(now, now));
        Assert.Null(DropWatch.Describe(before, before with { Received = 5000 }));
    }

    private static ReflectorCounters Counters(params (ReflectorVerdict Verdict, long Count)[] counts)
    {
        long[] byVerdict = new long[Enum.GetValues<ReflectorVerdict>().Length];
        foreach ((ReflectorVerdict verdict, long count) in counts) byVerdict[(int)verdict] = count;
        return new ReflectorCounters { ByVerdict = byVerdict };
    }
}
