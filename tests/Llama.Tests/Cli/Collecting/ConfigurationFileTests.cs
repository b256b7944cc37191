using Llama.Cli.Collecting;

namespace Llama.Tests.Cli.Collecting;

public sealed class ConfigurationFileTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("llama-config-").FullName;
    private int _writes;

    [Fact]
    public void A_change_is_seen_once_it_has_settled()
    {
        ConfigurationFile file = Open(Write("one", "a: 1"));
        Assert.False(file.HasChanged());
        Write("one", "a: 2");
        Assert.False(file.HasChanged());
        Assert.True(file.HasChanged());
    }

    [Fact]
    public void A_file_that_is_still_being_written_is_left_alone()
    {
        ConfigurationFile file = Open(Write("one", "a: 1"));
        for (int i = 0; i < 5; i++)
        {
            Write("one", $"a: {new string('x', i)}");
            Assert.False(file.HasChanged());
        }

        Assert.True(file.HasChanged());
    }

    [Fact]
    public void Touching_a_file_is_no_change()
    {
        ConfigurationFile file = Open(Write("one", "a: 1"));
        Write("one", "a: 1");
        Assert.False(file.HasChanged());
        Assert.False(file.HasChanged());
    }

    [Fact]
    public void A_renamed_file_is_a_change()
    {
        string path = Write("one", "a: 1");
        ConfigurationFile file = Open(path);
        File.Move(Write("two", "a: 2"), path, overwrite: true);
        Assert.False(file.HasChanged());
        Assert.True(file.HasChanged());
    }

    [SkippableFact]
    public void A_turned_directory_link_is_a_change_as_kubernetes_makes_it()
    {
        Skip.If(OperatingSystem.IsWindows(), "needs symbolic links");
        Directory.CreateDirectory(Path.Combine(_directory, "v1"));
        Directory.CreateDirectory(Path.Combine(_directory, "v2"));
        Write("v1/config.yaml", "a: 1");
        Write("v2/config.yaml", "a: 2");
        string data = Path.Combine(_directory, "..data");
        string path = Path.Combine(_directory, "config.yaml");
        Directory.CreateSymbolicLink(data, "v1");
        File.CreateSymbolicLink(path, "..data/config.yaml");
        ConfigurationFile file = Open(path);
        Directory.Delete(data);
        Directory.CreateSymbolicLink(data, "v2");
        Assert.False(file.HasChanged());
        Assert.True(file.HasChanged());
    }

    [Fact]
    public void A_file_that_vanishes_is_a_change_that_can_not_be_read()
    {
        string path = Write("one", "a: 1");
        ConfigurationFile file = Open(path);
        File.Delete(path);
        Assert.False(file.HasChanged());
        Assert.True(file.HasChanged());
        Assert.Equal($"{path}: can't be read: there is no such file", Assert.Single(file.Read().Errors).ToString());
        Assert.False(file.HasChanged());
        Write("one", "a: 1");
        Assert.False(file.HasChanged());
        Assert.True(file.HasChanged());
    }

    [Fact]
    public void The_built_in_configuration_never_changes()
    {
        var file = new ConfigurationFile(null, 8100);
        Assert.False(file.HasChanged());
        Assert.False(file.IsReloadable);
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private static ConfigurationFile Open(string path)
    {
        var file = new ConfigurationFile(path, 8100);
        _ = file.Read();
        return file;
    }

    // Each write gets a time of its own: real ones can fall into one tick of the file system's clock.
    private string Write(string name, string text)
    {
        string path = Path.Combine(_directory, name);
        File.WriteAllText(path, text);
        File.SetLastWriteTimeUtc(path, new DateTimeOffset(2026, 1, 1, 0, 0, ++_writes, TimeSpan.Zero).UtcDateTime);
        return path;
    }
}
