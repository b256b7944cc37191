using System.CommandLine;
using System.Globalization;
using Llama.Cli.Settings;

namespace Llama.Cli.Scraping;

/// <summary>The InfluxDB of dropbox/llama's scraper, under its flags and scline/llama-sd's variables: another way to write <c>--sink influx:...</c>.</summary>
internal sealed class InfluxFlags
{
    private readonly Func<string, string?> _environment;
    private readonly Setting<string> _host;
    private readonly Setting<int?> _port;
    private readonly Setting<string> _name;
    private readonly Setting<string> _user;
    private readonly Setting<string> _password;

    public InfluxFlags(Func<string, string?> environment)
    {
        _environment = environment;
        Setting<T> Of<T>(string name, string value, string description, Func<string, Parsed<T>> parse, string? byDefault = null, string? variable = null) =>
            new(name, value, description, parse, environment, byDefault, $"llama.{name}", variables: variable is null ? null : [variable, SettingNames.Variable(name)]);

        _host = Of("influxdb-host", "HOST", "The InfluxDB that summaries go to, beside what --sink names; without either, 127.0.0.1.", ValueParser.Text, "127.0.0.1", "INFLUXDB_HOST");
        _port = Of("influxdb-port", "PORT", "Its port.", ValueParser.TcpPort, "5086", "INFLUXDB_PORT");
        _name = Of("influxdb-name", "NAME", "Its database.", ValueParser.Text, "llama", "INFLUXDB_NAME");
        _user = Of("influxdb-user", "NAME", "Who to be there.", ValueParser.Text);
        _password = Of("influxdb-pass", "PASSWORD", "The password; better given as a variable.", ValueParser.Text);
    }

    /// <summary>All of them, in the order of help.</summary>
    public IReadOnlyList<Option> Options => [_host, _port, _name, _user, _password];

    /// <summary>
    /// The sinks that they stand for: one where somebody names the host, or, as in Go, where there are no other sinks; else none.
    /// </summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="hasOthers">True where sinks are given otherwise.</param>
    public IReadOnlyList<string> Sinks(ParseResult parsed, bool hasOthers)
    {
        bool isNamed = parsed.GetResult(_host) is { Implicit: false } || SettingNames.Given(_host.EnvironmentNames, _environment) is not null;
        return isNamed || !hasOthers ? [Sink(parsed)] : [];
    }

    private string Sink(ParseResult parsed)
    {
        string user = parsed.GetValue(_user) is { Length: > 0 } name ? $"{Uri.EscapeDataString(name)}:{Uri.EscapeDataString(parsed.GetValue(_password) ?? "")}@" : "";
        string host = parsed.GetValue(_host) is { Length: > 0 } given ? given.Trim('[', ']') : "127.0.0.1";
        if (host.Contains(':')) host = $"[{host}]";
        return string.Create(
            CultureInfo.InvariantCulture, $"influx:http://{user}{host}:{parsed.GetValue(_port)}/{Uri.EscapeDataString(parsed.GetValue(_name) ?? "")}");
    }
}
