using System.CommandLine;
using System.Net;
using Llama.Cli.Settings;

namespace Llama.Cli.Serving;

/// <summary>
/// The settings of <c>llama server</c>, under the names of scline/llama-sd's where it has them. Each is a flag, else a variable,
/// else a line of the file that <see cref="Config"/> names.
/// </summary>
internal sealed class ServerSettings
{
    private static readonly string[] Loopbacks = ["localhost", "127.0.0.1", "::1", "[::1]"];

    public ServerSettings(Func<string, string?> environment)
    {
        Setting<T> Of<T>(
            string name, string value, string description, Func<string, Parsed<T>> parse, string? byDefault = null, char? letter = null, string? variable = null) =>
            new(name, value, description, parse, environment, byDefault, letter: letter, variables: variable is null ? null : [variable, SettingNames.Variable(name)]);

        Config = Of("config", "FILE", "The server's file: groups, plans, and any of these settings.", ValueParser.Text, letter: 'c', variable: "APP_CONFIG");
        Group = Of("group", "NAME", "The group of probes that name none.", ValueParser.Text, "default", 'g', "APP_GROUP");
        Host = Of("host", "ADDRESS", "Where to listen; 0.0.0.0 is all addresses.", ValueParser.Text, "127.0.0.1", 'i', "APP_HOST");
        Keepalive = Of("keepalive", "SECONDS", "How long a probe that does not say stays without being heard of.", ValueParser.Duration, "86400", 'k', "APP_KEEPALIVE");
        Port = Of("port", "PORT", "TCP port to listen on.", ValueParser.TcpPort, "5000", 'p', "APP_PORT");
        Verbose = new Switch("verbose", "Tell of every probe that comes, changes or leaves.", environment, 'v', ["APP_VERBOSE"]);
        // The original takes 0 for its own default.
        Parsed<TimeSpan?> IntervalOf(string text) => text == "0" ? Parsed.Of<TimeSpan?>(null) : ValueParser.WholeSeconds(text);
        Interval = Of("interval", "SECONDS", "Interval of groups that have none of their own; 10 if nobody says otherwise.", IntervalOf);
        Data = Of("data", "DIR", "Where registrations and history are kept.", ValueParser.Text);
        Retention = Of(
            "retention", "LEVEL=DURATION,...", "How long history is kept: intervals as they came, then minutes to days; 'none' keeps none.", RetentionText.Parse, RetentionText.DefaultText);
        Scrape = Of("scrape", "SECONDS", "Ask collectors of probes that do not push for their reports, this often; not unless it is given.", ValueParser.WholeSeconds);
        ScrapeCollectors = Of(
            "scrape-collectors", "LIST", "Ask these collectors too, which did not register; every 30 s without --scrape. @FILE follows the list in a file.", CollectorText.Parse);
        InfluxHost = Of("influxdb-host", "HOST", "Write the server's own metrics to this InfluxDB.", ValueParser.Text, variable: "INFLUXDB_HOST");
        InfluxPort = Of("influxdb-port", "PORT", "Its port.", ValueParser.TcpPort, "8086", variable: "INFLUXDB_PORT");
        InfluxName = Of("influxdb-name", "NAME", "Its database.", ValueParser.Text, "llama", variable: "INFLUXDB_NAME");
        Loadtest = new Switch("loadtest", "Join synthetic probes to itself, as the original does; 'llama loadtest' does more.", environment, variables: ["APP_LOADTEST"]);
        Certificate = Of("tls-certificate", "FILE", "Speak TLS with this certificate (PEM, with those it was issued by).", ValueParser.Text);
        CertificateKey = Of("tls-key", "FILE", "The certificate's private key (PEM), where it is in another file.", ValueParser.Text);
        TrustedProxies = Of("trusted-proxies", "NETWORKS", "Proxies whose X-Forwarded-For counts, as in 10.0.0.0/8,192.0.2.7.", ValueParser.Networks);
        MaxRegistrations = Of("max-registrations", "N", "Registrations a second of one address, or 'unlimited'.", Rate.Parse, "50");
        RegisterToken = new Secret("register-token", "What probes need for joining, where their group has no token of its own", environment);
        ReadToken = new Secret("read-token", "What reading needs", environment);
        AdminToken = new Secret("admin-token", "What removing a probe needs", environment);
        Sinks = new SinkSettings(environment, showsPairs: false);
    }

    public Setting<string> Config { get; }

    public Setting<string> Group { get; }

    public Setting<string> Host { get; }

    public Setting<TimeSpan?> Keepalive { get; }

    public Setting<int?> Port { get; }

    public Switch Verbose { get; }

    public Setting<TimeSpan?> Interval { get; }

    public Setting<string> Data { get; }

    public Setting<RetentionText> Retention { get; }

    public Setting<TimeSpan?> Scrape { get; }

    public Setting<CollectorText> ScrapeCollectors { get; }

    public Setting<string> InfluxHost { get; }

    public Setting<int?> InfluxPort { get; }

    public Setting<string> InfluxName { get; }

    public Switch Loadtest { get; }

    public Setting<string> Certificate { get; }

    public Setting<string> CertificateKey { get; }

    public Setting<IReadOnlyList<IPNetwork>> TrustedProxies { get; }

    public Setting<Rate> MaxRegistrations { get; }

    public Secret RegisterToken { get; }

    public Secret ReadToken { get; }

    public Secret AdminToken { get; }

    public SinkSettings Sinks { get; }

    /// <summary>All of them, in the order of help.</summary>
    public IReadOnlyList<Option> Options =>
    [
        Config, Host, Port, Group, Keepalive, Interval, Data, Retention, Scrape, ScrapeCollectors, Verbose,
        .. RegisterToken.Options, .. ReadToken.Options, .. AdminToken.Options,
        Certificate, CertificateKey, TrustedProxies, MaxRegistrations,
        .. Sinks.Options, InfluxHost, InfluxPort, InfluxName, Loadtest,
    ];

    /// <summary>The names under which the file may give them.</summary>
    public IReadOnlyList<string> NamesInFile => [.. Options.Where(option => option != Config).Select(option => option.Name.TrimStart('-'))];

    /// <summary>True when only this host can reach what listens there.</summary>
    public static bool IsLoopback(string host) => Loopbacks.Contains(host, StringComparer.OrdinalIgnoreCase);
}
