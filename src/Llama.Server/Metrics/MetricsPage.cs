using System.Buffers;
using System.IO.Pipelines;

namespace Llama.Server.Metrics;

/// <summary>One family that has samples for each series.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">counter, gauge or histogram.</param>
/// <param name="Help">What it tells, in one sentence.</param>
/// <param name="Write">Writes the samples of a series.</param>
internal sealed record SeriesFamily<T>(string Name, string Type, string Help, Action<PrometheusText, T> Write);

/// <summary>An answer to a request for metrics, sent in portions, so that many series take no more memory than a few. One caller at a time.</summary>
/// <param name="output">Where to.</param>
/// <param name="cancellation">Gives up.</param>
internal sealed class MetricsPage(PipeWriter output, CancellationToken cancellation)
{
    private const int PortionBytes = 64 * 1024;

    private readonly ArrayBufferWriter<byte> _portion = new(PortionBytes + 4096);
    private PrometheusText? _text;

    /// <summary>Takes what is no more than some kilobytes.</summary>
    public PrometheusText Text => _text ??= new PrometheusText(_portion);

    /// <summary>Writes families of any number of series.</summary>
    public async ValueTask WriteAsync<T>(IReadOnlyList<SeriesFamily<T>> families, IReadOnlyList<T> series)
    {
        foreach (SeriesFamily<T> family in families)
        {
            Text.Family(family.Name, family.Type, family.Help);
            for (int i = 0; i < series.Count; i++)
            {
                family.Write(Text, series[i]);
                if (_portion.WrittenCount >= PortionBytes) await SendAsync();
            }
        }
    }

    /// <summary>Sends what has not been sent.</summary>
    public async ValueTask SendAsync()
    {
        await output.WriteAsync(_portion.WrittenMemory, cancellation);
        _portion.ResetWrittenCount();
    }
}
