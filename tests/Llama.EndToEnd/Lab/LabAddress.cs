namespace Llama.EndToEnd.Lab;

/// <summary>
/// Who has which address, in both families. Sites have networks, 10.1.0.0/24 and fd00:1::/64 for A, with the router at 1 and the host
/// at 2. Each path has a network too, with the router of the earlier site at 1 and that of the later one at 2; a detour has two, one
/// on each side, with the router between at 9.
/// </summary>
internal static class LabAddress
{
    private const int DetourRouter = 9;

    public static string Network(int site, bool six) => six ? $"fd00:{site + 1}::/64" : $"10.{site + 1}.0.0/24";

    public static string Router(int site, bool six) => six ? $"fd00:{site + 1}::1" : $"10.{site + 1}.0.1";

    public static string Host(int site, bool six) => six ? $"fd00:{site + 1}::2" : $"10.{site + 1}.0.2";

    /// <summary>The address of a router on a path to another site, or on its detour.</summary>
    public static string OnPath(int site, int other, int path, bool detour, bool six) =>
        Link(site, other, path, detour, site < other ? 1 : 2, six);

    /// <summary>The address of the router in the middle of a detour, on the side of a site.</summary>
    public static string OnDetour(int site, int other, int path, bool six) => Link(site, other, path, detour: true, DetourRouter, six);

    /// <summary>What a router sends to in order to reach another site by a path.</summary>
    public static string NextHop(int site, int other, int path, bool detour, bool six) =>
        detour ? OnDetour(site, other, path, six) : OnPath(other, site, path, detour: false, six);

    private static string Link(int site, int other, int path, bool detour, int end, bool six)
    {
        (int low, int high) = (Math.Min(site, other), Math.Max(site, other));
        int network = detour ? 100 + 2 * path + (site < other ? 0 : 1) : path;
        return six ? $"fd00:{100 + 10 * low + high}:{network}::{end}" : $"10.{100 + 10 * low + high}.{network}.{end}";
    }
}
