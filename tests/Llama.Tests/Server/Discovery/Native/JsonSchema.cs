using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Llama.Tests.Server.Discovery.Native;

/// <summary>
/// As much of JSON Schema as the description of the API uses. A keyword that is not known is an error, and so is a member that the
/// schema does not name: what is not described is not there.
/// </summary>
/// <param name="document">What references lead into.</param>
internal sealed class JsonSchema(JsonElement document)
{
    private static readonly string[] Told = ["description", "default", "contentEncoding"];

    /// <summary>What is wrong with a value, with where; empty when it fits.</summary>
    public IReadOnlyList<string> Check(JsonElement schema, JsonElement value)
    {
        var faults = new List<string>();
        Check(schema, value, "$", faults);
        return faults;
    }

    /// <summary>What a schema or anything else in the document refers to.</summary>
    public JsonElement Resolve(JsonElement element)
    {
        if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty("$ref", out JsonElement reference)) return element;
        JsonElement found = document;
        foreach (string part in reference.GetString()![2..].Split('/')) found = found.GetProperty(part);
        return Resolve(found);
    }

    private void Check(JsonElement unresolved, JsonElement value, string at, List<string> faults)
    {
        JsonElement schema = Resolve(unresolved);
        foreach (JsonProperty keyword in schema.EnumerateObject().Where(keyword => !Told.Contains(keyword.Name)))
            if (!Holds(keyword, schema, value, at, faults)) faults.Add($"{at}: {keyword.Name} {keyword.Value.GetRawText()} does not hold for {value.GetRawText()}");
    }

    private bool Holds(JsonProperty keyword, JsonElement schema, JsonElement value, string at, List<string> faults)
    {
        JsonElement wanted = keyword.Value;

        // All others say something of values of their own kind alone.
        if (value.ValueKind == JsonValueKind.Null && keyword.Name is not ("type" or "enum")) return true;
        switch (keyword.Name)
        {
            case "type":
                return Types(wanted).Any(type => Is(type, value));
            case "enum":
                return wanted.EnumerateArray().Any(one => JsonElement.DeepEquals(one, value));
            case "minimum":
                return value.GetDouble() >= wanted.GetDouble();
            case "maximum":
                return value.GetDouble() <= wanted.GetDouble();
            case "exclusiveMinimum":
                return value.GetDouble() > wanted.GetDouble();
            case "minLength":
                return value.GetString()!.Length >= wanted.GetInt32();
            case "maxLength":
                return value.GetString()!.Length <= wanted.GetInt32();
            case "pattern":
                return Regex.IsMatch(value.GetString()!, wanted.GetString()!);
            case "format":
                if (value.ValueKind != JsonValueKind.String) return true;
                return wanted.GetString() == "date-time" && DateTimeOffset.TryParse(value.GetString(), CultureInfo.InvariantCulture, out _);
            case "maxProperties":
                return value.EnumerateObject().Count() <= wanted.GetInt32();
            case "propertyNames":
                return value.EnumerateObject().All(member => member.Name.Length <= wanted.GetProperty("maxLength").GetInt32());
            case "items":
                int index = 0;
                foreach (JsonElement item in value.EnumerateArray()) Check(wanted, item, $"{at}[{index++}]", faults);
                return true;
            case "required":
                return wanted.EnumerateArray().All(name => value.TryGetProperty(name.GetString()!, out _));
            case "additionalProperties":
                foreach (JsonProperty member in value.EnumerateObject()) Check(wanted, member.Value, $"{at}.{member.Name}", faults);
                return true;
            case "properties":
                foreach (JsonProperty member in value.EnumerateObject())
                {
                    if (wanted.TryGetProperty(member.Name, out JsonElement known)) Check(known, member.Value, $"{at}.{member.Name}", faults);
                    else faults.Add($"{at}.{member.Name} is not described");
                }

                return Types(schema.GetProperty("type")).Any(type => type.GetString() == "object");
            default:
                return false;
        }
    }

    private static IEnumerable<JsonElement> Types(JsonElement type) => type.ValueKind == JsonValueKind.Array ? type.EnumerateArray() : [type];

    private static bool Is(JsonElement type, JsonElement value) => type.GetString() switch
    {
        "object" => value.ValueKind == JsonValueKind.Object,
        "array" => value.ValueKind == JsonValueKind.Array,
        "string" => value.ValueKind == JsonValueKind.String,
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "null" => value.ValueKind == JsonValueKind.Null,
        "number" => value.ValueKind == JsonValueKind.Number,
        "integer" => value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out _),
        _ => false,
    };
}
