using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Llama.Server.Hosting;

/// <summary>
/// A certificate, those it was issued by, and its private key, in PEM files. Renewed files are taken up while the server runs;
/// files that do not fit together leave the old certificate in force. Any thread may call it.
/// </summary>
public sealed class CertificateFiles
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(10);

    private readonly string _certificatePath;
    private readonly string _keyPath;
    private readonly TimeProvider _time;
    private readonly Action<string> _warn;
    private readonly Lock _looking = new();
    private Pem _pem;
    private string? _complaint;
    private long _looked;
    private SslStreamCertificateContext _current;

    private CertificateFiles(string certificatePath, string keyPath, TimeProvider time, Action<string> warn)
    {
        _certificatePath = certificatePath;
        _keyPath = keyPath;
        _time = time;
        _warn = warn;
        _looked = time.GetTimestamp();
        _pem = Pem.Read(certificatePath, keyPath);
        _current = _pem.Load();
    }

    /// <summary>The certificate in force. Looks at the files again when the last look is ten seconds old.</summary>
    public SslStreamCertificateContext Current
    {
        get
        {
            lock (_looking)
            {
                if (_time.GetElapsedTime(_looked) >= LookEvery)
                {
                    _looked = _time.GetTimestamp();
                    Look();
                }

                return _current;
            }
        }
    }

    /// <summary>Reads the files.</summary>
    /// <param name="certificatePath">The server's certificate first, then those between it and the root.</param>
    /// <param name="keyPath">Its private key, without a password; null when it stands in the same file.</param>
    /// <param name="time">What the looks go by.</param>
    /// <param name="warn">Hears of renewed files that can't be used.</param>
    /// <exception cref="IOException">They can't be read, or do not fit together; the message says which and why.</exception>
    public static CertificateFiles Open(string certificatePath, string? keyPath, TimeProvider time, Action<string> warn) =>
        new(certificatePath, keyPath ?? certificatePath, time, warn);

    private void Look()
    {
        try
        {
            Pem now = Pem.Read(_certificatePath, _keyPath);
            if (now != _pem) _current = now.Load();
            (_pem, _complaint) = (now, null);
        }
        catch (IOException e)
        {
            if (e.Message != _complaint) _warn($"{e.Message} The certificate of before stays in force.");
            _complaint = e.Message;
        }
    }

    private sealed record Pem(string CertificatePath, string Certificate, string KeyPath, string Key)
    {
        public static Pem Read(string certificatePath, string keyPath) =>
            new(certificatePath, ReadFile(certificatePath), keyPath, ReadFile(keyPath));

        public SslStreamCertificateContext Load()
        {
            try
            {
                var chain = new X509Certificate2Collection();
                chain.ImportFromPem(Certificate);
                X509Certificate2 own = X509Certificate2.CreateFromPem(Certificate, Key);
                chain.RemoveAt(0);
                return SslStreamCertificateContext.Create(own, chain, offline: true);
            }
            catch (Exception e) when (e is CryptographicException or ArgumentException)
            {
                throw new IOException(
                    $"The certificate {CertificatePath} can't be used with the key {KeyPath}: {e.Message} Both are PEM, the key without a password.", e);
            }
        }

        private static string ReadFile(string path)
        {
            try
            {
                return File.ReadAllText(path);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new IOException($"Cannot read {path}: {e.Message}", e);
            }
        }
    }
}
