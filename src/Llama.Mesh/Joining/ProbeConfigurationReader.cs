using System.Net;
using System.Text;
using System.Text.Json;
using Llama.Mesh.Membership;

namespace Llama.Mesh.Joining;

/// <summary>
/// Reads what a discovery server tells a probe to do. The probe itself is left out of its targets, wherever the server has put it.
/// Whatever the body holds, no exception is thrown. Pure; any thread may call it.
/// </summary>
public static class ProbeConfigurationReader
{
    /// <summary>Reads a body.</summary>
    /// <param name="form">What it is written in.</param>
    /// <param name="body">The body, UTF-8.</param>
    /// <param name="self">The probe that asked for it.</param>
    public static ProbeConfigurationResult Read(ConfigurationForm form, ReadOnlyMemory<byte> body, ProbeIdentity self)
    {
        try
        {
            return form == ConfigurationForm.Yaml ? Original(Encoding.UTF8.GetString(body.Span), self) : Native(body.Span, self);
        }
        catch (JsonException error)
        {
            return Unusable($"is no configuration: {Excerpt.Of(error.Message)}");
        }
        catch (UnfitValueException error)
        {
            return Unusable(error.Message);
        }
    }

    private static ProbeConfigurationResult Original(string yaml, ProbeIdentity self)
    {
        ConfigurationResult result = CollectorConfigurationReader.Read(yaml, "configuration", self.Port);
        if (result.Configuration is not { } read) return Unusable(string.Join("; ", result.Errors.Take(3).Select(error => error.ToString())));
        var collector = read with
        {
            Tests = [.. read.Tests.Select(test => test with
            {
                Ports = [.. test.Ports.Select(port => port.Address.Equals(IPAddress.Any) ? port with { Address = self.Source } : port)],
                Targets = [.. test.Targets.Where(target => !IsSelf(target, self))],
            })],
        };
        return new ProbeConfigurationResult(new ProbeConfiguration { Collector = collector }, null, []);
    }

    /// <summary>The original's server writes a probe's own entry with 127.0.0.1, so that probes behind NAT reach themselves.</summary>
    private static bool IsSelf(TargetSettings target, ProbeIdentity self)
    {
        if (target.Port != self.Port || !IPAddress.Loopback.Equals(target.Address)) return false;
        string? name = target.Tags.LastOrDefault(tag => tag.Key == "dst_shortname").Value;
        return name is null || name == self.Name;
    }

    private static ProbeConfigurationResult Native(ReadOnlySpan<byte> json, ProbeIdentity self)
    {
        NativeConfiguration read = JsonSerializer.Deserialize(json, NativeConfigurationJson.Default.NativeConfiguration)
            ?? throw new UnfitValueException("is null");
        long interval = Fit(read.IntervalS, 1, Limits.MaxIntervalSeconds, "interval_s");
        var leftOut = new List<string>();
        var tests = new List<TestSettings>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (NativeTest? test in read.Tests ?? [])
        {
            TestSettings settings = Test(test, $"tests[{tests.Count}]", self, leftOut);

            // Two tests of one name would share their flows.
            tests.Add(names.Add(settings.Name) ? settings : settings with { Name = $"{settings.Name}#{tests.Count + 1}" });
        }

        long flows = tests.Sum(test => test.Ports.Sum(port => (long)port.Count) * test.Targets.Count);
        if (flows > Limits.MaxFlows) throw new UnfitValueException($"asks for {flows} flows; {Limits.MaxFlows} are the most");
        var collector = new CollectorConfiguration
        {
            Summarization = new SummarizationSettings { Interval = TimeSpan.FromSeconds(interval) },
            Api = new ApiSettings { Port = self.Port },
            Tests = tests,
        };
        return new ProbeConfigurationResult(new ProbeConfiguration { Collector = collector, DatagramKey = read.DatagramKey }, null, leftOut);
    }

