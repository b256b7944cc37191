using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Llama.Tests.Server.Hosting;

/// <summary>A certificate at hand.</summary>
internal sealed class TlsFiles : IDisposable
{
    private readonly X509Certificate2 _certificate;

    public TlsFiles()
    {
        (string certificate, string key) = CertificateAuthority.SelfSigned();
        _certificate = X509Certificate2.CreateFromPem(certificate, key);
        Certificate = SslStreamCertificateContext.Create(_certificate, null, offline: true);
    }

    public SslStreamCertificateContext Certificate { get; }

    public void Dispose() => _certificate.Dispose();
}
