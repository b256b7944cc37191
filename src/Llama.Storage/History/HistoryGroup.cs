namespace Llama.Storage.History;

/// <summary>Who is known in a group: all who measured or were measured as far back as anything is kept. Immutable.</summary>
/// <param name="Name">The group.</param>
/// <param name="Sources">Who measured, in the order they came.</param>
/// <param name="Destinations">Whom they measured, in the order they came.</param>
/// <param name="Classes">The classes that were measured, ascending.</param>
public sealed record HistoryGroup(
    string Name, IReadOnlyList<HistorySource> Sources, IReadOnlyList<HistoryDestination> Destinations, IReadOnlyList<byte> Classes);

/// <summary>Something that happened in the mesh.</summary>
/// <param name="At">When.</param>
/// <param name="Kind">What, in one word of lower case, as in <c>joined</c>.</param>
/// <param name="Group">The group.</param>
/// <param name="Name">The probe.</param>
/// <param name="Document">UTF-8 JSON with the rest, which only the writer understands.</param>
public sealed record HistoryEvent(DateTimeOffset At, string Kind, string Group, string Name, ReadOnlyMemory<byte> Document);

/// <summary>Of when a level holds something.</summary>
/// <param name="Level">The level.</param>
/// <param name="Retention">How long it is kept; null for ever.</param>
/// <param name="Oldest">Since when there is something; null where there is nothing. Of raw, as well what waits to be moved into levels.</param>
/// <param name="Newest">Until when.</param>
/// <param name="Bytes">Octets of its rows, which is what reading all of it takes.</param>
public sealed record HistoryLevelSpan(HistoryLevel Level, TimeSpan? Retention, DateTimeOffset? Oldest, DateTimeOffset? Newest, long Bytes = 0);
