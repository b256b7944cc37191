using System.Net;
using System.Net.Sockets;
using Llama.Engine;

namespace Llama.Cli.Ping;

/// <summary>Finds the addresses of targets: all names at once, within a time limit.</summary>
internal static class TargetLookup
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(4);

    /// <summary>The targets for the engine, in the order given, each address and port once.</summary>
    /// <param name="options">Targets, source and family.</param>
    /// <param name="lookup">Asks for the addresses of a name.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="Failure">Some have no address that can be used; it names all of them.</exception>
    public static async Task<IReadOnlyList<Target>> ResolveAsync(
        PingOptions options, Func<string, CancellationToken, Task<IPAddress[]>> lookup, CancellationToken cancellation)
    {
        AddressFamily? family = options.Family ?? options.Source?.AddressFamily;
        (Target? Target, string? Problem)[] answers = await Task
            .WhenAll(options.Targets.Select(target => ResolveAsync(target, family, lookup, cancellation))).ConfigureAwait(false);
        string[] problems = [.. answers.Select(answer => answer.Problem).OfType<string>()];
        return problems.Length > 0
            ? throw new Failure(string.Join('\n', problems))
            : [.. answers.Select(answer => answer.Target!).DistinctBy(target => target.EndPoint)];
    }

    private static async Task<(Target? Target, string? Problem)> ResolveAsync(
        PingTarget target, AddressFamily? family, Func<string, CancellationToken, Task<IPAddress[]>> lookup, CancellationToken cancellation)
    {
        IPAddress[] addresses;
        try
        {
            addresses = target.Address is { } known ? [known] : await lookup(target.Host, cancellation).WaitAsync(Limit, cancellation).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return (null, $"{target}: no answer from the resolver in {Limit.TotalSeconds:0} s; check the name, or give an address");
        }
        catch (Exception error) when (error is SocketException or ArgumentException)
        {
            return (null, $"{target}: {error.Message}; check the name, or give an address");
        }

        // IPv4 first, as the collector has it.
        IPAddress? address = addresses
            .Where(each => family is null || each.AddressFamily == family)
            .OrderBy(each => each.AddressFamily == AddressFamily.InterNetwork ? 0 : 1)
            .FirstOrDefault();
        string wanted = family == AddressFamily.InterNetworkV6 ? "IPv6" : "IPv4";
        return address is null
            ? (null, $"{target}: has no {wanted} address, which -4, -6 or --source ask for")
            : (new Target { Host = target.Host, EndPoint = new IPEndPoint(address, target.Port) }, null);
    }
}
