namespace Llama.Storage.History;

/// <summary>Moments as they are stored: 100 ns since the Unix epoch. Pure.</summary>
internal static class HistoryTime
{
    public static long Of(DateTimeOffset at) => at.UtcTicks - DateTimeOffset.UnixEpoch.Ticks;

    public static DateTimeOffset At(long stored) => DateTimeOffset.UnixEpoch.AddTicks(stored);
}
