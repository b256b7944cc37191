using System.Globalization;

namespace Llama.EndToEnd.Page;

/// <summary>A mesh too large to read cell by cell: what each pair loses follows from its names. One destination is bad, and one pair to it worst.</summary>
internal sealed class LargeMesh
{
    private const string Group = "large";
    private const int Size = 300;
    private const int Sent = 200;
    private const int BadPlace = 37, WorstPlace = 211;

    private LargeMesh() => Names = [.. Enumerable.Range(0, Size).Select(place => $"p{place:000}")];

    public IReadOnlyList<string> Names { get; }

    public string BadDestination => Names[BadPlace];

    public (string Source, string Destination) Worst => (Names[WorstPlace], BadDestination);

    /// <summary>Pushes an interval of every source.</summary>
    public static async Task<LargeMesh> PushAsync(MadeUpServer made)
    {
        var mesh = new LargeMesh();
        await made.JoinAsync(Group, mesh.Names, name => TagsOf(PlaceOf(name)));
        DateTimeOffset start = MadeUpServer.LastEnd(MadeUpServer.LongInterval) - MadeUpServer.LongInterval;
        await Parallel.ForEachAsync(mesh.Names, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (source, _) => await made.PushAsync(
            Group,
            source,
            start,
            MadeUpServer.LongInterval,
            mesh.Names.Where(destination => LossOf(source, destination) is not null)
                .Select(destination => new MadeUpPair(destination, Sent, LostOf(source, destination)))));
        return mesh;
    }

    /// <summary>What a pair loses; null where nobody measures it.</summary>
    public static double? LossOf(string source, string destination)
    {
        int from = PlaceOf(source), to = PlaceOf(destination);
        return from == to || (from + to * 7) % 97 == 0 && to != BadPlace ? null : (double)LostOf(source, destination) / Sent;
    }

    private static int LostOf(string source, string destination)
    {
        int from = PlaceOf(source), to = PlaceOf(destination);
        return (from, to) is (WorstPlace, BadPlace) ? 190 : to == BadPlace ? 20 + from % 40 : (from * 31 + to * 17) % 251 == 0 ? 1 : 0;
    }

    private static int PlaceOf(string name) => int.Parse(name.AsSpan(1), CultureInfo.InvariantCulture);

    private static Dictionary<string, string> TagsOf(int place)
    {
        string region = ((string[])["eu", "us", "ap", "sa"])[place % 4];
        return new() { ["region"] = region, ["site"] = $"{region}{place / 4 % 6}" };
    }
}
