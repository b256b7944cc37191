using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Llama.Tests.Server.Hosting;

/// <summary>Makes certificates for 127.0.0.1.</summary>
internal static class CertificateAuthority
{
    /// <summary>A certificate that nobody else vouches for, as PEM.</summary>
    public static (string Certificate, string Key) SelfSigned(string name = "server")
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 certificate = Request(name, key).CreateSelfSigned(Start, End);
        return (certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }

    /// <summary>A root, and a file with a certificate that an intermediate of the root issued, and that intermediate.</summary>
    public static (X509Certificate2 Root, string Chain, string Key) Issued()
    {
        using var rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var middleKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        X509Certificate2 root = Authority(Request("root", rootKey)).CreateSelfSigned(Start, End);
        using X509Certificate2 middle = Authority(Request("middle", middleKey)).Create(root, Start, End, [1]).CopyWithPrivateKey(middleKey);
        using X509Certificate2 leaf = Request("leaf", key).Create(middle, Start, End, [2]);
        return (root, leaf.ExportCertificatePem() + "\n" + middle.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }

    private static DateTimeOffset Start => DateTimeOffset.UtcNow.AddDays(-1);

    private static DateTimeOffset End => DateTimeOffset.UtcNow.AddDays(1);

    private static CertificateRequest Request(string name, ECDsa key)
    {
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(names.Build());
        return request;
    }

    private static CertificateRequest Authority(CertificateRequest request)
    {
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request;
    }
}
