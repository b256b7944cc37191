using System.Net.Http.Headers;
using System.Text;

namespace Llama.Server.Sinks.Influx;

/// <summary>Where line protocol goes, and how. Immutable.</summary>
internal sealed record InfluxOptions
{
    private const string DefaultDatabase = "llama";

    /// <summary>What to call it, without passwords.</summary>
    public required string Name { get; init; }

    /// <summary>Where to post lines.</summary>
    public required Uri Write { get; init; }

    /// <summary>Where to ask for the database when there is none; null where that is not done.</summary>
    public Uri? Create { get; init; }

    /// <summary>Who writes; null for anybody.</summary>
    public AuthenticationHeaderValue? Authorization { get; init; }

    /// <summary>What the sink calls itself. The original's scraper has this name.</summary>
    public string UserAgent { get; init; } = "InfluxDBClient";

    /// <summary>What the lines are called; the original's scraper calls them nothing.</summary>
    public string ContentType { get; init; } = "";

    /// <summary>True sends them compressed.</summary>
    public bool IsCompressed { get; init; }

    /// <summary>Which fields pairs and flows get; null for all.</summary>
    public LineFields? Fields { get; init; }

    /// <summary>How long an answer may take.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>What an address says: <c>influx:http://[USER:PASSWORD@]HOST:8086/DATABASE</c> or <c>influx2:http://HOST:8086?org=ORG&amp;bucket=BUCKET&amp;token-file=FILE</c>.</summary>
    /// <exception cref="FormatException">It is wrong; the message says what to write.</exception>
    public static InfluxOptions Of(SinkUri uri)
    {
        Uri url = uri.HttpUrl();
        bool isSecond = uri.Kind == "influx2";
        InfluxOptions options = isSecond ? OfBucket(uri, url) : OfDatabase(uri, url);
        return options with
        {
            Fields = uri.Take("fields") is { } names ? new LineFields(names.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)) : null,
            IsCompressed = Switch(uri, "gzip") ?? isSecond,
            Timeout = uri.TakeNumber("timeout-s", 1, 3600) is { } seconds ? TimeSpan.FromSeconds(seconds) : options.Timeout,
        };
    }

    /// <summary>A database of InfluxDB 1.x, or what takes the same requests.</summary>
    /// <param name="server">Its URL, without a slash at the end.</param>
    /// <param name="database">The database.</param>
    /// <param name="retention">The retention policy; empty for the default one.</param>
    /// <param name="user">Who writes; null for anybody.</param>
    /// <param name="password">The password.</param>
    public static InfluxOptions OfDatabase(string server, string database, string retention = "", string? user = null, string? password = null) => new()
    {
        Name = $"influx {server}/{database}",
        Write = new Uri(server + InfluxRequests.Write(database, retention)),
        Create = new Uri(server + InfluxRequests.CreateDatabase(database)),
        Authorization = string.IsNullOrEmpty(user)
            ? null
            : new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}"))),
    };

    private static InfluxOptions OfDatabase(SinkUri uri, Uri url)
    {
        // The database is the last part of the path; what stands before it is a proxy's, or a cluster's such as /insert/0/influx.
        string path = url.AbsolutePath.TrimEnd('/');
        int slash = path.LastIndexOf('/');
        string database = Uri.UnescapeDataString(path[(slash + 1)..]), before = slash < 0 ? "" : path[..slash];
        string[] login = url.UserInfo.Split(':', 2);
        return OfDatabase(
            $"{url.Scheme}://{url.Authority}{before}",
            database.Length > 0 ? database : DefaultDatabase,
            uri.Take("retention") ?? "",
            uri.Take("user") ?? Uri.UnescapeDataString(login[0]),
            uri.TakeSecret("password") ?? (login.Length > 1 ? Uri.UnescapeDataString(login[1]) : ""));
    }

    private static InfluxOptions OfBucket(SinkUri uri, Uri url)
    {
        string bucket = uri.Take("bucket") ?? throw new FormatException("it does not say which bucket: write influx2:http://HOST:8086?org=ORG&bucket=BUCKET&token-file=FILE");
        if (url.UserInfo.Length > 0) throw new FormatException("influx2 knows no user and password: write token-file=FILE");
        string server = $"{url.Scheme}://{url.Authority}{url.AbsolutePath.TrimEnd('/')}";
        return new InfluxOptions
        {
            Name = $"influx2 {server} {bucket}",
            Write = new Uri(server + InfluxRequests.WriteToBucket(uri.Take("org") ?? "", bucket)),
            Authorization = uri.TakeSecret("token") is { Length: > 0 } token ? new AuthenticationHeaderValue("Token", token) : null,
            UserAgent = "llama",
            ContentType = "text/plain; charset=utf-8",
        };
    }

    private static bool? Switch(SinkUri uri, string name) => uri.Take(name) switch
    {
        null => null,
        "true" => true,
        "false" => false,
        var other => throw new FormatException($"{name} is \"{other}\": write true or false"),
    };
}
