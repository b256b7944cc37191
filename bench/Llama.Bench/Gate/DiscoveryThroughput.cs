namespace Llama.Benchmarks.Gate;

/// <summary>How many registrations and configurations a server with 1,000 probes in one group answers, wrk on the same cores.</summary>
internal sealed class DiscoveryThroughput(Workbench bench, string script) : IMeasurement
{
    private const int Probes = 1000;
    private const string Group = "bench";

    // The original on two cores, wrk included: 638 registrations and 122 configurations of 349 kB a second.
    private const double RegistrationsBar = 20 * 638, ConfigurationsBar = 8 * 122, UnchangedBar = 100 * 122;

    private readonly Answers _renewals = new(), _changes = new(), _originals = new(), _natives = new(), _unchanged = new();
    private double _originalBytes, _nativeBytes;

    public string Name => "discovery: registrations and configurations";

    public int Rounds => bench.IsQuick ? 1 : 3;

    public async Task RunRoundAsync(CancellationToken cancellation)
    {
        double seconds = bench.Seconds(6, 2);
        await using RunningServer server = await RunningServer.StartAsync(bench, 5 * seconds + 120, cancellation).ConfigureAwait(false);
        await WrkAsync("/", ["--script", script], ["--", Group, $"{Probes}", "renew"]).ConfigureAwait(false);
        _renewals.Add(await WrkAsync("/", ["--script", script], ["--", Group, $"{Probes}", "renew"]).ConfigureAwait(false));
        _changes.Add(await WrkAsync("/", ["--script", script], ["--", Group, $"{Probes}", "change"]).ConfigureAwait(false));

        const string original = $"/api/v1/config/{Group}?llamaport=8100&srcip=198.18.0.1";
        _originalBytes = await LengthAsync(original).ConfigureAwait(false);
        await WrkAsync(original, [], []).ConfigureAwait(false);
        _originals.Add(await WrkAsync(original, [], []).ConfigureAwait(false));

        const string native = $"/api/v2/groups/{Group}/probes/p0000/config";
        _nativeBytes = await LengthAsync(native).ConfigureAwait(false);
        _natives.Add(await WrkAsync(native, [], []).ConfigureAwait(false));
        string tag = await TagAsync(native).ConfigureAwait(false);
        _unchanged.Add(await WrkAsync(native, ["--header", $"If-None-Match: {tag}"], []).ConfigureAwait(false));

        Task<WrkRun> WrkAsync(string path, IEnumerable<string> options, IEnumerable<string> arguments) =>
            WrkRun.RunAsync(seconds, [.. options, new Uri(server.Address, path).ToString(), .. arguments], cancellation);

        async Task<double> LengthAsync(string path) => (await server.Http.GetByteArrayAsync(path, cancellation).ConfigureAwait(false)).Length;

        async Task<string> TagAsync(string path)
        {
            using HttpResponseMessage response = await server.Http.GetAsync(path, cancellation).ConfigureAwait(false);
            return response.Headers.ETag?.ToString() ?? throw new InvalidOperationException($"{path} has no ETag");
        }
    }

    public IEnumerable<ResultRow> Rows() =>
    [
        .. _renewals.Rows("server, 1,000 probes: registrations that renew (/api/v1)", RegistrationsBar),
        .. _changes.Rows("server, 1,000 probes: registrations that change and are written to disk (/api/v1)", RegistrationsBar),
        .. _originals.Rows($"server, 1,000 probes: configurations of {_originalBytes / 1000:F0} kB (/api/v1)", ConfigurationsBar),
        .. _natives.Rows($"server, 1,000 probes: configurations of {_nativeBytes / 1000:F0} kB (/api/v2)", ConfigurationsBar),
        .. _unchanged.Rows("server, 1,000 probes: configurations that did not change (304)", UnchangedBar),
    ];

    /// <summary>Rounds of one kind of request.</summary>
    private sealed class Answers
    {
        private readonly Samples _rates = new(), _p99 = new();

        public void Add(WrkRun run)
        {
            _rates.Add(run.PerSecond);
            _p99.Add(run.P99Millis);
        }

        public IEnumerable<ResultRow> Rows(string what, double bar) =>
        [
            ResultRow.Of(what, $">= {bar:N0} /s", _rates, "N0", "/s", rate => rate >= bar),
            ResultRow.Of($"{what}: p99", "", _p99, "0.0", "ms"),
        ];
    }
}
