namespace Llama.Tests.Wire.Datagrams;

/// <summary>One captured datagram: fixtures/wire/*.hex holds name=value columns, and the datagram as hex in the last one.</summary>
internal sealed class WireCapture
{
    private readonly Dictionary<string, string> _columns = [];

    private WireCapture(string line, string signature)
    {
        string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        foreach (string word in words[..^1])
        {
            int equals = word.IndexOf('=', StringComparison.Ordinal);
            _columns[word[..equals]] = word[(equals + 1)..];
        }

        Datagram = Bytes(words[^1].Replace("SIG", signature, StringComparison.Ordinal));
    }

    public static string Folder { get; } = Path.Combine(AppContext.BaseDirectory, "fixtures", "wire");

    public byte[] Datagram { get; }

    public string this[string column] => _columns[column];

    /// <summary>The datagrams of a file.</summary>
    /// <param name="file">Its name.</param>
    /// <param name="signature">What stands for SIG, 20 hex digits.</param>
    public static IEnumerable<WireCapture> Read(string file, string signature = "") =>
        File.ReadLines(Path.Combine(Folder, file))
            .Where(line => line.Length > 0 && line[0] != '#')
            .Select(line => new WireCapture(line, signature));

    public static byte[] Bytes(string hex) => hex == "-" ? [] : Convert.FromHexString(hex);
}
