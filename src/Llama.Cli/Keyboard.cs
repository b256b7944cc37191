namespace Llama.Cli;

/// <summary>The keys that somebody presses while a picture is shown.</summary>
internal static class Keyboard
{
    /// <summary>
    /// Waits for keys on a thread of its own, which ends with the process: the terminal gives single keys, and does not echo them, only
    /// while somebody waits.
    /// </summary>
    /// <param name="readKey">Waits for a key.</param>
    /// <param name="take">Takes it, on that thread; false for no more.</param>
    public static void Listen(Func<char> readKey, Func<char, bool> take)
    {
        var listening = new Thread(() =>
        {
            try
            {
                while (take(readKey())) { }
            }
            catch (Exception error) when (error is InvalidOperationException or IOException)
            {
                // The keyboard is gone.
            }
        })
        {
            IsBackground = true,
            Name = "keys",
        };
        listening.Start();
    }
}
