using System.CommandLine;
using System.Globalization;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Llama.Cli.Serving;
using Llama.Cli.Settings;
using Llama.Engine.Probing;
using Llama.Mesh;
using Llama.Mesh.Plans;
using Llama.Server.Discovery;
using Llama.Server.Hosting;
using Llama.Server.Loading;
using Llama.Server.Sinks.Delivery;
using Llama.Storage.History;
using Llama.Storage.Registry;
using Llama.Wire.Clocks;
using Llama.Wire.Sockets;

namespace Llama.Cli.Commands;

/// <summary><c>llama server</c>: where probes join, learn whom to test, and bring what they measured.</summary>
internal static class ServerCommand
{
    public static Command Create(Surroundings surroundings)
    {
        var settings = new ServerSettings(surroundings.Environment);
        var check = new Option<bool>("--check", "-check") { Description = "Check the settings and the file, print all mistakes, and exit." };
        var command = new DescribedCommand("server", "Let probes join, tell them whom to test, keep the list of them.")
        {
            Examples =
            [
                "llama server --host 0.0.0.0                       # probes join with: LLAMA_SERVER=http://HOST:5000 llama probe",
                "llama server --config server.yaml --check         # only look for mistakes",
                "LLAMA_REGISTER_TOKEN=... llama server --host 0.0.0.0 --tls-certificate cert.pem --tls-key key.pem",
                "curl localhost:5000/api/v2/matrix                 # what the probes measure",
                "llama server --sink influx:http://db:8086/llama   # all of it into a database, too",
            ],
        };
        foreach (Option option in settings.Options) command.Add(option);
        command.Add(check);
        command.SetAction(async (parsed, cancellation) =>
        {
            bool isCheck = parsed.GetValue(check);
            if (parsed.GetValue(settings.Config) is not { Length: > 0 } path)
            {
                ServerConfiguration defaults = WithInterval(ServerConfiguration.Empty, parsed.GetValue(settings.Interval));
                return isCheck ? ExitCode.Ok : await RunAsync(settings, parsed, defaults, surroundings, cancellation).ConfigureAwait(false);
            }

            ServerConfigurationResult file = ServerConfigurationReader.ReadFile(path, settings.NamesInFile, parsed.GetValue(settings.Interval));
            foreach (ConfigurationError warning in file.Warnings) surroundings.Error.WriteLine($"llama: warning: {warning}");
            if (file.Configuration is not { } configuration) throw new Failure(string.Join('\n', file.Errors));

            // Read once more with what the file gives behind the environment: flag, then variable, then file.
            var layered = new ServerSettings(name => surroundings.Environment(name) ?? InFile(settings, file.Settings, name));
            ParseResult whole = Parse(layered, parsed);
            if (whole.Errors.Count > 0) throw new Failure(string.Join('\n', whole.Errors.Select(error => $"{path}: {error.Message}").Distinct()));
            return isCheck ? ExitCode.Ok : await RunAsync(layered, whole, configuration, surroundings, cancellation).ConfigureAwait(false);
        });
        return command;
    }

