using System.Globalization;

namespace Llama.Fuzz;

/// <summary>How much to try, and from where.</summary>
public sealed record FuzzOptions
{
    /// <summary>Datagrams over all rounds.</summary>
    public long Datagrams { get; init; } = 20_000_000;

    /// <summary>What every choice follows from.</summary>
    public ulong Seed { get; init; } = (ulong)Random.Shared.NextInt64(1, 1_000_000_000);

    /// <summary>No round takes more than its share of this, however many datagrams are left.</summary>
    public TimeSpan Time { get; init; } = TimeSpan.FromMinutes(6);

    /// <summary>Names of the rounds to run; empty for all.</summary>
    public IReadOnlyList<string> Only { get; init; } = [];

    /// <summary>Where reproducers are written.</summary>
    public string Output { get; init; } = Path.Combine("artifacts", "fuzz");

    /// <summary>Reads a command line.</summary>
    /// <exception cref="FormatException">It can't be read; the message says what is wrong.</exception>
    public static FuzzOptions Parse(IReadOnlyList<string> arguments)
    {
        var options = new FuzzOptions();
        for (int i = 0; i < arguments.Count; i += 2)
        {
            string name = arguments[i];
            string value = i + 1 < arguments.Count ? arguments[i + 1] : throw new FormatException($"{name} wants a value");
            options = name switch
            {
                "--datagrams" => options with { Datagrams = (long)Number(name, value) },
                "--seed" => options with { Seed = Number(name, value) },
                "--seconds" => options with { Time = TimeSpan.FromSeconds(Number(name, value)) },
                "--only" => options with { Only = value.Split(',') },
                "--output" => options with { Output = value },
                _ => throw new FormatException($"{name} is unknown; there are --datagrams, --seed, --seconds, --only and --output"),
            };
        }

        return options;
    }

    private static ulong Number(string name, string value) =>
        ulong.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number) && number is > 0 and <= long.MaxValue
            ? number
            : throw new FormatException($"{name} wants a whole number above 0, not '{value}'");
}
