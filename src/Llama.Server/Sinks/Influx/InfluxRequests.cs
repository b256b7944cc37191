using System.Globalization;
using System.Net;

namespace Llama.Server.Sinks.Influx;

/// <summary>What an InfluxDB is asked, as the path and query of a request. Pure; any thread may call it.</summary>
internal static class InfluxRequests
{
    /// <summary>A host and port as a URL has them: an IPv6 address in brackets.</summary>
    public static string Authority(string host, int port) => host.Contains(':', StringComparison.Ordinal) && !host.StartsWith('[')
        ? string.Create(CultureInfo.InvariantCulture, $"[{host}]:{port}")
        : string.Create(CultureInfo.InvariantCulture, $"{host}:{port}");

    /// <summary>Asks 1.x for a database that may be there already.</summary>
    public static string CreateDatabase(string name)
    {
        string quoted = name.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal);
        return $"/query?q={WebUtility.UrlEncode($"CREATE DATABASE \"{quoted}\"")}";
    }

    /// <summary>Writes lines to 1.x, stamped in seconds, as the original's scraper does.</summary>
    public static string Write(string database, string retention) =>
        $"/write?consistency=&db={WebUtility.UrlEncode(database)}&precision=s&rp={WebUtility.UrlEncode(retention)}";

    /// <summary>Writes lines to 2.x, and to 3.x as it.</summary>
    public static string WriteToBucket(string organization, string bucket) =>
        $"/api/v2/write?org={WebUtility.UrlEncode(organization)}&bucket={WebUtility.UrlEncode(bucket)}&precision=s";
}
