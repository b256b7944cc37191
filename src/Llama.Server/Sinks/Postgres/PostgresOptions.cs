using System.Globalization;
using Npgsql;

namespace Llama.Server.Sinks.Postgres;

/// <summary>
/// Where a PostgreSQL is and what goes there, as in
/// <c>postgres://USER[:PASSWORD]@HOST[:PORT]/DATABASE?table=..&amp;password-file=..&amp;sslmode=..</c>.
/// </summary>
internal sealed record PostgresOptions
{
    private const int DefaultPort = 5432;
    private const int DefaultTimeoutSeconds = 30;

    public required string Host { get; init; }

    public int Port { get; init; } = DefaultPort;

    public required string Database { get; init; }

    /// <summary>Whom to log in as; null for what PGUSER or the operating system says.</summary>
    public string? User { get; init; }

    /// <summary>Null for what PGPASSWORD or the password file of PostgreSQL's own programs says.</summary>
    public string? Password { get; init; }

    public PostgresTable Table { get; init; } = PostgresTable.Parse("llama_summaries");

    public SslMode SslMode { get; init; } = SslMode.Prefer;

    /// <summary>A file with the certificates that the server's has to come from; null for those of the system.</summary>
    public string? RootCertificate { get; init; }

    /// <summary>How long one statement may take.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(DefaultTimeoutSeconds);

    /// <summary>Whether the distributions of round-trip times are written, too.</summary>
    public bool Buckets { get; init; }

    /// <summary>Without the password.</summary>
    public string Name => string.Create(CultureInfo.InvariantCulture, $"postgres {Host}:{Port}/{Database}");

    /// <summary>Takes an address apart.</summary>
    /// <exception cref="FormatException">It can't be; the message says what to write.</exception>
    public static PostgresOptions Of(SinkUri uri)
    {
        if (!Uri.TryCreate(uri.Rest, UriKind.Absolute, out Uri? url) || url.Host.Length == 0
            || url.AbsolutePath.Trim('/') is not { Length: > 0 } database || database.Contains('/'))
            throw new FormatException("where the database is can't be read: write postgres://USER@HOST/DATABASE");
        string[] login = url.UserInfo.Split(':', 2);
        string? password = uri.TakeSecret("password");
        if (login.Length == 2 && password is not null) throw new FormatException("the password is given twice");
        return new PostgresOptions
        {
            Host = uri.Take("host") ?? url.DnsSafeHost,
            Port = url.Port > 0 ? url.Port : DefaultPort,
            Database = Uri.UnescapeDataString(database),
            User = login[0].Length > 0 ? Uri.UnescapeDataString(login[0]) : null,
            Password = login.Length == 2 ? Uri.UnescapeDataString(login[1]) : password,
            Table = PostgresTable.Parse(uri.Take("table") ?? "llama_summaries"),
            SslMode = SslModeOf(uri.Take("sslmode") ?? "prefer"),
            RootCertificate = uri.Take("sslrootcert"),
            Timeout = TimeSpan.FromSeconds(uri.TakeNumber("timeout-s", 1, 3600) ?? DefaultTimeoutSeconds),
            Buckets = uri.Take("buckets") switch
            {
                null or "false" => false,
                "true" => true,
                var other => throw new FormatException($"buckets is \"{other}\": write true or false"),
            },
        };
    }

    /// <summary>Opens connections to it: one at a time, kept between deliveries and closed when nothing is delivered for minutes.</summary>
    public NpgsqlDataSource Open()
    {
        var address = new NpgsqlConnectionStringBuilder
        {
            Host = Host,
            Port = Port,
            Database = Database,
            Username = User,
            Password = Password,
            SslMode = SslMode,
            RootCertificate = RootCertificate,
            GssEncryptionMode = GssEncryptionMode.Disable,
            ApplicationName = "llama",
            CommandTimeout = (int)Timeout.TotalSeconds,
            MaxPoolSize = 1,
            TcpKeepAlive = true,

            // Keeps the temporary table from delivery to delivery, and poolers such as PgBouncer content.
            NoResetOnClose = true,
        };
        var builder = new NpgsqlSlimDataSourceBuilder(address.ConnectionString);
        builder.EnableTransportSecurity();
        return builder.Build();
    }

    private static SslMode SslModeOf(string text) => text switch
    {
        "disable" => SslMode.Disable,
        "allow" => SslMode.Allow,
        "prefer" => SslMode.Prefer,
        "require" => SslMode.Require,
        "verify-ca" => SslMode.VerifyCA,
        "verify-full" => SslMode.VerifyFull,
        _ => throw new FormatException($"sslmode is \"{text}\": write disable, allow, prefer, require, verify-ca or verify-full"),
    };
}
