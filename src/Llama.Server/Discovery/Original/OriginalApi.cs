using System.Buffers;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Llama.Mesh.Membership;
using Llama.Server.Discovery.Access;
using Llama.Server.Hosting;
using Llama.Server.Metrics;
using Microsoft.AspNetCore.Http;

namespace Llama.Server.Discovery.Original;

/// <summary>
/// The API of scline/llama-sd's server: <c>/</c>, <c>/metrics</c> and <c>/api/v1/</c>. What differs from it, and why, is in
/// docs/compatibility.md. Any thread may call it.
/// </summary>
internal sealed class OriginalApi
{
    private const string Json = "application/json";

    private readonly Registry _registry;
    private readonly DiscoveryOptions _options;
    private readonly AccessRules _access;
    private readonly ClientAddresses _clients;
    private readonly MinuteRound _minutes;
    private readonly DiscoveryMetrics _metrics;
    private readonly OriginalRegister _register;
    private readonly Listing _listing;
    private readonly Func<HttpContext, Task> _home;

    /// <summary>The API over a registry.</summary>
    /// <param name="registry">The probes.</param>
    /// <param name="options">What the server was told.</param>
    /// <param name="access">Who may what.</param>
    /// <param name="clients">Where requests come from.</param>
    /// <param name="rates">How often each source may register.</param>
    /// <param name="minutes">What is published once a minute.</param>
    /// <param name="metrics">The server's metrics as Prometheus reads them.</param>
    /// <param name="home">Answers a GET or HEAD of <c>/</c>.</param>
    /// <param name="time">Its clocks.</param>
    public OriginalApi(
        Registry registry,
        DiscoveryOptions options,
        AccessRules access,
        ClientAddresses clients,
        SourceRates rates,
        MinuteRound minutes,
        DiscoveryMetrics metrics,
        Func<HttpContext, Task> home,
        TimeProvider time)
    {
        _registry = registry;
        _options = options;
        _access = access;
        _clients = clients;
        _minutes = minutes;
        _metrics = metrics;
        _home = home;
        _listing = new Listing(registry, time.LocalTimeZone);
        _register = new OriginalRegister(registry, options, access, clients, rates, _listing, time);
    }

    /// <summary>Answers a request for a path that nobody else answers.</summary>
    /// <param name="context">The request.</param>
    /// <param name="path">Its path, unescaped, one char for each octet.</param>
    public Task AnswerAsync(HttpContext context, string path)
    {
        // The original takes //metrics for /metrics. With // for / the page would look for its files in the wrong place.
        if (path.TrimStart('/').Length > 0) path = $"/{path.TrimStart('/')}";
        Func<HttpContext, Task>? handle = path switch
        {
            "/" => _home,
            "/metrics" => SendMetricsAsync,
            "/api/v1/my_ip_address" => SendAddressAsync,
            "/api/v1/interval" => context => context.ReplyPageAsync(
                ((long)_options.Configuration.Defaults.Interval.TotalSeconds).ToString(CultureInfo.InvariantCulture)),
            "/api/v1/register" => _register.AnswerAsync,
            "/api/v1/list" => _listing.SendAllAsync,
            "/api/v1/scraper" => SendHostsAsync,
            _ when GroupOf(path, "/api/v1/list/") is { } group => context => SendGroupAsync(context, group),
            _ when GroupOf(path, "/api/v1/config/") is { } group => context => SendConfigAsync(context, group),
            _ => null,
        };
        if (handle is null) return context.ReplyErrorPageAsync(StatusCodes.Status404NotFound);

        string allowed = path == "/api/v1/register" ? "OPTIONS, POST" : "OPTIONS, HEAD, GET";
        if (!allowed.Split(", ").Contains(context.Request.Method))
        {
            context.Response.Headers.Allow = allowed;
            return context.ReplyErrorPageAsync(StatusCodes.Status405MethodNotAllowed);
        }

        if (HttpMethods.IsOptions(context.Request.Method))
        {
            context.Response.Headers.Allow = allowed;
            return context.ReplyPageAsync("");
        }

        bool reads = path is "/metrics" or "/api/v1/scraper" || path.StartsWith("/api/v1/list", StringComparison.Ordinal);
        return reads && context.IsRefused(_access.MayRead(context), out Task refusal) ? refusal : handle(context);
    }

