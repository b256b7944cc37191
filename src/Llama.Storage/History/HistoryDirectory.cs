namespace Llama.Storage.History;

/// <summary>
/// Who is known, by group, with the numbers that blocks have for them. All of it is in memory: there are as many as there are probes
/// and targets, not as there are pairs. Any thread may read it; one writes.
/// </summary>
internal sealed class HistoryDirectory
{
    /// <summary>The groups something is known of.</summary>
    public IReadOnlyList<string> Groups => throw new NotImplementedException();

    /// <summary>Who is known in a group at this moment; null when nothing is known of it.</summary>
    public GroupDirectory? Find(string group) => throw new NotImplementedException();
}

/// <summary>Who is known in a group. Immutable.</summary>
/// <param name="Group">The same without numbers.</param>
/// <param name="Sources">The sources with their numbers, ascending.</param>
/// <param name="Destinations">The destinations; the place is the number. Null where a number stands for nobody any more.</param>
internal sealed record GroupDirectory(
    HistoryGroup Group, IReadOnlyList<(int Id, HistorySource Source)> Sources, IReadOnlyList<HistoryDestination?> Destinations);
