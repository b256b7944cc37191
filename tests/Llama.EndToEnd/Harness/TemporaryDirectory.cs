namespace Llama.EndToEnd.Harness;

/// <summary>A directory that is gone when the test is.</summary>
internal sealed class TemporaryDirectory : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("llama-test-");

    public string FullName => _directory.FullName;

    public string Write(string name, string text)
    {
        string path = Path.Combine(FullName, name);
        File.WriteAllText(path, text);
        return path;
    }

    public void Dispose() => _directory.Delete(recursive: true);
}