    /// <summary>The group that a path names behind a prefix: one segment, in UTF-8; null when it names none.</summary>
    private static string? GroupOf(string path, string prefix)
    {
        if (!path.StartsWith(prefix, StringComparison.Ordinal)) return null;
        string segment = path[prefix.Length..];
        return segment.Length == 0 || segment.Contains('/', StringComparison.Ordinal) ? null : Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(segment));
    }

    private Task SendMetricsAsync(HttpContext context)
    {
        string accept = context.Request.Headers.Accept.ToString();
        bool isPrometheus = accept.Contains("text/plain", StringComparison.OrdinalIgnoreCase) || accept.Contains("openmetrics-text", StringComparison.OrdinalIgnoreCase);
        if (!isPrometheus) return context.ReplyAsync(StatusCodes.Status200OK, Json, _minutes.WriteJson());
        context.Response.ContentType = PrometheusText.ContentType;
        return HttpMethods.IsHead(context.Request.Method)
            ? Task.CompletedTask
            : _metrics.WriteAsync(new MetricsPage(context.Response.BodyWriter, context.RequestAborted), context.RequestAborted).AsTask();
    }

    private Task SendAddressAsync(HttpContext context) =>
        context.ReplyAsync(StatusCodes.Status200OK, Json, Encoding.UTF8.GetBytes($"{{\"ip\":\"{_clients.Of(context)}\"}}\n"));

    /// <summary>
    /// Hosts of all groups, one behind another, for the original's scraper container. IPv6 stays out: the container ends at the first
    /// address that is no IPv4 address, and would write the results of nobody.
    /// </summary>
    private Task SendHostsAsync(HttpContext context)
    {
        if (_options.LoadTest)
            return context.ReplyPageAsync("<h1>Loadtest Is Running</h1><p>A loadtest is running, this call is disabled.</p>");
        string hosts = string.Join(',', _registry.Groups.SelectMany(group => group.Members, (_, member) => member.Registration.Address)
            .Where(address => address.AddressFamily == AddressFamily.InterNetwork));
        return context.ReplyPageAsync($"\n{(hosts.Length == 0 ? "127.0.0.1" : hosts)}");
    }

    private Task SendGroupAsync(HttpContext context, string group) =>
        _registry.Find(group) is { } members ? _listing.SendAsync(context, members) : ReplyUnknownGroupAsync(context, group);

    /// <summary>The configuration of the probe that asks, which is told by its address and the port it says it has.</summary>
    private async Task SendConfigAsync(HttpContext context, string group)
    {
        if (context.IsRefused(_access.MayReadConfig(context, group), out Task refusal))
        {
            await refusal;
            return;
        }

        IQueryCollection query = context.Request.Query;
        string host = query["srcip"] is [{ Length: > 0 } given, ..] ? given : _clients.Of(context).ToString();
        string port = query["llamaport"] is [{ Length: > 0 } number, ..] ? number : "null";
        if (_registry.Find(group) is not { } members || await _registry.PlanOfAsync(group, context.RequestAborted) is not { } plan)
        {
            await ReplyUnknownGroupAsync(context, group);
            return;
        }

        var config = GroupConfig.Of(plan.Plan);
        Registration? probe = RegistrationRules.TryParseAddress(host, out IPAddress address)
            && ushort.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out ushort udp)
                ? config.Find(address, udp) ?? members.Members.Select(member => member.Registration).FirstOrDefault(one => one.Port == udp && one.Address.Equals(address))
                : null;
        await (probe is null
            ? ReplyJsonErrorAsync(context, $"unknown probe '{host}:{port}', please register")
            : config.SendAsync(context, probe));
    }

    private static Task ReplyUnknownGroupAsync(HttpContext context, string group) => ReplyJsonErrorAsync(context, $"unknown group '{group}'");

    private static Task ReplyJsonErrorAsync(HttpContext context, string error)
    {
        var body = new ArrayBufferWriter<byte>(128);
        body.Write("{\"error\":"u8);
        FlaskJson.WriteString(body, error);
        body.Write("}\n"u8);
        return context.ReplyAsync(StatusCodes.Status404NotFound, Json, body.WrittenMemory);
    }
}
