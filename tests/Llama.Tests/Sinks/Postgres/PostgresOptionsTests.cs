using Llama.Server.Sinks;
using Llama.Server.Sinks.Postgres;
using Npgsql;

namespace Llama.Tests.Sinks.Postgres;

public sealed class PostgresOptionsTests
{
    [Fact]
    public void An_address_without_parameters_has_the_defaults()
    {
        PostgresOptions options = Of("postgres://metrics@db.example/llama");

        Assert.Equal(("db.example", 5432, "llama", "metrics", null), (options.Host, options.Port, options.Database, options.User, options.Password));
        Assert.Equal(("\"llama_summaries\"", SslMode.Prefer, TimeSpan.FromSeconds(30), false), (options.Table.Quoted, options.SslMode, options.Timeout, options.Buckets));
        Assert.Equal("postgres db.example:5432/llama", options.Name);
    }

    [Fact]
    public void Every_parameter_is_taken()
    {
        var uri = SinkUri.Parse(
            "postgres://me:p%40ss%3Fword@[::1]:5433/net%20work?table=net.Pairs&sslmode=verify-full&sslrootcert=/ca.pem"
            + "&timeout-s=5&buckets=true&host=/run/postgresql&rows=flows");
        PostgresOptions options = PostgresOptions.Of(uri);

        Assert.Equal(("/run/postgresql", 5433, "net work", "me", "p@ss?word"), (options.Host, options.Port, options.Database, options.User, options.Password));
        Assert.Equal(("\"net\".\"Pairs\"", SslMode.VerifyFull, "/ca.pem"), (options.Table.Quoted, options.SslMode, options.RootCertificate));
        Assert.Equal((TimeSpan.FromSeconds(5), true), (options.Timeout, options.Buckets));
        Assert.DoesNotContain("p@ss", options.Name, StringComparison.Ordinal);
        Assert.Equal(["rows"], uri.Left);
    }

    [Fact]
    public void An_IPv6_address_loses_its_brackets() => Assert.Equal("::1", Of("postgres://me@[::1]/db").Host);

    [Fact]
    public void A_password_can_be_in_a_file()
    {
        string file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, "from a file\n");
            Assert.Equal("from a file", Of($"postgres://me@db/llama?password-file={file}").Password);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData("postgres:db", "write postgres://USER@HOST/DATABASE")]
    [InlineData("postgres", "write postgres://USER@HOST/DATABASE")]
    [InlineData("postgres://me@db", "write postgres://USER@HOST/DATABASE")]
    [InlineData("postgres://me@db/", "write postgres://USER@HOST/DATABASE")]
    [InlineData("postgres://me@db/a/b", "write postgres://USER@HOST/DATABASE")]
    [InlineData("postgres://me:a@db/llama?password=b", "the password is given twice")]
    [InlineData("postgres://me@db/llama?sslmode=always", "sslmode is \"always\"")]
    [InlineData("postgres://me@db/llama?timeout-s=0", "timeout-s is \"0\"")]
    [InlineData("postgres://me@db/llama?buckets=yes", "buckets is \"yes\"")]
    [InlineData("postgres://me@db/llama?table=a;b", "table is \"a;b\"")]
    public void A_mistake_is_told_in_one_line(string address, string told)
    {
        FormatException mistake = Assert.Throws<FormatException>(() => Of(address));

        Assert.Contains(told, mistake.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', mistake.Message);
    }

    [Theory]
    [InlineData("llama_summaries", "\"llama_summaries\"")]
    [InlineData("Net.Pairs2", "\"Net\".\"Pairs2\"")]
    [InlineData("_", "\"_\"")]
    public void A_table_is_quoted(string name, string quoted) => Assert.Equal(quoted, PostgresTable.Parse(name).Quoted);

    [Theory]
    [InlineData("")]
    [InlineData("a.b.c")]
    [InlineData("a.")]
    [InlineData(".a")]
    [InlineData("1a")]
    [InlineData("a b")]
    [InlineData("a\"b")]
    [InlineData("a'; DROP TABLE x; --")]
    [InlineData("tabelle_ä")]
    [InlineData("a123456789012345678901234567890123456789012345678901234567890123")]
    public void What_is_no_plain_name_is_no_table(string name) => Assert.Throws<FormatException>(() => PostgresTable.Parse(name));

    private static PostgresOptions Of(string address) => PostgresOptions.Of(SinkUri.Parse(address));
}
