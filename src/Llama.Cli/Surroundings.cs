using Microsoft.Win32.SafeHandles;

namespace Llama.Cli;

/// <summary>What a command sees of the world around it; tests bring their own.</summary>
internal sealed record Surroundings
{
    /// <summary>Where results go.</summary>
    public required TextWriter Out { get; init; }

    /// <summary>Where errors and the log go.</summary>
    public required TextWriter Error { get; init; }

    /// <summary>Reads an environment variable; null where it is not set.</summary>
    public required Func<string, string?> Environment { get; init; }

    /// <summary>True when a person watches <see cref="Out"/> on a terminal that understands cursor movement.</summary>
    public bool OutIsTerminal { get; init; }

    /// <summary>Columns and rows of the terminal, now.</summary>
    public Func<(int Width, int Height)> WindowSize { get; init; } = () => (80, 24);

    /// <summary>Waits for a key and returns its character, which is not echoed; null where nobody has a keyboard.</summary>
    public Func<char>? ReadKey { get; init; }

    /// <summary>Waits for a line that somebody types, null at the end of all; null where nobody has a keyboard.</summary>
    public Func<string?>? ReadLine { get; init; }

    /// <summary>Opens standard output for octets, so that it tells when nobody reads any more; null for <see cref="Out"/>.</summary>
    public Func<Stream>? OpenOut { get; init; }

    /// <summary>The time that log lines and waits go by.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>What sends the requests of commands that ask a server; null for the network.</summary>
    public HttpMessageHandler? HttpHandler { get; init; }

    /// <summary>The log, on <see cref="Error"/>.</summary>
    public Log Log => field ??= new Log(Error, Time);

    /// <summary>Those of this process.</summary>
    public static Surroundings OfProcess()
    {
        bool dumb = System.Environment.GetEnvironmentVariable("TERM") is null or "" or "dumb" && !OperatingSystem.IsWindows();
        return new Surroundings
        {
            Out = Console.Out,
            Error = Console.Error,
            Environment = System.Environment.GetEnvironmentVariable,
            OutIsTerminal = !Console.IsOutputRedirected && !dumb,
            WindowSize = SizeOfConsole,
            ReadLine = Console.IsInputRedirected ? null : Console.ReadLine,
            OpenOut = OperatingSystem.IsWindows() ? Console.OpenStandardOutput : OpenDescriptorOfOut,
            ReadKey = Console.IsInputRedirected ? null : () => Console.ReadKey(intercept: true).KeyChar,
        };
    }

    // The console's own stream keeps silent when whoever reads from a pipe has gone.
    private static FileStream OpenDescriptorOfOut() => new(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0);

    private static (int Width, int Height) SizeOfConsole()
    {
        try
        {
            return Console.WindowWidth > 0 ? (Console.WindowWidth, Console.WindowHeight) : (80, 24);
        }
        catch (IOException)
        {
            return (80, 24);
        }
    }
}
