using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Llama.Server.Hosting;
using Microsoft.AspNetCore.Http;

namespace Llama.Tests.Server.Hosting;

public sealed class TlsTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("llama-tls-").FullName;
    private readonly StandingTime _time = new();
    private readonly List<string> _warnings = [];

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task A_server_with_a_certificate_speaks_TLS_and_knows_it()
    {
        await using HttpServer server = await ServeAsync(Open(CertificateAuthority.SelfSigned()));

        string body = await GetAsync(server, (_, _, _) => true);

        Assert.StartsWith("https://", server.Addresses[0], StringComparison.Ordinal);
        Assert.Equal("secure HTTP/1.1", body);
    }

    [Fact]
    public async Task Certificates_between_the_own_and_the_root_are_sent_along()
    {
        (X509Certificate2 root, string chain, string key) = CertificateAuthority.Issued();
        await using HttpServer server = await ServeAsync(Open((chain, key)));

        string body = await GetAsync(server, (certificate, given, _) =>
        {
            given!.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            given.ChainPolicy.CustomTrustStore.Add(root);
            given.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
            return given.Build((X509Certificate2)certificate!);
        });

        Assert.Equal("secure HTTP/1.1", body);
    }

    [Fact]
    public async Task Certificate_and_key_may_stand_in_one_file()
    {
        (string certificate, string key) = CertificateAuthority.SelfSigned();
        string path = Path.Combine(_directory, "both.pem");
        await File.WriteAllTextAsync(path, key + "\n" + certificate);
        CertificateFiles files = CertificateFiles.Open(path, null, _time, _warnings.Add);
        await using HttpServer server = await ServeAsync(files);

        Assert.Equal("secure HTTP/1.1", await GetAsync(server, (_, _, _) => true));
    }

    [Fact]
    public async Task Plain_HTTP_gets_no_answer_and_harms_nobody()
    {
        await using HttpServer server = await ServeAsync(Open(CertificateAuthority.SelfSigned()));
        using (var client = new TcpClient())
        {
            await client.ConnectAsync(IPAddress.Loopback, new Uri(server.Addresses[0]).Port);
            await client.GetStream().WriteAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray());
            using var read = new MemoryStream();
            try
            {
                await client.GetStream().CopyToAsync(read);
            }
            catch (IOException)
            {
                // A reset is as good as an end.
            }

            Assert.DoesNotContain("secure", Encoding.Latin1.GetString(read.ToArray()), StringComparison.Ordinal);
        }

        Assert.Equal("secure HTTP/1.1", await GetAsync(server, (_, _, _) => true));
    }

    [Fact]
    public void A_renewed_certificate_is_taken_up_within_ten_seconds()
    {
        CertificateFiles files = Open(CertificateAuthority.SelfSigned("old"));
        Write(CertificateAuthority.SelfSigned("new"));

        Assert.Equal("CN=old", files.Current.TargetCertificate.Subject);
        _time.Pass(TimeSpan.FromSeconds(10));

        Assert.Equal("CN=new", files.Current.TargetCertificate.Subject);
        Assert.Empty(_warnings);
    }

    [Fact]
    public void A_renewal_that_is_half_done_keeps_the_old_certificate_and_is_told_once()
    {
        (string certificate, string key) old = CertificateAuthority.SelfSigned("old");
        (string certificate, string key) renewed = CertificateAuthority.SelfSigned("new");
        CertificateFiles files = Open(old);

        Write((renewed.certificate, old.key));
        for (int look = 0; look < 3; look++)
        {
            _time.Pass(TimeSpan.FromSeconds(10));
            Assert.Equal("CN=old", files.Current.TargetCertificate.Subject);
        }

        string warning = Assert.Single(_warnings);
        Assert.Contains("cert.pem", warning, StringComparison.Ordinal);
        Assert.EndsWith("The certificate of before stays in force.", warning, StringComparison.Ordinal);

        Write(renewed);
        _time.Pass(TimeSpan.FromSeconds(10));
        Assert.Equal("CN=new", files.Current.TargetCertificate.Subject);
    }

    [Fact]
    public void Files_that_are_no_good_are_named_in_one_line()
    {
        (string certificate, string key) = CertificateAuthority.SelfSigned();
        string other = CertificateAuthority.SelfSigned().Key;

        foreach ((string, string) pair in new[] { (certificate, other), (certificate, ""), ("", key), ("garbage", "garbage") })
        {
            IOException error = Assert.Throws<IOException>(() => Open(pair));
            Assert.Contains(_directory, error.Message, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', error.Message);
        }

        string missing = Path.Combine(_directory, "missing.pem");
        Assert.Contains(missing, Assert.Throws<IOException>(() => CertificateFiles.Open(missing, null, _time, _warnings.Add)).Message, StringComparison.Ordinal);
    }

    private CertificateFiles Open((string Certificate, string Key) pair)
    {
        (string certificatePath, string keyPath) = Write(pair);
        return CertificateFiles.Open(certificatePath, keyPath, _time, _warnings.Add);
    }

    private (string CertificatePath, string KeyPath) Write((string Certificate, string Key) pair)
    {
        (string certificate, string key) = (Path.Combine(_directory, "cert.pem"), Path.Combine(_directory, "key.pem"));
        File.WriteAllText(certificate, pair.Certificate);
        File.WriteAllText(key, pair.Key);
        return (certificate, key);
    }

    private static Task<HttpServer> ServeAsync(CertificateFiles files) => HttpServer.StartAsync(
        "127.0.0.1",
        0,
        (context, _) => context.ReplyTextAsync(
            StatusCodes.Status200OK,
            Encoding.UTF8.GetBytes($"{(context.Request.IsHttps ? "secure" : "plain")} {context.Request.Protocol}")),
        new HttpLimits { Certificate = () => files.Current });

    private static async Task<string> GetAsync(HttpServer server, Func<X509Certificate?, X509Chain?, SslPolicyErrors, bool> judge)
    {
        using var handler = new SocketsHttpHandler
        {
            SslOptions = { RemoteCertificateValidationCallback = (_, certificate, chain, errors) => judge(certificate, chain, errors) },
        };
        using var client = new HttpClient(handler);
        return await client.GetStringAsync(new Uri(server.Addresses[0]));
    }
}
