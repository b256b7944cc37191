using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using Llama.Server.History;

namespace Llama.Tests.Server.History;

public sealed class TimePointTests
{
    // A Sunday.
    private static readonly DateTimeOffset Now = new(2026, 11, 22, 12, 34, 56, TimeSpan.Zero);

    [Theory]
    [InlineData("2026-11-22T12:00:00Z", "2026-11-22T12:00:00Z")]
    [InlineData("2026-11-22T12:00:00.25Z", "2026-11-22T12:00:00.25Z")]
    [InlineData("2026-11-22T13:00:00+01:00", "2026-11-22T12:00:00Z")]
    [InlineData("2026-11-22T13:00:00 01:00", "2026-11-22T12:00:00Z")]
    [InlineData("2026-11-22T12:00:00", "2026-11-22T12:00:00Z")]
    [InlineData("2026-11-22T12:00Z", "2026-11-22T12:00:00Z")]
    [InlineData("2026-11-22", "2026-11-22T00:00:00Z")]
    [InlineData("0", "1970-01-01T00:00:00Z")]
    [InlineData("1795348800", "2026-11-22T12:00:00Z")]
    [InlineData("1795348800.5", "2026-11-22T12:00:00.5Z")]
    [InlineData("1795348800500", "2026-11-22T12:00:00.5Z")]
    [InlineData("now", "2026-11-22T12:34:56Z")]
    [InlineData("now-500ms", "2026-11-22T12:34:55.5Z")]
    [InlineData("now-6h", "2026-11-22T06:34:56Z")]
    [InlineData("now-1h30m", "2026-11-22T11:04:56Z")]
    [InlineData("now-1h-30m", "2026-11-22T11:04:56Z")]
    [InlineData("now+1d", "2026-11-23T12:34:56Z")]
    [InlineData("now 1d", "2026-11-23T12:34:56Z")]
    [InlineData("now-2w", "2026-11-08T12:34:56Z")]
    [InlineData("now-1M", "2026-10-22T12:34:56Z")]
    [InlineData("now-1y", "2025-11-22T12:34:56Z")]
    public void What_people_write_is_read(string text, string time) =>
        Assert.Equal(DateTimeOffset.Parse(time, CultureInfo.InvariantCulture), TimePoint.Parse(text, Now));

    [Theory]
    [InlineData("now/s", "2026-11-22T12:34:56Z", "2026-11-22T12:34:57Z")]
    [InlineData("now/m", "2026-11-22T12:34:00Z", "2026-11-22T12:35:00Z")]
    [InlineData("now/h", "2026-11-22T12:00:00Z", "2026-11-22T13:00:00Z")]
    [InlineData("now/d", "2026-11-22T00:00:00Z", "2026-11-23T00:00:00Z")]
    [InlineData("now-1d/d", "2026-11-21T00:00:00Z", "2026-11-22T00:00:00Z")]
    [InlineData("now/w", "2026-11-16T00:00:00Z", "2026-11-23T00:00:00Z")]
    [InlineData("now/M", "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z")]
    [InlineData("now/y", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z")]
    [InlineData("now/d+6h", "2026-11-22T06:00:00Z", "2026-11-23T06:00:00Z")]
    public void A_unit_behind_a_slash_is_that_unit_from_its_beginning_to_its_end(string text, string from, string to)
    {
        Assert.Equal(DateTimeOffset.Parse(from, CultureInfo.InvariantCulture), TimePoint.Parse(text, Now));
        Assert.Equal(DateTimeOffset.Parse(to, CultureInfo.InvariantCulture), TimePoint.Parse(text, Now, isEnd: true));
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("yesterday")]
    [InlineData("now-")]
    [InlineData("now-6")]
    [InlineData("now-6q")]
    [InlineData("now/")]
    [InlineData("now/ms")]
    [InlineData("nowish")]
    [InlineData("now-1d/d/")]
    [InlineData("-1")]
    [InlineData("now-99999999y")]
    [InlineData("now-999999y")]
    [InlineData("now-999999w")]
    [InlineData("now+999999w")]
    [InlineData("99999999999")]
    [InlineData("99999999999999999999999999999999999999999")]
    [InlineData("2201-01-01T00:00:00Z")]
    [InlineData("1969-12-31T23:59:59Z")]
    [InlineData("2026-13-01T00:00:00Z")]
    [InlineData("\uff11795348800")]
    public void What_is_no_time_is_none(string text) => Assert.Null(TimePoint.Parse(text, Now));

    [Fact]
    public void Nothing_that_is_sent_is_more_than_no_time() =>
        Prop.ForAll(
            ArbMap.Default.GeneratorFor<string>().Select(text => text ?? "").Or(Gen.Elements("now", "-", "+", "/", "9", "d", "M", "y", "ms", " ").ListOf().Select(parts => $"now{string.Concat(parts)}")).ToArbitrary(),
            text => TimePoint.Parse(text, Now, isEnd: true) is not { } time || (time >= DateTimeOffset.UnixEpoch && time.Year < 2200))
        .QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("0", 0)]
    [InlineData("0s", 0)]
    [InlineData("30", 30)]
    [InlineData("30s", 30)]
    [InlineData("1.5", 1.5)]
    [InlineData("5m", 300)]
    [InlineData("1h", 3600)]
    [InlineData("1d", 86400)]
    [InlineData("2w", 1209600)]
    public void Steps_are_read(string text, double seconds) => Assert.Equal(TimeSpan.FromSeconds(seconds), TimeStep.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("s")]
    [InlineData("5x")]
    [InlineData("-5s")]
    [InlineData("0.5s")]
    [InlineData("1e3")]
    [InlineData("1,5")]
    [InlineData("99999999w")]
    [InlineData("NaN")]
    public void What_is_no_step_is_none(string text) => Assert.Null(TimeStep.Parse(text));

    [Fact]
    public void A_span_has_about_300_round_steps()
    {
        Assert.Equal(TimeSpan.FromSeconds(10), TimeStep.For(TimeSpan.FromMinutes(5)));
        Assert.Equal(TimeSpan.FromSeconds(30), TimeStep.For(TimeSpan.FromHours(1)));
        Assert.Equal(TimeSpan.FromMinutes(5), TimeStep.For(TimeSpan.FromDays(1)));
        Assert.Equal(TimeSpan.FromHours(6), TimeStep.For(TimeSpan.FromDays(30)));
        Assert.Equal(TimeSpan.FromDays(7), TimeStep.For(TimeSpan.FromDays(5 * 365)));
    }
}
