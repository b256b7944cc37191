using System.Buffers;
using Llama.Engine.Reflecting;

namespace Llama.Server.Metrics;

/// <summary>A reflector's metrics in Prometheus' text format.</summary>
internal static class ReflectorMetrics
{
    private static readonly byte[][] Verdicts =
        [.. Enum.GetValues<ReflectorVerdict>().Select(verdict => PrometheusText.Label("verdict", verdict.SnakeCase()))];

    /// <summary>The whole text; a few kilobytes.</summary>
    public static ReadOnlyMemory<byte> Write(ReflectorCounters counters, int receiveBufferBytes)
    {
        var output = new ArrayBufferWriter<byte>(4096);
        var text = new PrometheusText(output);
        ProcessMetrics.Write(text);
        Write(text, counters, receiveBufferBytes);
        return output.WrittenMemory;
    }

    /// <summary>The reflector's own families.</summary>
    public static void Write(PrometheusText text, ReflectorCounters counters, int receiveBufferBytes)
    {
        text.Family("llama_reflector_datagrams_received_total", "counter", "Datagrams that arrived at the reflector.");
        text.Sample(counters.Received);
        text.Family("llama_reflector_datagrams_total", "counter", "Datagrams by what became of them: reflected, or why not.");
        for (int i = 0; i < Verdicts.Length; i++) text.Sample(counters.ByVerdict[i], Verdicts[i]);
        text.Family("llama_reflector_receive_drops_total", "counter", "Datagrams that the kernel dropped because a receive buffer was full.");
        text.Sample(counters.ReceiveDrops);
        text.Family("llama_reflector_receive_buffer_bytes", "gauge", "Receive buffer that the kernel granted each socket.");
        text.Sample(receiveBufferBytes);
    }
}
