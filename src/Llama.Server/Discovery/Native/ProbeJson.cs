using System.Text.Json;
using Llama.Mesh.Membership;

namespace Llama.Server.Discovery.Native;

/// <summary>Probes as /api/v2 shows them. Never shown is the instance: who knows it can take the probe's name.</summary>
internal static class ProbeJson
{
    /// <summary>The members of a probe's object, into an object that is open.</summary>
    public static void Write(Utf8JsonWriter json, Member member, TimeSpan left, DateTimeOffset heardOfAt)
    {
        Registration probe = member.Registration;
        json.WriteString("group"u8, probe.Group);
        json.WriteString("name"u8, probe.Name);
        json.WriteString("full_name"u8, probe.FullName);
        json.WriteString("address"u8, probe.Address.ToString());
        json.WriteNumber("port"u8, probe.Port);
        json.WriteString("version"u8, probe.Version);
        json.WriteTags(probe.Tags);
        json.WriteNumber("keepalive_s"u8, probe.Keepalive.TotalSeconds);
        json.WriteNumber("lease_left_s"u8, Math.Max(0, Math.Round(left.TotalSeconds, 3)));
        json.WriteTime("registered_at"u8, probe.RegisteredAt);
        json.WriteTime("heard_of_at"u8, heardOfAt);
        json.WriteString("echo"u8, Name(member.Echo));
        json.WriteBoolean("pushes"u8, probe.Pushes);
    }

    /// <summary>How the state of the echo check is written.</summary>
    public static string Name(EchoState echo) => echo switch
    {
        EchoState.Confirmed => "confirmed",
        EchoState.Missing => "missing",
        _ => "unknown",
    };
}
