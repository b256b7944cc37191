using Llama.Mesh.Membership;

namespace Llama.Server.Intake;

/// <summary>What destinations are called in the matrix of a group, and which members they are. Any thread may call it.</summary>
internal static class DestinationNames
{
    /// <summary>The short name, with the group before it where that is another one: two groups may both have one of its name. Else the host.</summary>
    /// <param name="names">Where the name is from when it is put together.</param>
    /// <param name="group">The group of the source.</param>
    /// <param name="destinationGroup">The group of the destination; null or empty where nobody says.</param>
    /// <param name="shortName">Its short name; likewise.</param>
    /// <param name="host">The target as configured.</param>
    public static string Of(NamePool names, string group, string? destinationGroup, string? shortName, string? host)
    {
        if (string.IsNullOrEmpty(shortName)) return host ?? "";
        if (string.IsNullOrEmpty(destinationGroup) || destinationGroup == group) return shortName;
        Span<char> both = stackalloc char[2 * PushReader.MaxNameLength + 1];
        destinationGroup.CopyTo(both);
        both[destinationGroup.Length] = '/';
        shortName.CopyTo(both[(destinationGroup.Length + 1)..]);
        return names.Get(both[..(destinationGroup.Length + 1 + shortName.Length)]);
    }

    /// <summary>The member that is called so: of the own group, or of another one, whose name then stands before it; null when it is none.</summary>
    /// <param name="find">A member by group and name.</param>
    /// <param name="group">The group of the source.</param>
    /// <param name="name">The destination.</param>
    public static Member? FindMember(Func<string, string, Member?> find, string group, string name)
    {
        Member? member = find(group, name);
        for (int slash = name.IndexOf('/', StringComparison.Ordinal); member is null && slash >= 0; slash = name.IndexOf('/', slash + 1))
            member = find(name[..slash], name[(slash + 1)..]);
        return member;
    }
}
