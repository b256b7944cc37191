namespace Llama.EndToEnd.Harness;

/// <summary>One line of a fixture under wire/: name=value words, and the datagram in the last column.</summary>
/// <param name="Name">What the line is called.</param>
/// <param name="Words">Its name=value words.</param>
/// <param name="Hex">The datagram as it is written.</param>
internal sealed record WireFixture(string Name, IReadOnlyDictionary<string, string> Words, string Hex)
{
    public byte[] Bytes => ToBytes(Hex);

    public static byte[] ToBytes(string hex) => hex == "-" ? [] : Convert.FromHexString(hex);

    public byte Octet(string word) => Convert.ToByte(Words[word], 16);

    public static IReadOnlyList<WireFixture> Read(string file)
    {
        var lines = new List<WireFixture>();
        foreach (string line in File.ReadLines(Repository.Fixture($"wire/{file}")))
        {
            if (line.Length == 0 || line[0] == '#') continue;
            string[] columns = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            Dictionary<string, string> words = columns[..^1]
                .Select(column => column.Split('=', 2))
                .Where(pair => pair.Length == 2)
                .ToDictionary(pair => pair[0], pair => pair[1]);
            lines.Add(new WireFixture(words.GetValueOrDefault("name", columns[0]), words, columns[^1]));
        }

        return lines;
    }
}