    // Like the original: after ten seconds, a new probe every few milliseconds.
    private static async Task LoadAsync(Uri self, string? token, Log log, CancellationToken cancellation)
    {
        var options = new LoadTestOptions { Server = self, Probes = 10_000, JoinsPerSecond = 100, Hold = TimeSpan.FromDays(1), Token = token };
        using var test = new LoadTest(options);
        await Task.Delay(TimeSpan.FromSeconds(10), cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        LoadTestResult result = await test.RunAsync(new Progress<LoadTestProgress>(), cancellation).ConfigureAwait(false);
        if (result.FirstProblem is { } problem) log.Warn($"--loadtest: the first of the failures was {problem}");
    }

    private static ServerConfiguration WithInterval(ServerConfiguration configuration, TimeSpan? interval) =>
        interval is { } other ? configuration with { Defaults = configuration.Defaults with { Interval = other } } : configuration;

    private static string? InFile(ServerSettings settings, IReadOnlyDictionary<string, string> file, string variable) =>
        settings.Options.FirstOrDefault(option => option is ISetting setting && setting.EnvironmentNames.Contains(variable)) is { } option
            ? file.GetValueOrDefault(option.Name.TrimStart('-'))
            : null;

    private static ParseResult Parse(ServerSettings settings, ParseResult parsed)
    {
        var command = new Command("server") { new Option<bool>("--check", "-check") };
        foreach (Option option in settings.Options) command.Add(option);
        return command.Parse(
            [.. parsed.Tokens.Skip(1).Select(token => token.Value)], new ParserConfiguration { EnablePosixBundling = false, ResponseFileTokenReplacer = null });
    }

    private static async Task<int> RunAsync(
        ServerSettings settings, ParseResult parsed, ServerConfiguration configuration, Surroundings surroundings, CancellationToken cancellation)
    {
        Log log = surroundings.Log;
        using var stop = new StopSignals(cancellation);
        using EchoCheck? echo = OpenEcho(log);
        DiscoveryOptions options = Options(settings, parsed, configuration, echo, surroundings);
        WarnOfOpenDoors(options, log);

        string data = parsed.GetValue(settings.Data) is { Length: > 0 } given ? given : DefaultStatePath.Of(surroundings.Environment, "server");
        SinkSet? sinks = settings.Sinks.Open(parsed, Path.Combine(data, "sinks"), surroundings);
        RunningSinks delivering = RunningSinks.Start(sinks);
        await using (delivering.ConfigureAwait(false))
        {
            RetentionText retention = parsed.GetValue(settings.Retention)!;
            log.Info($"keeps registrations{(retention.Kept is null ? "" : " and history")} in {Path.GetFullPath(data)}");
            SqliteRegistryStore registry = Open(() => SqliteRegistryStore.Open(data, log.Warn));
            SqliteHistoryStore? history = await OpenHistoryAsync(retention, data, registry, surroundings).ConfigureAwait(false);
            try
            {
                options = options with { Sinks = sinks, History = history, CountHistory = history is null ? null : history.StatisticsAsync };
                await ServeAsync(options, registry, surroundings, parsed.GetValue(settings.Verbose), stop.Token).ConfigureAwait(false);
            }
            finally
            {
                if (history is not null) await history.DisposeAsync().ConfigureAwait(false);
            }
        }

        log.Info("ended");
        return ExitCode.Ok;
    }

    private static DiscoveryOptions Options(
        ServerSettings settings, ParseResult parsed, ServerConfiguration configuration, EchoCheck? echo, Surroundings surroundings) => new()
        {
            Host = parsed.GetValue(settings.Host)!,
            Port = parsed.GetValue(settings.Port)!.Value,
            DefaultGroup = parsed.GetValue(settings.Group)!,
            DefaultKeepalive = parsed.GetValue(settings.Keepalive)!.Value,
            Configuration = configuration,
            TrustedProxies = parsed.GetValue(settings.TrustedProxies) ?? [],
            RegisterToken = settings.RegisterToken.Read(parsed),
            ReadToken = settings.ReadToken.Read(parsed),
            AdminToken = settings.AdminToken.Read(parsed),
            Certificate = Certificate(parsed.GetValue(settings.Certificate), parsed.GetValue(settings.CertificateKey), surroundings),
            RegistrationsPerSecondPerSource = parsed.GetValue(settings.Loadtest) ? null : parsed.GetValue(settings.MaxRegistrations)!.PerSecond,
            LoadTest = parsed.GetValue(settings.Loadtest),
            Influx = parsed.GetValue(settings.InfluxHost) is { Length: > 0 } host
                ? new InfluxDatabase(host, parsed.GetValue(settings.InfluxPort)!.Value, parsed.GetValue(settings.InfluxName)!)
                : null,
            Echo = echo is null ? null : echo.AskAsync,
            Scrape = ScrapeOf(settings, parsed, surroundings),
            Inform = surroundings.Log.Info,
            Warn = surroundings.Log.Warn,
        };

    private static Func<System.Net.Security.SslStreamCertificateContext>? Certificate(string? path, string? key, Surroundings surroundings)
    {
        if (string.IsNullOrEmpty(path))
            return string.IsNullOrEmpty(key) ? null : throw new Failure("--tls-key is given without --tls-certificate: give both");
        try
        {
            CertificateFiles files = CertificateFiles.Open(path, key, surroundings.Time, surroundings.Log.Warn);
            return () => files.Current;
        }
        catch (IOException error)
        {
            throw new Failure($"--tls-certificate: {error.Message}", error);
        }
    }

    private static EchoCheck? OpenEcho(Log log)
    {
        try
        {
            return new EchoCheck(DatagramNetwork.Create(), Clock.System);
        }
        catch (SocketException error)
        {
            log.Warn($"can't try whether probes answer: {error.Message}");
            return null;
        }
    }

    private static async Task ServeAsync(
        DiscoveryOptions options, SqliteRegistryStore registry, Surroundings surroundings, bool isVerbose, CancellationToken stop)
    {
        Log log = surroundings.Log;
        DiscoveryServer server = await StartAsync(options, registry, surroundings).ConfigureAwait(false);
        await using ConfiguredAsyncDisposable serving = server.ConfigureAwait(false);
        foreach (string address in server.Addresses) log.Info($"serves {address}; a probe joins with: LLAMA_SERVER={Reachable(address)} llama probe");
        Task loading = options.LoadTest ? LoadAsync(new Uri(server.Addresses[0]), options.RegisterToken, log, stop) : Task.CompletedTask;
        await new EventTeller(server, log, surroundings.Time, isVerbose).RunAsync(stop).ConfigureAwait(false);
        await loading.ConfigureAwait(false);
    }

    private static async Task<SqliteHistoryStore?> OpenHistoryAsync(RetentionText retention, string directory, SqliteRegistryStore registry, Surroundings surroundings)
    {
        if (retention.Kept is not { } kept) return null;
        var options = new HistoryOptions { Retention = kept, Time = surroundings.Time, Inform = surroundings.Log.Info, Warn = surroundings.Log.Warn };
        try
        {
            return Open(() => SqliteHistoryStore.Open(directory, options));
        }
        catch (Failure)
        {
            await registry.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private static T Open<T>(Func<T> open)
    {
        try
        {
            return open();
        }
        catch (IOException error)
        {
            throw new Failure(error.Message, error);
        }
    }

    private static async Task<DiscoveryServer> StartAsync(DiscoveryOptions options, SqliteRegistryStore registry, Surroundings surroundings)
    {
        try
        {
            return await DiscoveryServer.StartAsync(options, registry, surroundings.Time).ConfigureAwait(false);
        }
        catch (IOException error)
        {
            throw new Failure(error.Message, error);
        }
    }

    private static CollectorScrapeOptions? ScrapeOf(ServerSettings settings, ParseResult parsed, Surroundings surroundings)
    {
        TimeSpan? interval = parsed.GetValue(settings.Scrape);
        CollectorText? listed = parsed.GetValue(settings.ScrapeCollectors);
        if (interval is null && listed is null) return null;
        var scrape = new CollectorScrapeOptions { IsOfMembers = interval is not null, Listed = listed?.Follow(surroundings.Time, surroundings.Log.Warn) };
        return interval is { } given ? scrape with { Interval = given } : scrape;
    }

    private static void WarnOfOpenDoors(DiscoveryOptions options, Log log)
    {
        if (ServerSettings.IsLoopback(options.Host)) return;
        if (options.RegisterToken is null && options.Configuration.Groups.Values.All(group => group.RegisterToken is null))
            log.Warn("anybody who reaches this server can register probes, and make others send datagrams to them; set LLAMA_REGISTER_TOKEN");
        if (options.ReadToken is null) log.Warn("anybody who reaches this server can read all of it; set LLAMA_READ_TOKEN");
        if (options.Certificate is null && (options.RegisterToken ?? options.ReadToken ?? options.AdminToken) is not null)
            log.Warn("tokens travel in the clear without TLS; give --tls-certificate, or put a proxy with TLS in front");
    }

    // What listens on all addresses is reached by the host's name.
    private static string Reachable(string url)
    {
        var uri = new UriBuilder(url);
        if (uri.Host is "0.0.0.0" or "[::]") uri.Host = Environment.MachineName;
        return string.Create(CultureInfo.InvariantCulture, $"{uri.Scheme}://{uri.Host}:{uri.Port}");
    }
}
