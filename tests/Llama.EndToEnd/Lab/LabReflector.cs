using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Llama.EndToEnd.Harness;

namespace Llama.EndToEnd.Lab;

/// <summary>A `llama reflector` on a host of a lab. Its metrics are served at the same port as it listens on, for TCP.</summary>
internal sealed partial record LabReflector(LlamaProcess Process, LabHost Host, int Port)
{
    public IPEndPoint V4 => new(Host.V4, Port);

    public IPEndPoint V6 => new(Host.V6, Port);

    /// <summary>Datagrams that the kernel dropped because it did not take them in time.</summary>
    public async Task<long> ReceiveDropsAsync()
    {
        string metrics = await Host.Space.RunAsync("curl", ["--silent", "--fail", "--max-time", "5", $"http://127.0.0.1:{Port}/metrics"]);
        return long.Parse(Drops().Match(metrics).Groups["drops"].Value, CultureInfo.InvariantCulture);
    }

    [GeneratedRegex(@"^llama_reflector_receive_drops_total (?<drops>\d+)$", RegexOptions.Multiline)]
    private static partial Regex Drops();
}
