using System.Globalization;
using System.Text.Json;
using Llama.Mesh;
using Llama.Server.Intake;

namespace Llama.Cli.Watching;

/// <summary>Reads the parts that answers of a server have in common. What is none of what it should be is null, or throws what the caller expects of JSON.</summary>
internal static class MeshJson
{
    private const string Day = "yyyy-MM-dd", Clock = "HH:mm:ss";

    /// <summary>A name that does nothing to a terminal; what has none is told as such.</summary>
    public static string Name(JsonElement value)
    {
        string name = Printable.Of(value.GetString() ?? "");
        return name.Length == 0 ? "(none)" : name;
    }

    /// <summary>Names of an array.</summary>
    public static string[] Names(JsonElement array) => [.. array.EnumerateArray().Select(Name)];

    /// <summary>A number, or true as 1; null where nothing was measured.</summary>
    public static double? Number(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Number when value.TryGetDouble(out double number) && double.IsFinite(number) => number,
        JsonValueKind.True => 1,
        JsonValueKind.False => 0,
        _ => null,
    };

    /// <summary>A number of an object's member; null where it is not there.</summary>
    public static double? Number(JsonElement json, string member) => json.TryGetProperty(member, out JsonElement value) ? Number(value) : null;

    /// <summary>A count, bounded so that sums of counts do not overflow.</summary>
    public static long Count(double? value) => (long)Math.Clamp(value ?? 0, 0, 1e12);

    /// <summary>A moment of an object's member; null where it is not there, or none.</summary>
    public static DateTimeOffset? Time(JsonElement json, string member) =>
        json.TryGetProperty(member, out JsonElement value) && value.ValueKind == JsonValueKind.String
            && DateTimeOffset.TryParse(value.GetString(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out DateTimeOffset time)
            ? time
            : null;

    /// <summary>What a matrix or a list of pairs is of: group and class.</summary>
    public static IEnumerable<string> Subject(JsonElement json)
    {
        yield return Name(json.GetProperty("group"));
        yield return json.TryGetProperty("class_name", out JsonElement name) && name.ValueKind == JsonValueKind.String ? Name(name) + Others(json) : "all classes";
    }

    /// <summary>A span, with the date once where it is one.</summary>
    public static string Span(DateTimeOffset from, DateTimeOffset to) =>
        Text(from, Day) == Text(to, Day) ? $"{Text(from, $"{Day} {Clock}")} to {Text(to, Clock)}Z" : $"{Moment(from)} to {Moment(to)}";

    /// <summary>A moment.</summary>
    public static string Moment(DateTimeOffset at) => Text(at, $"{Day} {Clock}") + "Z";

    private static string Text(DateTimeOffset at, string format) => at.ToUniversalTime().ToString(format, CultureInfo.InvariantCulture);

    // Who looks at one class should know that there are others.
    private static string Others(JsonElement json)
    {
        if (!json.TryGetProperty("classes", out JsonElement classes) || classes.ValueKind != JsonValueKind.Array) return "";
        double? own = Number(json, "class");
        string[] others = [.. classes.EnumerateArray().Select(Number).Where(each => each is >= 0 and <= 255 && each != own).Select(each => TrafficClass.Name((byte)each!.Value)).Take(4)];
        return others.Length == 0 ? "" : $" (there is {string.Join(", ", others)})";
    }
}
