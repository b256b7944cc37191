using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Llama.Engine;
using Llama.Engine.Probing;

namespace Llama.Cli.Ping;

/// <summary>Writes what <c>--mtu</c> found for one target.</summary>
internal static class MtuReport
{
    public const string CsvHeader = "type,host,address,port,direction,udp_payload_bytes,ip_packet_bytes,limited_by\n";

    private const int IPv4Headers = 28, IPv6Headers = 48;

    /// <summary>The text, each line ended.</summary>
    /// <param name="target">The target.</param>
    /// <param name="found">What was found; null when it does not answer.</param>
    /// <param name="format">How to write it.</param>
    public static string Text(Target target, PathMtu? found, PingFormat format) => format switch
    {
        PingFormat.Json => Json(target, found),
        PingFormat.Csv => Csv(target, found),
        _ => Plain(target, found),
    };

    private static string Plain(Target target, PathMtu? found)
    {
        string name = target.Host == target.EndPoint!.Address.ToString() ? $"{target.EndPoint}" : $"{target.Host} ({target.EndPoint})";
        if (found is null) return $"{name}: no reply\n";
        var text = new StringBuilder($"{name}\n");
        foreach ((string direction, PathLimit? limit) in Ways(found))
        {
            string what = limit is { } known
                ? $"{(known.LimitedBy is SizeLimit.None or SizeLimit.OtherWay ? "at least " : "")}{known.Size} bytes of UDP payload, IP packets of {Packet(target, known)}; {Why(known, direction)}"
                : "not known: its reflector does not count what it receives";
            text.Append(CultureInfo.InvariantCulture, $"  {Word(direction, found)}  {what}\n");
        }

        return text.ToString();
    }

    private static string Word(string direction, PathMtu found) =>
        direction == "forward" ? "there" : found.Forward is null ? "round trip" : "back ";

    private static string Why(PathLimit limit, string direction) => limit.LimitedBy switch
    {
        SizeLimit.Local => "this host sends no larger ones",
        SizeLimit.Path => direction == "forward" ? "larger ones are lost on the way there" : "larger ones are lost on the way back",
        SizeLimit.OtherWay => "larger ones don't get there to be sent back",
        _ => "nothing larger was tried",
    };

    private static string Csv(Target target, PathMtu? found)
    {
        var text = new StringBuilder();
        foreach ((string direction, PathLimit? limit) in Ways(found))
        {
            text.AppendJoin(',', [
                "mtu",
                target.Host,
                target.EndPoint!.Address.ToString(),
                Number(target.EndPoint.Port),
                direction,
                limit is { } size ? Number(size.Size) : "",
                limit is { } packet ? Number(Packet(target, packet)) : "",
                limit is { } reason ? Reason(reason.LimitedBy) : "",
            ]).Append('\n');
        }

        return text.ToString();
    }

    private static string Json(Target target, PathMtu? found)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteString("type"u8, "mtu"u8);
            json.WriteStartObject("destination"u8);
            json.WriteString("host"u8, target.Host);
            json.WriteString("address"u8, target.EndPoint!.Address.ToString());
            json.WriteNumber("port"u8, target.EndPoint.Port);
            json.WriteEndObject();
            foreach ((string direction, PathLimit? limit) in Ways(found))
            {
                if (limit is not { } known)
                {
                    json.WriteNull(direction);
                    continue;
                }

                json.WriteStartObject(direction);
                json.WriteNumber("udp_payload_bytes"u8, known.Size);
                json.WriteNumber("ip_packet_bytes"u8, Packet(target, known));
                json.WriteString("limited_by"u8, Reason(known.LimitedBy));
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(bytes.ToArray()) + "\n";
    }

    private static IEnumerable<(string Direction, PathLimit? Limit)> Ways(PathMtu? found) => [("forward", found?.Forward), ("reverse", found?.Reverse)];

    private static int Packet(Target target, PathLimit limit) =>
        limit.Size + (target.EndPoint!.AddressFamily == AddressFamily.InterNetwork ? IPv4Headers : IPv6Headers);

    private static string Reason(SizeLimit limit) => limit switch
    {
        SizeLimit.Local => "local",
        SizeLimit.Path => "path",
        SizeLimit.OtherWay => "other_way",
        _ => "none",
    };

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
