using Llama.EndToEnd.Harness;
using Llama.EndToEnd.Reflecting;

namespace Llama.EndToEnd.Collecting;

/// <summary>Configurations that the Go collector measured with, played to ours: the same points come out, but for order and numbers.</summary>
public sealed class RecordedCaseTests : IClassFixture<RecordedCaseTests.Runs>
{
    private readonly Runs _runs;

    public RecordedCaseTests(Runs runs) => _runs = runs;

    public static TheoryData<string> Cases => [.. Runs.Names];

    /// <summary>Where ours keeps what the original loses: tags of targets given by name or in brackets.</summary>
    private static readonly Dictionary<string, string> TagsTheOriginalLoses = new()
    {
        ["hostname"] = "name=by-hostname\n",
        ["legacy_hostname"] = "dst_name=named\n",
        ["ipv6_bracketed"] = "name=v6\n",
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task The_points_are_those_of_the_original(string name)
    {
        RecordedCase recorded = RecordedCase.Read(name);
        string[] expected = [.. recorded.Points.Select(point => Masked(name, point)).Order(StringComparer.Ordinal)];

        IReadOnlyList<InfluxPoint> points = await _runs.PointsOf(recorded, candidate =>
            expected.SequenceEqual(candidate.Select(point => Masked("", point)).Order(StringComparer.Ordinal))
            && candidate.All(point => IsPlausible(recorded, name, point)));

        Assert.All(points, point => Assert.Equal(point.Sent == 0 ? 0 : 100 * point.Lost / point.Sent, point.Loss, 0.001));
        Assert.All(points, point => Assert.Equal(point.LossClass == "all", point.RttMillis == 0));
    }

    private static string Masked(string name, InfluxPoint point)
    {
        string tags = TagsTheOriginalLoses.TryGetValue(name, out string? lost)
            ? string.Concat((point.Tags + lost).Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal).Select(tag => tag + "\n"))
            : point.Tags;
        return $"{point.Frame} {point.LossClass}\n{tags}";
    }

    /// <summary>As many were sent as the rate says, where the interval is short enough to have seen a whole one.</summary>
    private static bool IsPlausible(RecordedCase recorded, string name, InfluxPoint point)
    {
        double whole = recorded.Points.Single(other => Masked(name, other) == Masked("", point)).Sent;
        return recorded.Interval > TimeSpan.FromSeconds(3)
            ? point.Sent > 0 && point.Sent <= whole * 1.05
            : Math.Abs(point.Sent - whole) <= 3 + whole * 0.15;
    }

    /// <summary>All of them run side by side, against one reflector, each with a configuration whose ports are its own.</summary>
    public sealed class Runs : IAsyncLifetime, IDisposable
    {
        internal static readonly string[] Names =
        [
            "full", "full_fixed_source_ip", "dead", "same_ip_two_ports", "multi", "tag_edge", "hostname", "ipv6_bracketed",
            "cps_fraction", "interval_fraction", "duplicate_keys", "tos_string", "source_port_fixed", "legacy", "legacy_hostname", "default_config",
        ];

        private readonly TemporaryDirectory _directory = new();
        private readonly Dictionary<string, Task<RunningCollector>> _collectors = [];
        private RunningReflector? _reflector;

        public async Task InitializeAsync()
        {
            _reflector = await RunningReflector.Start("-max-pps", "unlimited", "--max-pps-per-source", "unlimited");
            foreach (string name in Names) _collectors[name] = Start(RecordedCase.Read(name), _reflector.Port);
        }

        internal async Task<IReadOnlyList<InfluxPoint>> PointsOf(RecordedCase recorded, Func<IReadOnlyList<InfluxPoint>, bool> wanted)
        {
            RunningCollector collector = await _collectors[recorded.Name];
            return await collector.PointsWhen(wanted, recorded.Interval + TimeSpan.FromSeconds(20), $"the points of {recorded.Name}");
        }

        public async Task DisposeAsync()
        {
            foreach (Task<RunningCollector> collector in _collectors.Values)
            {
                if (collector.IsCompletedSuccessfully) await (await collector).DisposeAsync();
            }

            if (_reflector is not null) await _reflector.DisposeAsync();
        }

        public void Dispose() => _directory.Dispose();

        private Task<RunningCollector> Start(RecordedCase recorded, int reflectorPort)
        {
            if (recorded.Configuration is null) return RunningCollector.Start(null, "-llama.dst-port", $"{reflectorPort}");
            int api = Ports.Free();
            string file = _directory.Write(recorded.Configuration, RecordedCase.Rewrite(recorded.Configuration, reflectorPort, Ports.Free(), api));

            // The legacy form has no place for the API's address, so a flag says it there.
            string[] arguments = [.. recorded.Arguments.Select(argument => argument == "9300" ? $"{reflectorPort}" : argument)];
            return recorded.Interval > TimeSpan.FromSeconds(3)
                ? RunningCollector.Start(file, arguments)
                : RunningCollector.Up(["collector", "-llama.config", file, .. arguments], api);
        }
    }
}
