using Microsoft.AspNetCore.Http;

namespace Llama.Server.Discovery;

/// <summary>Requests answered, by what they asked for and how. Any thread may call it.</summary>
internal sealed class RequestCounters
{
    private const int Statuses = 600;

    private static readonly string[] Names =
    [
        "other", "/", "/assets", "/metrics", "/healthz", "/readyz", "/openapi/v2.json",
        "/api/v1/my_ip_address", "/api/v1/interval", "/api/v1/register", "/api/v1/list", "/api/v1/config", "/api/v1/scraper",
        "/api/v2/groups", "/api/v2/probes", "/api/v2/events", "/api/v2/summaries", "/api/v2/matrix", "/api/v2/register", "/api/v2/config",
        "/api/v2/series", "/api/v2/timeline", "/api/v2/flows", "/api/v2/worst", "/api/v2/history", "/api/v2/intervals",
        "/api/v1/query", "/api/v1/query_range", "/api/v1/series", "/api/v1/labels", "/api/v1/label",
    ];

    private readonly long[] _counts = new long[Names.Length * Statuses];

    /// <summary>Counts a request once it is answered.</summary>
    public async Task CountAsync(HttpContext context, string path, Task answer)
    {
        try
        {
            await answer;
            Count(context.Request.Method, path, context.Response.StatusCode);
        }
        catch (Exception e)
        {
            Count(context.Request.Method, path, (e as BadHttpRequestException)?.StatusCode ?? StatusCodes.Status500InternalServerError);
            throw;
        }
    }

    /// <summary>Counts an answer.</summary>
    /// <param name="method">The request's method.</param>
    /// <param name="path">The request's path.</param>
    /// <param name="status">The answer's status.</param>
    internal void Count(string method, string path, int status) =>
        Interlocked.Increment(ref _counts[(ResourceOf(method, path) * Statuses) + Math.Clamp(status, 0, Statuses - 1)]);

    /// <summary>What has been counted, without what never happened.</summary>
    public IEnumerable<(string Resource, int Status, long Count)> Read()
    {
        for (int i = 0; i < _counts.Length; i++)
        {
            long count = Interlocked.Read(ref _counts[i]);
            if (count > 0) yield return (Names[i / Statuses], i % Statuses, count);
        }
    }

    // The longest name that is a path's beginning, up to its end or a slash.
    private static int ResourceOf(string method, string path)
    {
        if (path.StartsWith("/api/v2/groups/", StringComparison.Ordinal))
        {
            if (method == "PUT") return Array.IndexOf(Names, "/api/v2/register");
            if (path.EndsWith("/config", StringComparison.Ordinal)) return Array.IndexOf(Names, "/api/v2/config");
        }

        int found = 0;
        for (int i = 1; i < Names.Length; i++)
        {
            string name = Names[i];
            bool begins = path.StartsWith(name, StringComparison.Ordinal) && (path.Length == name.Length || (name.Length > 1 && path[name.Length] == '/'));
            if (begins && (found == 0 || name.Length > Names[found].Length)) found = i;
        }

        return found;
    }
}
