namespace Llama.Storage.Registry;

/// <summary>
/// Where registrations outlive the process: a durable map from group and name to a document that it does not look into. One
/// writer at a time; what a call returned from survives the end of the process at any point after it. A call may hold its thread
/// while the disk works.
/// </summary>
public interface IRegistryStore : IAsyncDisposable
{
    /// <summary>All that is stored.</summary>
    Task<IReadOnlyList<StoredRegistration>> LoadAsync(CancellationToken cancellation);

    /// <summary>Makes changes durable, all of them or none. The last change of a key counts.</summary>
    /// <exception cref="IOException">It can't be written, such as when the disk is full; the message says what to do.</exception>
    Task CommitAsync(IReadOnlyList<RegistryChange> changes, CancellationToken cancellation);

    /// <summary>
    /// Notes when members were last heard of, so that a lease goes on after a restart where it was. What is not stored is passed over.
    /// </summary>
    /// <exception cref="IOException">It can't be written.</exception>
    Task RecordRenewalsAsync(IReadOnlyList<Renewal> renewals, CancellationToken cancellation);
}

/// <summary>What a registration is found by.</summary>
public readonly record struct RegistryKey(string Group, string Name);

/// <summary>A stored registration.</summary>
/// <param name="Key">Whose.</param>
/// <param name="Document">UTF-8 JSON that only the writer understands.</param>
/// <param name="RenewedAt">When it was last heard of, by the wall clock.</param>
public sealed record StoredRegistration(RegistryKey Key, ReadOnlyMemory<byte> Document, DateTimeOffset RenewedAt);

/// <summary>A registration that is new or another, or that is gone.</summary>
/// <param name="Key">Whose.</param>
/// <param name="Now">What it is now; null when it is gone.</param>
public sealed record RegistryChange(RegistryKey Key, StoredRegistration? Now);

/// <summary>A member was heard of.</summary>
public readonly record struct Renewal(RegistryKey Key, DateTimeOffset RenewedAt);