    private static TestSettings Test(NativeTest? test, string at, ProbeIdentity self, List<string> leftOut)
    {
        if (test?.Ports is not { Count: > 0 } ports) throw new UnfitValueException($"{at}.ports is missing or empty");
        double cps = test.Cps ?? throw new UnfitValueException($"{at}.cps is missing");
        if (!(cps >= Limits.MinCyclesPerSecond && cps <= Limits.MaxCyclesPerSecond)) throw new UnfitValueException($"{at}.cps does not fit");

        var targets = new List<TargetSettings>();
        var taken = new HashSet<(IPAddress, int)>();
        foreach (NativeTarget? target in test.Targets ?? [])
        {
            if (target is null || (target.Group == self.Group && target.Name == self.Name)) continue;
            if (Target(target, self) is not { } settings) leftOut.Add($"{Excerpt.Of(target.Name ?? "")} at {Excerpt.Of(target.Address ?? "")}");
            else if (taken.Add((settings.Address!, settings.Port))) targets.Add(settings);
        }

        return new TestSettings
        {
            Name = test.Name ?? self.Group,
            CyclesPerSecond = cps,
            Ports = [.. ports.Select((port, i) => Port(port, $"{at}.ports[{i}]", self.Source))],
            Targets = targets,
        };
    }

    private static PortSettings Port(NativePort? port, string at, IPAddress source) => new()
    {
        Name = at,
        Address = source,
        Class = (byte)Fit(port?.Class ?? 0, 0, byte.MaxValue, $"{at}.class"),
        Size = (int)Fit(port?.Size ?? PortSettings.DefaultSize, Limits.MinSize, Limits.MaxSize, $"{at}.size"),
        Timeout = TimeSpan.FromMilliseconds(Fit(port?.TimeoutMs, 1, Limits.MaxTimeoutMillis, $"{at}.timeout_ms")),
        DontFragment = port?.Df,
        Count = (int)Fit(port?.Count ?? 1, 1, Limits.MaxCount, $"{at}.count"),
    };

    private static TargetSettings? Target(NativeTarget target, ProbeIdentity self)
    {
        if (target.Port is not (>= 1 and <= ushort.MaxValue and var port)
            || !IPAddress.TryParse(target.Address, out IPAddress? address)
            || !IsOneHost(address)) return null;
        return new TargetSettings { Host = address.ToString(), Address = address, Port = port, Tags = Tags(target, self) };
    }

    private static bool IsOneHost(IPAddress address) => !address.Equals(IPAddress.Any)
        && !address.Equals(IPAddress.IPv6Any)
        && !address.IsIPv6Multicast
        && !(address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork && address.GetAddressBytes()[0] >= 224);

    /// <summary>
    /// As the original's configurations have them: a key that is there already keeps its place and takes the new value. Each has one
    /// line, since another host's probe gave it, and the Go scraper may read it from /influxdata.
    /// </summary>
    private static List<KeyValuePair<string, string>> Tags(NativeTarget target, ProbeIdentity self)
    {
        var tags = new OrderedDictionary<string, string>(StringComparer.Ordinal);
        if (target.Tags.ValueKind == JsonValueKind.Object)
        {
            foreach (JsonProperty tag in target.Tags.EnumerateObject())
                tags[TagLine.Of(tag.Name)] = TagLine.Of(tag.Value.ValueKind == JsonValueKind.String ? tag.Value.GetString()! : tag.Value.GetRawText());
        }

        string name = target.Name ?? "";
        tags["dst_name"] = TagLine.Of(target.FullName ?? name);
        tags["dst_shortname"] = name;
        tags["src_name"] = self.FullName;
        tags["src_shortname"] = self.Name;
        tags["group"] = target.Group ?? self.Group;
        return [.. tags];
    }

    private static long Fit(long? value, long least, long most, string what)
    {
        if (value is not { } number) throw new UnfitValueException($"{what} is missing");
        return number >= least && number <= most
            ? number
            : throw new UnfitValueException($"{what} is {number}: it can be from {least} to {most}");
    }

    private static ProbeConfigurationResult Unusable(string problem) => new(null, problem, []);

    private sealed class UnfitValueException(string message) : Exception(message);
}
