namespace Llama.Mesh.Plans;

/// <summary>What a server is told about its groups. Immutable.</summary>
public sealed record ServerConfiguration
{
    /// <summary>No groups of their own: all have the defaults.</summary>
    public static ServerConfiguration Empty { get; } = new();

    /// <summary>The settings of groups that have no entry.</summary>
    public GroupSettings Defaults { get; init; } = GroupSettings.Default;

    /// <summary>Groups with settings of their own, by name.</summary>
    public IReadOnlyDictionary<string, GroupSettings> Groups { get; init; } = new Dictionary<string, GroupSettings>();

    /// <summary>Tests from one group to another.</summary>
    public IReadOnlyList<CrossTest> Between { get; init; } = [];

    /// <summary>The settings of a group.</summary>
    public GroupSettings Of(string group) => Groups.GetValueOrDefault(group, Defaults);
}

/// <summary>Members of one group test members of another.</summary>
/// <param name="From">The group that sends, with its own rates, flows, classes and sizes.</param>
/// <param name="To">The group that is tested.</param>
/// <param name="Degree">How many of <paramref name="To"/> each member of <paramref name="From"/> tests; null for all.</param>
public sealed record CrossTest(string From, string To, int? Degree);
