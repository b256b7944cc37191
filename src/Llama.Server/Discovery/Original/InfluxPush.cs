using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using Llama.Server.Sinks;
using Llama.Server.Sinks.Influx;

namespace Llama.Server.Discovery.Original;

/// <summary>
/// Sends the figures of each minute to InfluxDB 1.x, as the original does. A database that does not answer costs the figures of that
/// minute, and a line for the operator when it goes and when it comes back. One caller at a time.
/// </summary>
internal sealed class InfluxPush : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly InfluxDatabase _database;
    private readonly Action<string> _warn;
    private readonly HttpClient _client;
    private bool _exists;
    private bool _failed;
    private string? _tags;

    /// <summary>A way to a database; nothing is sent yet.</summary>
    /// <param name="database">The database.</param>
    /// <param name="warn">Tells the operator.</param>
    /// <param name="network">Another way to send, for tests.</param>
    public InfluxPush(InfluxDatabase database, Action<string> warn, HttpMessageHandler? network = null)
    {
        _database = database;
        _warn = warn;
        _client = new HttpClient(network ?? new SocketsHttpHandler { UseProxy = false, PooledConnectionLifetime = TimeSpan.FromMinutes(10) })
        {
            Timeout = Patience,
            MaxResponseContentBufferSize = 64 * 1024,
        };

        // The login that comes with the original's client library: a database that asks for one may have been set up with it.
        _client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String("root:root"u8));
    }

    /// <summary>Sees to it that the database is there.</summary>
    public async Task CreateDatabaseAsync(CancellationToken cancellation)
    {
        string target = $"{InfluxRequests.CreateDatabase(_database.Name)}&db={WebUtility.UrlEncode(_database.Name)}";
        _exists = await PostAsync(target, "", "application/json", cancellation);
    }

    /// <summary>Writes a point.</summary>
    public async Task WriteAsync(MinuteFigures figures, CancellationToken cancellation)
    {
        if (!_exists) await CreateDatabaseAsync(cancellation);
        if (!_exists) return;
        _tags ??= await TagsAsync(cancellation);
        string point = string.Create(
            CultureInfo.InvariantCulture,
            $"llama_server,{_tags} clean_runtime={figures.Took.TotalSeconds:R},database_size_bytes={figures.SizeBytes}i,group_count_active={figures.Groups}i,group_count_removed={figures.GroupsRemoved}i,probe_count_active={figures.Probes}i,probe_count_removed={figures.ProbesRemoved}i,uptime={(long)figures.Uptime.TotalSeconds}i\n");
        await PostAsync($"/write?db={WebUtility.UrlEncode(_database.Name)}", point, "application/octet-stream", cancellation);
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    private async Task<bool> PostAsync(string target, string body, string type, CancellationToken cancellation)
    {
        string problem;
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri($"http://{Authority}{target}"));
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            request.Content.Headers.ContentType = new MediaTypeHeaderValue(type);
            using HttpResponseMessage response = await _client.SendAsync(request, cancellation);
            if (response.IsSuccessStatusCode)
            {
                if (_failed) _warn($"InfluxDB at {Authority} answers again.");
                _failed = false;
                return true;
            }

            // It may have lost the database.
            _exists = false;
            problem = $"it answered {(int)response.StatusCode}: {HttpAnswers.OneLine(await response.Content.ReadAsStringAsync(cancellation))}";
        }
        catch (Exception e) when (e is HttpRequestException or UriFormatException or IOException || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            problem = e is OperationCanceledException ? $"no answer within {Patience.TotalSeconds} s" : HttpAnswers.OneLine(e.Message);
        }

        if (!_failed) _warn($"The server's metrics do not reach InfluxDB at {Authority}: {problem}. The server goes on, and tries again every minute.");
        _failed = true;
        return false;
    }

    private string Authority => InfluxRequests.Authority(_database.Host, _database.Port);

    private static async Task<string> TagsAsync(CancellationToken cancellation)
    {
        string name = Dns.GetHostName(), address = "127.0.0.1";
        try
        {
            IPAddress[] addresses = await Dns.GetHostAddressesAsync(name, AddressFamily.InterNetwork, cancellation);
            if (addresses.Length > 0) address = addresses[0].ToString();
        }
        catch (SocketException)
        {
            // A host that does not know its own name is found at the address that stays.
        }

        return $"hostname={LineText.Escaped(name)},ipaddress={LineText.Escaped(address)}";
    }
}
