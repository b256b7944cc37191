namespace Llama.Storage.History;

/// <summary>How finely something is kept.</summary>
public enum HistoryLevel
{
    /// <summary>Each interval by itself.</summary>
    Raw,

    /// <summary>Minutes.</summary>
    Minute,

    /// <summary>Ten minutes.</summary>
    TenMinutes,

    /// <summary>Hours.</summary>
    Hour,

    /// <summary>Days, UTC.</summary>
    Day,
}

/// <summary>What belongs to levels. Pure.</summary>
public static class HistoryLevels
{
    /// <summary>All of them, finest first.</summary>
    public static IReadOnlyList<HistoryLevel> All { get; } = Enum.GetValues<HistoryLevel>();

    /// <summary>How long one point is; zero for intervals as they came. An interval belongs to the point it begins in.</summary>
    public static TimeSpan Step(this HistoryLevel level) => level switch
    {
        HistoryLevel.Raw => TimeSpan.Zero,
        HistoryLevel.Minute => TimeSpan.FromMinutes(1),
        HistoryLevel.TenMinutes => TimeSpan.FromMinutes(10),
        HistoryLevel.Hour => TimeSpan.FromHours(1),
        _ => TimeSpan.FromDays(1),
    };

    /// <summary>How long a stored row is: several points of a short step, one of a long one.</summary>
    internal static TimeSpan RowSpan(this HistoryLevel level) =>
        level is HistoryLevel.Raw or HistoryLevel.Minute ? TimeSpan.FromMinutes(10) : level.Step();

    /// <summary>What files, flags and answers call it.</summary>
    public static string Name(this HistoryLevel level) => level switch
    {
        HistoryLevel.Raw => "raw",
        HistoryLevel.Minute => "1m",
        HistoryLevel.TenMinutes => "10m",
        HistoryLevel.Hour => "1h",
        _ => "1d",
    };
}

/// <summary>How long each level is kept. Immutable; each is above zero.</summary>
public sealed record HistoryRetention
{
    /// <summary>Intervals as they came. Default: two days.</summary>
    public TimeSpan Raw { get; init; } = TimeSpan.FromDays(2);

    /// <summary>Minutes. Default: 14 days.</summary>
    public TimeSpan Minute { get; init; } = TimeSpan.FromDays(14);

    /// <summary>Ten minutes. Default: 60 days.</summary>
    public TimeSpan TenMinutes { get; init; } = TimeSpan.FromDays(60);

    /// <summary>Hours. Default: a year.</summary>
    public TimeSpan Hour { get; init; } = TimeSpan.FromDays(365);

    /// <summary>Days, and events of the mesh. Default: five years.</summary>
    public TimeSpan Day { get; init; } = TimeSpan.FromDays(5 * 365);

    /// <summary>That of a level.</summary>
    public TimeSpan Of(HistoryLevel level) => level switch
    {
        HistoryLevel.Raw => Raw,
        HistoryLevel.Minute => Minute,
        HistoryLevel.TenMinutes => TenMinutes,
        HistoryLevel.Hour => Hour,
        _ => Day,
    };
}
