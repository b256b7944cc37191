using System.Threading.Channels;
using Llama.Server.Discovery;
using Llama.Server.Joining;
using Llama.Server.Scraping;
using Llama.Tests.Cli.Joining;
using Llama.Tests.Server.Discovery.Native;

namespace Llama.Tests.Server.Scraping;

/// <summary>Where collectors come from.</summary>
public sealed class CollectorListTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("llama-scraper-");
    private readonly CancellationTokenSource _ending = new();
    private readonly List<string> _said = [];

    public void Dispose()
    {
        _ending.Cancel();
        _ending.Dispose();
        _directory.Delete(recursive: true);
    }

    [Fact]
    public async Task A_file_is_followed_once_it_has_stopped_changing_and_mistakes_leave_the_list_in_force()
    {
        string file = Path.Combine(_directory.FullName, "collectors.txt");
        await File.WriteAllTextAsync(file, "a,b\n");
        var time = new FakeTime();
        ChannelReader<string> lists = Follow(CollectorLists.InFile(file, 5000, time, _said.Add, _ending.Token));
        Assert.Equal("a:5000 b:5000", await lists.ReadAsync());

        await File.WriteAllTextAsync(file, "a,b c");
        await PassAsync(time, () => _said.Count > 0);
        Assert.Equal([$"{file}: 'b c' is no collector: give HOST, HOST:PORT or [IPV6]:PORT; goes on with the collectors it had"], _said);
        File.Delete(file);
        await PassAsync(time, () => _said.Count > 1);
        await File.WriteAllTextAsync(file, "a,c:1");
        await PassAsync(time, () => lists.TryPeek(out _));

        Assert.Equal("a:5000 c:1", await lists.ReadAsync());
        Assert.Equal(2, _said.Count);
    }

    [Fact]
    public async Task A_file_that_is_not_there_at_the_start_is_an_error() => await Assert.ThrowsAsync<FileNotFoundException>(async () =>
    {
        await foreach (IReadOnlyList<CollectorEntry> list in CollectorLists.InFile(Path.Combine(_directory.FullName, "none"), 1, new FakeTime(), _said.Add)) Assert.Empty(list);
    });

    [Fact]
    public async Task Probes_of_a_server_are_followed_as_they_come_change_and_go()
    {
        await using NativeServer server = await NativeServer.StartAsync();
        await server.JoinAsync("ams1", "wan", tags: """{"region":"west"}""", address: "192.0.2.1");
        await server.JoinAsync("x", "lab", address: "2001:db8::7");
        using var all = new ServerList(Client(server), Options());
        using var one = new ServerList(Client(server), Options() with { Group = "wan" });
        ChannelReader<string> lists = Follow(all.FollowAsync(_ending.Token)), ofWan = Follow(one.FollowAsync(_ending.Token));

        Assert.Equal("lab/x@[2001:db8::7]:8100 wan/ams1@192.0.2.1:8100{region=west}", await lists.ReadAsync());
        Assert.Equal("wan/ams1@192.0.2.1:8100{region=west}", await ofWan.ReadAsync());
        await server.SendAsync("DELETE", "/api/v2/groups/wan/probes/ams1");
        await PassAsync(server.Time, () => lists.TryPeek(out _) && ofWan.TryPeek(out _));

        Assert.Equal("lab/x@[2001:db8::7]:8100", await lists.ReadAsync());
        Assert.Equal("", await ofWan.ReadAsync());
        Assert.Empty(_said);
    }

    [Fact]
    public async Task More_probes_than_fit_on_a_page_are_all_there()
    {
        await using NativeServer server = await NativeServer.StartAsync(new DiscoveryOptions { RegistrationsPerSecondPerSource = null });
        for (int i = 0; i < 1001; i++) await server.JoinAsync($"p{i}");
        using var all = new ServerList(Client(server), Options());

        Assert.Equal(1001, (await Follow(all.FollowAsync(_ending.Token)).ReadAsync()).Split(' ').Length);
    }

    [Fact]
    public async Task A_server_of_the_originals_kind_tells_addresses_and_one_that_is_away_changes_nothing()
    {
        var time = new FakeTime();
        string hosts = "\n192.0.2.1,192.0.2.2";
        using var server = new ScriptedServer(time) { IsOriginal = true };
        server.Instead = asked => asked.Path == "/api/v1/scraper" ? ScriptedServer.Reply(System.Net.HttpStatusCode.OK, hosts, "text/html") : null;
        using var list = new ServerList(new DiscoveryClientOptions { Servers = [new Uri("http://server:5000")], Handler = server, Time = time }, Options());
        ChannelReader<string> lists = Follow(list.FollowAsync(_ending.Token));
        Assert.Equal("192.0.2.1:8100 192.0.2.2:8100", await lists.ReadAsync());

        server.IsAway = true;
        await PassAsync(time, () => _said.Count > 0);
        server.IsAway = false;
        hosts = "\n192.0.2.2,192.0.2.3";
        await PassAsync(time, () => lists.TryPeek(out _));

        Assert.Equal("192.0.2.2:8100 192.0.2.3:8100", await lists.ReadAsync());
        Assert.Equal("http://server:5000: http://server:5000: refused; goes on with the collectors it had", _said[0].Replace("Connection refused", "refused", StringComparison.Ordinal));
        Assert.Equal("http://server:5000: the server answers again", _said[1]);
    }

    [Theory]
    [InlineData("<html>")]
    [InlineData("{}")]
    [InlineData("""{"events":[],"next":5}""")]
    [InlineData("""{"events":[],"next":"x","probes":[{"address":"nobody","port":1,"group":"g","name":"n","tags":{}}]}""")]
    [InlineData("""{"events":[],"next":null,"probes":[{"address":"192.0.2.1","port":0,"group":"g","name":"n","tags":{}}]}""")]
    public async Task What_a_server_says_that_makes_no_sense_ends_nothing(string body)
    {
        var time = new FakeTime();
        string answer = body;
        using var server = new ScriptedServer(time);
        server.Instead = _ => ScriptedServer.Reply(System.Net.HttpStatusCode.OK, answer);
        using var list = new ServerList(new DiscoveryClientOptions { Servers = [new Uri("http://server:5000")], Handler = server, Time = time }, Options());
        ChannelReader<string> lists = Follow(list.FollowAsync(_ending.Token));
        await PassAsync(time, () => _said.Count > 0);
        answer = """{"events":[],"next":null,"probes":[]}""";
        await PassAsync(time, () => lists.TryPeek(out _));

        Assert.Equal("", await lists.ReadAsync());
        Assert.Contains("its list of collectors makes no sense", _said[0], StringComparison.Ordinal);
    }

    private ServerListOptions Options() => new() { Inform = Say, Warn = Say };

    private static DiscoveryClientOptions Client(NativeServer server) => new() { Servers = [new Uri(server.Address)], Time = server.Time };

    private void Say(string line)
    {
        lock (_said) _said.Add(line);
    }

    /// <summary>Each list as a line: NAME@ADDRESS{TAGS} of each collector.</summary>
    private ChannelReader<string> Follow(IAsyncEnumerable<IReadOnlyList<CollectorEntry>> lists)
    {
        var lines = Channel.CreateUnbounded<string>();
        CancellationToken cancellation = _ending.Token;
        _ = Task.Run(
            async () =>
            {
                await foreach (IReadOnlyList<CollectorEntry> list in lists.WithCancellation(cancellation)) await lines.Writer.WriteAsync(string.Join(' ', list.Select(Text)), cancellation);
            },
            cancellation);
        return lines.Reader;

        static string Text(CollectorEntry entry)
        {
            string tags = string.Join(',', entry.Tags.Select(tag => $"{tag.Key}={tag.Value}"));
            return $"{(entry.Name is null ? "" : entry.Name + "@")}{entry.Address}{(tags.Length > 0 ? $"{{{tags}}}" : "")}";
        }
    }

    private static async Task PassAsync(FakeTime time, Func<bool> until)
    {
        for (int i = 0; !until(); i++)
        {
            Assert.True(i < 2000, "It never came.");
            await Task.Run(() => time.Pass(TimeSpan.FromMilliseconds(500)));
            await Task.Delay(5);
        }
    }
}
