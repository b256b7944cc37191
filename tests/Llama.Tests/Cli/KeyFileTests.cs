using Llama.Cli;
using Llama.Cli.Settings;

namespace Llama.Tests.Cli;

public sealed class KeyFileTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("llama-key-").FullName;
    private readonly Stage _stage = new();

    [Theory]
    [InlineData("secret", "secret")]
    [InlineData("secret\n", "secret")]
    [InlineData("secret\r\n", "secret")]
    [InlineData("secret\n\n", "secret\n")]
    [InlineData(" secret ", " secret ")]
    public void The_key_is_the_file_less_one_newline(string content, string key)
    {
        string path = Write(content);
        Assert.Equal(System.Text.Encoding.UTF8.GetBytes(key), KeyFile.Read(path, _stage.Surroundings.Log).ToArray());
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n")]
    public void An_empty_key_is_refused(string content) =>
        Assert.Contains("is empty", Assert.Throws<Failure>(() => KeyFile.Read(Write(content), _stage.Surroundings.Log)).Message, StringComparison.Ordinal);

    [Fact]
    public void No_file_is_no_key() => Assert.True(KeyFile.Read(null, _stage.Surroundings.Log).IsEmpty);

    [SkippableFact]
    public void A_key_that_every_user_can_read_is_warned_of()
    {
        if (OperatingSystem.IsWindows()) throw new SkipException("needs POSIX file modes");
        string path = Write("secret");
        KeyFile.Read(path, _stage.Surroundings.Log);
        Assert.Empty(_stage.Error);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.OtherRead);
        KeyFile.Read(path, _stage.Surroundings.Log);
        Assert.Contains("chmod o-r", _stage.Error, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private string Write(string content)
    {
        string path = Path.Combine(_directory, "key");
        File.WriteAllText(path, content);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return path;
    }
}
