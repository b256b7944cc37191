using System.Text;
using Llama.Cli;

namespace Llama.Tests.Cli;

/// <summary>Surroundings that a test sees through: what is written, and which environment there is.</summary>
internal sealed class Stage
{
    private readonly StringBuilder _out = new();
    private readonly StringBuilder _error = new();

    public Dictionary<string, string> Environment { get; } = [];

    public ManualTime Time { get; } = new(new DateTimeOffset(2026, 11, 22, 12, 0, 0, TimeSpan.Zero));

    /// <summary>What answers requests; null for the network.</summary>
    public HttpMessageHandler? HttpHandler { get; set; }

    public string Out => _out.ToString();

    public string Error => _error.ToString();

    public Surroundings Surroundings => field ??= new Surroundings
    {
        Out = new StringWriter(_out) { NewLine = "\n" },
        Error = new StringWriter(_error) { NewLine = "\n" },
        Environment = name => Environment.GetValueOrDefault(name),
        Time = Time,
        HttpHandler = HttpHandler,
    };

    public Task<int> RunAsync(params string[] args) => CommandLine.RunAsync(args, Surroundings);
}

/// <summary>Time that stands still until a test moves it.</summary>
internal sealed class ManualTime(DateTimeOffset start) : TimeProvider
{
    private DateTimeOffset _now = start;

    public override DateTimeOffset GetUtcNow() => _now;

    public void Pass(TimeSpan span) => _now += span;
}
