using System.Globalization;
using System.Net.Sockets;

namespace Llama.Benchmarks.Gate;

/// <summary>A `llama server` with a directory of its own.</summary>
internal sealed class RunningServer : IAsyncDisposable
{
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan StartDeadline = TimeSpan.FromSeconds(20);

    private RunningServer(RunningProgram program, int port)
    {
        Program = program;
        Address = new Uri($"http://127.0.0.1:{port}");
        Http = new HttpClient { BaseAddress = Address, Timeout = TimeSpan.FromSeconds(30) };
    }

    public RunningProgram Program { get; }

    public Uri Address { get; }

    public HttpClient Http { get; }

    /// <summary>Starts an empty one, without limits for one address, on any core, and waits until it answers.</summary>
    /// <param name="bench">The programs.</param>
    /// <param name="seconds">When it is ended if nobody has ended it before.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <param name="options">More options of `llama server`.</param>
    public static Task<RunningServer> StartAsync(Workbench bench, double seconds, CancellationToken cancellation, params string[] options) =>
        StartAsync(bench, null, seconds, cancellation, options);

    /// <summary>The same on one core alone.</summary>
    public static async Task<RunningServer> StartAsync(Workbench bench, int? core, double seconds, CancellationToken cancellation, params string[] options)
    {
        int port = Workbench.FreePort();
        RunningProgram program = await RunningProgram.StartAsync(
            core, seconds,
            [
                bench.PublishedLlama, "server", "--port", $"{port}", "--data", Path.Combine(bench.Directory, $"server-{port}"),
                "--max-registrations", "unlimited", .. options,
            ]).ConfigureAwait(false);
        var server = new RunningServer(program, port);
        try
        {
            await server.UntilUpAsync(cancellation).ConfigureAwait(false);
            return server;
        }
        catch
        {
            await server.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>A metric without labels.</summary>
    public async Task<double> MetricAsync(string name, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "metrics") { Headers = { Accept = { new("text/plain") } } };
        using HttpResponseMessage response = await Http.SendAsync(request, cancellation).ConfigureAwait(false);
        string text = await response.EnsureSuccessStatusCode().Content.ReadAsStringAsync(cancellation).ConfigureAwait(false);
        string line = text.Split('\n').First(line => line.StartsWith($"{name} ", StringComparison.Ordinal));
        return double.Parse(line[(name.Length + 1)..], CultureInfo.InvariantCulture);
    }

    public ValueTask DisposeAsync()
    {
        Http.Dispose();
        return Program.DisposeAsync();
    }

    private async Task UntilUpAsync(CancellationToken cancellation)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        deadline.CancelAfter(StartDeadline);
        while (true)
        {
            if (Program.HasExited) throw new InvalidOperationException($"the server ended: {Program.Error}");
            try
            {
                await Http.GetStringAsync("healthz", deadline.Token).ConfigureAwait(false);
                return;
            }
            catch (HttpRequestException error) when (error.InnerException is SocketException)
            {
                await Task.Delay(Beat, deadline.Token).ConfigureAwait(false);
            }
        }
    }
}
