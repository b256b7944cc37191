using System.Text.Json;
using System.Text.Json.Serialization;

namespace Llama.Mesh.Joining;

/// <summary>The body of <c>/api/v2/groups/{group}/probes/{name}/config</c>, before anything in it is believed.</summary>
internal sealed record NativeConfiguration
{
    public long? IntervalS { get; init; }

    public IReadOnlyList<NativeTest?>? Tests { get; init; }

    public ReadOnlyMemory<byte> DatagramKey { get; init; }
}

/// <summary>An entry of <c>tests</c>.</summary>
internal sealed record NativeTest
{
    public string? Name { get; init; }

    public double? Cps { get; init; }

    public IReadOnlyList<NativePort?>? Ports { get; init; }

    public IReadOnlyList<NativeTarget?>? Targets { get; init; }
}

/// <summary>An entry of <c>ports</c>.</summary>
internal sealed record NativePort
{
    public long? Class { get; init; }

    public long? Size { get; init; }

    public long? TimeoutMs { get; init; }

    public bool? Df { get; init; }

    public long? Count { get; init; }
}

/// <summary>An entry of <c>targets</c>.</summary>
internal sealed record NativeTarget
{
    public string? Group { get; init; }

    public string? Name { get; init; }

    public string? FullName { get; init; }

    public string? Address { get; init; }

    public int? Port { get; init; }

    public JsonElement Tags { get; init; }
}

/// <summary>Reads it without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(NativeConfiguration))]
internal sealed partial class NativeConfigurationJson : JsonSerializerContext;
