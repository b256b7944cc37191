using System.IO.Pipelines;
using Llama.Mesh;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Llama.Server.Intake;

/// <summary>What an answer is to show.</summary>
/// <param name="Group">The group.</param>
/// <param name="Class">The class; null for all of them together.</param>
/// <param name="Classes">All that were measured.</param>
/// <param name="Metrics">What of each pair.</param>
/// <param name="Cells">Rows, columns and values.</param>
/// <param name="Now">The server's clock.</param>
/// <param name="Span">What was looked through; null for the newest of now.</param>
internal sealed record MatrixView(
    string Group, byte? Class, IReadOnlyList<byte> Classes, IReadOnlyList<MatrixMetric> Metrics, IMatrixCells Cells, DateTimeOffset Now, MatrixSpan? Span = null)
{
    /// <summary>What people call the class.</summary>
    public string ClassName => Class is { } one ? TrafficClass.Name(one) : "all";

    /// <summary>Writes it in portions.</summary>
    public Task WriteAsync(MatrixFormat format, PipeWriter output, CancellationToken cancellation) => format switch
    {
        MatrixFormat.Csv => MatrixCsv.WriteAsync(this, output, cancellation),
        MatrixFormat.Text => MatrixTable.WriteAsync(this, output, cancellation),
        _ => MatrixJson.WriteAsync(this, output, cancellation),
    };
}

/// <summary>A span that was looked through.</summary>
/// <param name="From">Its start.</param>
/// <param name="To">Its end.</param>
/// <param name="Oldest">Start of the first interval in it; null where there was none.</param>
/// <param name="Newest">End of the last interval in it.</param>
internal sealed record MatrixSpan(DateTimeOffset From, DateTimeOffset To, DateTimeOffset? Oldest, DateTimeOffset? Newest);

/// <summary>How an answer is written.</summary>
internal enum MatrixFormat
{
    /// <summary>Columnar JSON.</summary>
    Json,

    /// <summary>A line for each pair.</summary>
    Csv,

    /// <summary>A table for people.</summary>
    Text,
}

/// <summary>Names and media types of formats. Pure.</summary>
internal static class MatrixFormats
{
    private static readonly (MatrixFormat Format, MediaTypeHeaderValue Type)[] Offered =
    [
        (MatrixFormat.Json, new("application/json")), (MatrixFormat.Csv, new("text/csv")), (MatrixFormat.Text, new("text/plain")),
    ];

    /// <summary>The content type of an answer.</summary>
    public static string ContentType(this MatrixFormat format) => format switch
    {
        MatrixFormat.Csv => "text/csv; charset=utf-8",
        MatrixFormat.Text => "text/plain; charset=utf-8",
        _ => "application/json",
    };

    /// <summary>What the request asks for by its parameter, or else by its Accept header; null when there is no such format.</summary>
    /// <param name="request">The request.</param>
    /// <param name="hasText">False where there is no table for people.</param>
    public static MatrixFormat? Of(HttpRequest request, bool hasText = true)
    {
        if (request.Query["format"].ToString() is { Length: > 0 } named)
        {
            return named switch
            {
                "json" => MatrixFormat.Json,
                "csv" => MatrixFormat.Csv,
                "text" when hasText => MatrixFormat.Text,
                _ => null,
            };
        }

        if (!MediaTypeHeaderValue.TryParseList(request.Headers.Accept, out IList<MediaTypeHeaderValue>? accepted) || accepted.Count == 0)
            return MatrixFormat.Json;
        foreach (MediaTypeHeaderValue type in accepted.OrderByDescending(type => type, MediaTypeHeaderValueComparer.QualityComparer))
        {
            if (type.Quality == 0) continue;
            foreach ((MatrixFormat format, MediaTypeHeaderValue offer) in Offered)
            {
                if (format == MatrixFormat.Text && !hasText) continue;
                if (offer.MediaType.Equals(type.MediaType, StringComparison.OrdinalIgnoreCase) || offer.IsSubsetOf(new(type.MediaType))) return format;
            }
        }

        return null;
    }
}
