using System.Net;
using Llama.Mesh.Membership;
using Llama.Server.Discovery;
using Llama.Tests.Storage;

namespace Llama.Tests.Server.Discovery;

/// <summary>A registry with a store in memory and a clock that the test moves.</summary>
internal sealed class Joining : IAsyncDisposable
{
    private readonly List<string> _warnings = [];

    private Joining(MemoryRegistryStore store, FakeTime time, RegistryOptions options)
    {
        Store = store;
        Time = time;
        Registry = new Registry(store, options with { Warn = Warn }, time);
    }

    public MemoryRegistryStore Store { get; }

    public FakeTime Time { get; }

    public Registry Registry { get; }

    public IReadOnlyList<string> Warnings
    {
        get
        {
            lock (_warnings) return [.. _warnings];
        }
    }

    /// <summary>The names of a group's members, in order.</summary>
    public IEnumerable<string> Names(string group = "g") => Registry.Find(group)?.Members.Select(member => member.Registration.Name) ?? [];

    public static async Task<Joining> StartAsync(MemoryRegistryStore? store = null, FakeTime? time = null, RegistryOptions? options = null)
    {
        var joining = new Joining(store ?? new MemoryRegistryStore(), time ?? new FakeTime(), options ?? new RegistryOptions());
        await joining.Registry.StartAsync(CancellationToken.None);
        return joining;
    }

    /// <summary>What a probe says; a v1 probe where it has no instance.</summary>
    public static Registration Probe(
        string name, string address = "10.0.0.1", int port = 8100, string? instance = null, double keepaliveSeconds = 90, string group = "g",
        params (string Key, string Value)[] tags) => new()
        {
            Group = group,
            Name = name,
            FullName = name,
            Address = IPAddress.Parse(address),
            Port = port,
            Keepalive = TimeSpan.FromSeconds(keepaliveSeconds),
            Instance = instance,
            Tags = [.. tags.Select(tag => KeyValuePair.Create(tag.Key, tag.Value))],
        };

    public async Task<RegisterReply> RegisterAsync(Registration registration) =>
        await Registry.RegisterAsync(registration, CancellationToken.None).AsTask().WaitAsync(TimeSpan.FromMinutes(2));

    public void Pass(double seconds) => Time.Pass(TimeSpan.FromSeconds(seconds));

    /// <summary>Waits until something that goes on in the background has come about.</summary>
    public static Task UntilAsync(Func<bool> condition) => UntilAsync(() => Task.FromResult(condition()));

    /// <inheritdoc cref="UntilAsync(Func{bool})"/>
    public static async Task UntilAsync(Func<Task<bool>> condition)
    {
        for (int i = 0; i < 12_000; i++)
        {
            if (await condition()) return;
            await Task.Delay(10);
        }

        Assert.Fail("It has not come about.");
    }

    public ValueTask DisposeAsync() => Registry.DisposeAsync();

    private void Warn(string text)
    {
        lock (_warnings) _warnings.Add(text);
    }
}
