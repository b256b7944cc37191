using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using Llama.Mesh.Membership;
using Llama.Storage.Registry;

namespace Llama.Server.Discovery;

/// <summary>A member as it is stored. Names are for ever: what one version wrote, later ones read.</summary>
internal sealed record RegistrationDocument
{
    public required string FullName { get; init; }

    public required string Address { get; init; }

    public required int Port { get; init; }

    public required TimeSpan Keepalive { get; init; }

    public required DateTimeOffset RegisteredAt { get; init; }

    public string? Version { get; init; }

    /// <summary>Key, value, key, value ...: a tag may be there twice.</summary>
    public string[]? Tags { get; init; }

    public string? Instance { get; init; }

    public bool Pushes { get; init; }

    public string? Original { get; init; }

    public EchoState Echo { get; init; }

    /// <summary>A member as it is stored.</summary>
    public static StoredRegistration Store(Member member, DateTimeOffset renewedAt)
    {
        Registration registration = member.Registration;
        var document = new RegistrationDocument
        {
            FullName = registration.FullName,
            Address = registration.Address.ToString(),
            Port = registration.Port,
            Keepalive = registration.Keepalive,
            RegisteredAt = registration.RegisteredAt,
            Version = registration.Version.Length == 0 ? null : registration.Version,
            Tags = registration.Tags.Count == 0 ? null : [.. registration.Tags.SelectMany(tag => new[] { tag.Key, tag.Value })],
            Instance = registration.Instance,
            Pushes = registration.Pushes,
            Original = registration.OriginalJson,
            Echo = member.Echo,
        };
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(document, RegistrationJson.Default.RegistrationDocument);
        return new StoredRegistration(new RegistryKey(registration.Group, registration.Name), json, renewedAt);
    }

    /// <summary>The member that was stored; null when the document is not one.</summary>
    public static Member? Read(StoredRegistration stored)
    {
        RegistrationDocument? document;
        try
        {
            document = JsonSerializer.Deserialize(stored.Document.Span, RegistrationJson.Default.RegistrationDocument);
        }
        catch (JsonException)
        {
            return null;
        }

        if (document is null || document.Keepalive <= TimeSpan.Zero || document.Port is < 1 or > 65535) return null;
        if (document.FullName is null || !IPAddress.TryParse(document.Address, out IPAddress? address)) return null;
        string[] tags = document.Tags ?? [];
        return new Member(
            new Registration
            {
                Group = stored.Key.Group,
                Name = stored.Key.Name,
                FullName = document.FullName,
                Address = address,
                Port = document.Port,
                Keepalive = document.Keepalive,
                RegisteredAt = document.RegisteredAt,
                Version = document.Version ?? "",
                Tags = [.. Enumerable.Range(0, tags.Length / 2).Select(i => KeyValuePair.Create(tags[2 * i], tags[2 * i + 1]))],
                Instance = document.Instance,
                Pushes = document.Pushes,
                OriginalJson = document.Original,
            },
            document.Echo);
    }
}

/// <summary>How registrations are written as JSON, worked out when this was compiled.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UseStringEnumConverter = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
[JsonSerializable(typeof(RegistrationDocument))]
internal sealed partial class RegistrationJson : JsonSerializerContext;
