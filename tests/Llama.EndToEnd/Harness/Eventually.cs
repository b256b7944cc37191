namespace Llama.EndToEnd.Harness;

/// <summary>Waits for what must come true, with a deadline, instead of sleeping and hoping.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <summary>Tries until <paramref name="attempt"/> gives something.</summary>
    /// <param name="attempt">Gives null, or throws an I/O error, while it is too early.</param>
    /// <param name="deadline">How long to try.</param>
    /// <param name="what">What is waited for, for the message.</param>
    /// <param name="context">What to show when it never came.</param>
    public static async Task<T> Get<T>(Func<Task<T?>> attempt, TimeSpan deadline, string what, Func<string>? context = null)
        where T : class
    {
        long start = Environment.TickCount64;
        while (true)
        {
            Exception? last = null;
            try
            {
                if (await attempt() is { } result) return result;
            }
            catch (Exception exception) when (exception is HttpRequestException or IOException or TaskCanceledException)
            {
                last = exception;
            }

            if (Environment.TickCount64 - start > deadline.TotalMilliseconds)
                throw new TimeoutException($"Waited {deadline.TotalSeconds} s for {what}. {last?.Message}\n{context?.Invoke()}");
            await Task.Delay(Pause);
        }
    }

    /// <summary>Tries until <paramref name="condition"/> holds.</summary>
    public static Task Holds(Func<bool> condition, TimeSpan deadline, string what, Func<string>? context = null) =>
        Get(() => Task.FromResult(condition() ? "" : null), deadline, what, context);
}
