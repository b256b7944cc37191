using System.Text.Json;

namespace Llama.Server.Metrics;

/// <summary>Members of enumerations as the APIs write them.</summary>
internal static class SnakeCaseNames
{
    /// <summary>LateSends becomes late_sends.</summary>
    public static string SnakeCase<T>(this T value)
        where T : struct, Enum => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());
}
