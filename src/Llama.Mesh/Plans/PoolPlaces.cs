using Llama.Mesh.Membership;

namespace Llama.Mesh.Plans;

/// <summary>Where in a pool each name stands.</summary>
internal static class PoolPlaces
{
    public static Dictionary<string, int> Of(Registration[] pool)
    {
        var places = new Dictionary<string, int>(pool.Length, StringComparer.Ordinal);
        for (int i = 0; i < pool.Length; i++)
            places.Add(pool[i].Name, i);
        return places;
    }
}
